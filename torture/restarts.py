"""A rolling restart under load: two processes behind a balancer are stopped and started, one after the other."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.servers import Postgres15
from torture.asking import QuestionOutcomes, asking
from torture.balancer import balancing
from torture.bookkeeping import Balance, balance
from torture.client import Ledger, posting
from torture.findings import Finding
from torture.people import recorded_person, signed_in
from torture.service import Service, running

ROUNDS = 3
_STOP_DELAY = "1"
"""Seconds that a process goes on after SIGTERM: time enough for the balancer to notice."""


@dataclass(frozen=True, slots=True)
class Restarts:
    """The observations: `codes` are the exit codes of the processes."""

    codes: list[int]
    ledger: Ledger
    asked: QuestionOutcomes
    balance: Balance

    @property
    def failed(self) -> int:
        """The number of requests that got no answer, or another than they should."""
        ledger, asked = self.ledger, self.asked
        posts = ledger.answers.total() - ledger.answers[httpx.codes.CREATED]
        return posts + asked.answers.total() - asked.answers["OK"]

    @property
    def findings(self) -> list[Finding]:
        """The promises, and whether they were kept."""
        ledger = self.ledger
        requests = ledger.answers.total() + self.asked.answers.total()
        return [
            Finding(
                f"two processes behind a balancer restarted in turn (SIGTERM) under load, {len(self.codes)} restarts",
                "not one request lost or failed",
                f"{requests:,} requests, {self.failed} failed; the slowest post took "
                f"{ledger.slowest[httpx.codes.CREATED]:.1f} s; {ledger.events:,} events acknowledged: {self.balance}",
                not self.broken,
            )
        ]

    @property
    def broken(self) -> list[str]:
        """The promises that were broken."""
        wrong = {
            "requests failed": self.failed > 0,
            "events": not self.balance.is_even or not self.ledger.events,
            "a process did not stop well": any(self.codes),
        }
        return [name for name, is_wrong in wrong.items() if is_wrong]


async def restarts(server: Postgres15, folder: Path, rounds: int = ROUNDS) -> Restarts:
    """Restart each of two processes so often."""
    ledger, asked, codes = Ledger(), QuestionOutcomes(), list[int]()
    options = {"STOP_DELAY_SECONDS": _STOP_DELAY}
    async with running(folder, server.url, **options) as one, running(folder, server.url, **options) as two:
        key, token = await recorded_person(one.url), await signed_in(one.url)
        async with (
            balancing([one, two]) as balancer,
            posting(balancer.url, ledger, key),
            asking(balancer.url, token, asked),
        ):
            codes.extend([await _restart(service) for service in [one, two] * rounds])
    return Restarts(codes, ledger, asked, await balance(server.url, [ledger]))


async def _restart(service: Service) -> int:
    """Restart a process; return its exit code."""
    await asyncio.sleep(1)
    code = await service.stop()
    service.start()
    await service.ready()
    await asyncio.sleep(1)
    return code
