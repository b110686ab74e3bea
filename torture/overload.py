"""Four times as much as the service can do, for a minute."""

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import asyncpg

from tests.servers import Postgres15
from torture.client import BATCH, new_parcel
from torture.findings import Finding
from torture.http import client
from torture.load import EVENTS, LoadOutcomes
from torture.memory import memory_watched
from torture.service import Service, running

TIMES = 4
SECONDS = 60.0
LONGEST_ACCEPTED = 5.0
LONGEST_RECOVERY = 10.0
MOST_MEMORY_MIB = 512
_FIRST_RATE, _STEP = 100.0, 1.4
_SUSTAINED_SECONDS = 1.0
"""How long the slowest in a hundred may take where a rate is sustainable."""
_QUICK_SECONDS, _NORMAL_SECONDS = 0.5, 2.0
"""An answer is quick within the first; the service is normal once all are quick for the second."""
_URLS = "https://torture.example/load/%"
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Overload:
    """The observations: rates in requests a second, times in seconds, memory of the service in MiB."""

    sustainable: float
    seconds: float
    outcome: LoadOutcomes
    memory_before: float
    memory_peak: float
    recovery: float
    lost: int
    halved: int

    @property
    def p99(self) -> float:
        """The 99th percentile of the times of accepted requests."""
        return _p99(self.outcome.seconds)

    @property
    def findings(self) -> list[Finding]:
        """The promises, and whether they were kept."""
        outcome = self.outcome
        return [
            Finding(
                f"{TIMES} × the sustainable rate ({self.sustainable:,.0f} requests of {EVENTS} events a second) for "
                f"{self.seconds:g} s",
                "what is too much is refused with `Retry-After`; memory and the waiting of what is accepted are "
                f"bounded; back to normal within {LONGEST_RECOVERY:g} s",
                f"{len(outcome.acknowledged):,} requests accepted ({len(outcome.acknowledged) / self.seconds:,.0f} a "
                f"second), the slowest in a hundred after {self.p99:.1f} s; {outcome.refused:,} refused, the slowest "
                f"after {outcome.slowest_refusal:.1f} s; memory {self.memory_before:.0f} → {self.memory_peak:.0f} MiB "
                f"at most; normal after {self.recovery:.1f} s; {self.lost} events lost, {self.halved} requests stored "
                f"in part{_told(self.broken)}",
                not self.broken,
            )
        ]

    @property
    def broken(self) -> list[str]:
        """The promises that were broken."""
        outcome = self.outcome
        wrong = {
            "nothing was refused": not outcome.refused,
            "refused without saying when to come back": outcome.unfit > 0,
            f"no answer, or a wrong one: {dict(outcome.broken)}": outcome.broken.total() > 0,
            "what was accepted waited for long": self.p99 > LONGEST_ACCEPTED,
            "memory": self.memory_peak > MOST_MEMORY_MIB,
            "recovery was slow": self.recovery > LONGEST_RECOVERY,
            "events": self.lost + self.halved > 0,
        }
        return [name for name, is_wrong in wrong.items() if is_wrong]


async def overload(server: Postgres15, folder: Path, seconds: float = SECONDS, ramp_seconds: float = 3.0) -> Overload:
    """Find the highest rate that the service can do, and then exceed it."""
    async with running(folder, server.url) as service:
        sustainable, used = await _sustainable(service, ramp_seconds)
        async with memory_watched(service) as sizes:
            outcome = await _load(service, used, TIMES * sustainable, seconds)
            recovery = await _until_normal(service)
    lost, halved = await _compared(server.url, used, outcome)
    return Overload(sustainable, seconds, outcome, sizes[0] / _MIB, max(sizes) / _MIB, recovery, lost, halved)


async def _sustainable(service: Service, seconds: float) -> tuple[float, int]:
    """The highest rate at which nothing is refused and nobody waits, and how many requests it took to find it."""
    rate, sustained, used = _FIRST_RATE, _FIRST_RATE / _STEP, 0
    while True:
        outcome = await _load(service, used, rate, seconds)
        used += outcome.sent
        if outcome.refused or outcome.broken.total() or _p99(outcome.seconds) > _SUSTAINED_SECONDS:
            return sustained, used
        rate, sustained = rate * _STEP, rate


async def _load(service: Service, first: int, rate: float, seconds: float) -> LoadOutcomes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "torture.load", service.url, str(first), str(rate), str(seconds)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )
    output, _ = await process.communicate()
    found = json.loads(output)
    return LoadOutcomes(**found | {"broken": Counter(found["broken"])})


async def _until_normal(service: Service) -> float:
    """Return the seconds until one answer after the other is quick again."""
    began = time.monotonic()
    last_slow = began
    async with client(service.url, timeout=30) as http:
        while time.monotonic() - last_slow < _NORMAL_SECONDS:
            asked = time.monotonic()
            answer = await http.post(BATCH, json={"events": new_parcel(EVENTS).events})
            if not answer.is_success or time.monotonic() - asked > _QUICK_SECONDS:
                last_slow = time.monotonic()
    return last_slow - began


async def _compared(database_url: str, first: int, outcome: LoadOutcomes) -> tuple[int, int]:
    """Return the number of acknowledged events that are missing, and of requests of which a part is."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch("SELECT session_id, count(*) FROM behaviors WHERE url LIKE $1 GROUP BY 1", _URLS)
    finally:
        await connection.close()
    stored = {int(name.removeprefix("load-")): number for name, number in rows}
    lost = sum(EVENTS - stored.get(number, 0) for number in outcome.acknowledged)
    return lost, sum(events != EVENTS for number, events in stored.items() if number >= first)


def _p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[98] if len(seconds) > 1 else max(seconds, default=0.0)


def _told(broken: list[str]) -> str:
    return f"; not as promised: {', '.join(broken)}" if broken else ""
