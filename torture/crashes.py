"""`kill -9` of the service under load, again and again."""

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

from tests.servers import Postgres15
from torture.bookkeeping import Balance, balance
from torture.client import CUT_OFF, Ledger, posting
from torture.findings import Finding
from torture.people import recorded_person
from torture.service import Service, running

ROUNDS = 50
_LONGEST_LIFE = 1.0
"""How long a process serves before it is killed, at the most; it is killed at any moment until then."""


@dataclass(frozen=True, slots=True)
class Crashes:
    """The observations of an experiment with crashes."""

    rounds: int
    ledger: Ledger
    balance: Balance

    @property
    def cut_off(self) -> int:
        """The number of requests that were being answered when the service was killed."""
        return self.ledger.answers[CUT_OFF]

    @property
    def findings(self) -> list[Finding]:
        """The promises, and whether they were kept."""
        ledger = self.ledger
        return [
            Finding(
                f"the service killed (`kill -9`) under load, {self.rounds} rounds",
                "what got a 201 is there exactly once; a client that retries ends with every event exactly once",
                f"{ledger.events:,} events acknowledged, {self.cut_off:,} requests cut off: {self.balance}",
                self.balance.is_even and not ledger.faults and self.cut_off > 0,
            )
        ]


async def crashes(server: Postgres15, folder: Path, rounds: int = ROUNDS) -> Crashes:
    """Kill the service so often."""
    ledger, chance = Ledger(), random.Random(11)  # noqa: S311 - moments, no secrets
    async with running(folder, server.url) as service:
        key = await recorded_person(service.url)
        async with posting(service.url, ledger, key):
            for _ in range(rounds):
                await _one_life(service, ledger, chance.uniform(0, _LONGEST_LIFE))
                service.kill()
                service.start()
            await service.ready()
    return Crashes(rounds, ledger, await balance(server.url, [ledger]))


async def _one_life(service: Service, ledger: Ledger, seconds: float) -> None:
    await service.ready()
    stored = len(ledger.acknowledged)
    while len(ledger.acknowledged) == stored:  # noqa: ASYNC110 - clients come back when they do
        await asyncio.sleep(0.01)
    await asyncio.sleep(seconds)
