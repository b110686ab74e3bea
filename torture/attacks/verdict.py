"""The observations of an attack and of the neighbour, and whether they are as promised."""

from collections import Counter
from dataclasses import dataclass

from torture.attacks.catalogue import Attack, Extent
from torture.attacks.neighbour import Samples
from torture.findings import Finding

SECTION = "Strangers"
LONGEST_HEALTH, LONGEST_POST = 1.0, 2.0
"""Of any look at `/health`, and of the slowest post in a hundred; in seconds."""
MOST_MEMORY_MIB = 200
MOST_LINES = 50
LONGEST_FREEING = 10.0
_MIB = 2**20
_PROMISE = (
    f"nobody else is refused; `/health` within {LONGEST_HEALTH:g} s, posts within {LONGEST_POST:g} s (the slowest in a "
    f"hundred); at most {MOST_MEMORY_MIB} MiB more, {MOST_LINES} lines logged; what is acknowledged is stored; "
    f"connections are freed within {LONGEST_FREEING:g} s"
)


@dataclass(frozen=True, slots=True)
class Siege:
    """The observations of a siege. Memory in bytes; `normal_after` and `freed_after` in seconds from the attack's end.

    `before` and `during` are the neighbour's requests. `worked` is in seconds of a processor, which tell more than the
    time on a machine that others use as well. `tables` and `lines` (of the log) were added meanwhile.
    """

    attack: Attack
    extent: Extent
    answers: Counter[str]
    seconds: float
    before: Samples
    during: Samples
    normal_after: float
    freed_after: float
    memory_before: int
    memory_peak: int
    worked: float
    lines: int
    tables: int
    lost: int

    @property
    def memory_mib(self) -> float:
        """The most memory that the service held beyond what it held before, in MiB."""
        return (self.memory_peak - self.memory_before) / _MIB

    @property
    def finding(self) -> Finding:
        """The promises, and whether they were kept."""
        attack, extent = self.attack, self.extent
        promised = f"{attack.promised}; {_PROMISE}" if attack.promised else _PROMISE
        broken = f"; not as promised: {', '.join(self.broken)}" if self.broken else ""
        done = attack.done.format(count=extent.count, seconds=extent.seconds)
        return Finding(done, promised, f"{self._seen}{broken}", not self.broken, SECTION)

    @property
    def broken(self) -> list[str]:
        """The promises that were broken."""
        wrong = {
            "`/health` was late": self.during.slowest("health") > LONGEST_HEALTH,
            "posts were late": self.during.p99("post") > LONGEST_POST,
        }
        return [*self.grave, *(name for name, is_wrong in wrong.items() if is_wrong)]

    @property
    def grave(self) -> list[str]:
        """The broken promises, except those that a busy machine may explain."""
        wrong = {
            "the attacker was answered otherwise": not self.attack.kept(self.answers),
            "the processor": self.worked > self.attack.longest_work * max(1, self.answers.total()),
            "the neighbour was refused": bool(self.during.refusals),
            "memory": self.memory_mib > MOST_MEMORY_MIB,
            "the log": self.lines > MOST_LINES,
            "events": self.lost > 0,
            "connections were not freed": self.freed_after > LONGEST_FREEING,
        }
        return [name for name, is_wrong in wrong.items() if is_wrong]

    @property
    def _seen(self) -> str:
        before, during = self.before, self.during
        refused = f" ({_counted(Counter(during.refusals))})" if during.refusals else ""
        posts = (
            f"{during.number('post')} posts took {during.p99('post'):.2f} s (before: {before.p99('post'):.2f} s), the "
            f"slowest {during.slowest('post'):.2f} s"
        )
        others = (
            f"`/health` {during.slowest('health'):.2f} s, `/ready` {during.slowest('ready'):.2f} s, questions "
            f"{during.slowest('question'):.2f} s at most"
        )
        return "; ".join(
            [
                f"in {self.seconds:.1f} s the attacker got {_counted(self.answers)}",
                f"the service took {self.worked:.1f} s of a processor",
                f"memory {self.memory_before / _MIB:.0f} → {self.memory_peak / _MIB:.0f} MiB",
                posts,
                others,
                f"{len(during.refusals)} of {len(during.samples)} requests refused{refused}",
                f"normal after {self.normal_after:.1f} s, connections freed after {self.freed_after:.1f} s",
                f"{self.lines} lines logged, {self.tables} tables made, {self.lost} events lost",
            ]
        )


def _counted(answers: Counter[str]) -> str:
    return ", ".join(f"{number:,} × {answer}" for answer, number in answers.most_common()) or "nothing"
