"""Everything that can go wrong with PostgreSQL, while events are posted and questions asked."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.servers import Postgres15
from torture import postgres
from torture.asking import QuestionOutcomes, asking
from torture.bookkeeping import Balance, balance
from torture.client import Ledger, posting
from torture.findings import Finding
from torture.people import recorded_person, signed_in
from torture.service import running

LONGEST_REFUSAL = 5.0
LONGEST_RECOVERY = 5.0
_CONNECTIONS = 10 + 2 + 6
"""How many the service opens: DB_POOL_SIZE for answering, two for storing, six for background work."""
_PATIENCE_SECONDS = 60
_CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'web-behavior%'
"""

Trouble = Callable[[Postgres15], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Outage:
    """The observations of one kind of trouble. Seconds; `recovery` from its end to the last refusal."""

    name: str
    seconds: float
    ledger: Ledger
    asked: QuestionOutcomes
    recovery: float
    connections: dict[str, int]
    balance: Balance

    @property
    def findings(self) -> list[Finding]:
        """The promises, and whether they were kept."""
        ledger, asked = self.ledger, self.asked
        refusals = f"{ledger.refusals:,} refusals, the slowest after {ledger.slowest_refusal:.1f} s"
        return [
            Finding(
                f"PostgreSQL {self.name} for {self.seconds:g} s",
                "503 with `Retry-After` in under 5 s, no request stored in part, recovery within 5 s, no connection "
                "left behind",
                f"{refusals}; {ledger.events:,} events acknowledged: {self.balance}; recovered after "
                f"{self.recovery:.1f} s; GraphQL's slowest answer {asked.slowest:.1f} s, `/ready`'s "
                f"{asked.slowest_ready:.1f} s; {sum(self.connections.values())} connections afterwards",
                not self.broken,
            )
        ]

    @property
    def broken(self) -> list[str]:
        """The promises that were broken."""
        ledger, asked = self.ledger, self.asked
        wrong = {
            "nothing was refused": not ledger.refusals,
            "an answer that no client should get": bool(ledger.faults or asked.faults),
            "a refusal was slow": ledger.slowest_refusal > LONGEST_REFUSAL,
            "/ready was slow": asked.slowest_ready > LONGEST_REFUSAL,
            "recovery was slow": self.recovery > LONGEST_RECOVERY,
            "events": not self.balance.is_even,
            "connections": sum(self.connections.values()) > _CONNECTIONS or "idle in transaction" in self.connections,
        }
        return [name for name, is_wrong in wrong.items() if is_wrong]


async def outages(server: Postgres15, folder: Path, troubles: Mapping[str, Trouble], seconds: float) -> list[Outage]:
    """Make each trouble for so long, with one and the same process of the service."""
    found = []
    async with running(folder, server.url) as service:
        key, token = await recorded_person(service.url), await signed_in(service.url)
        ledgers: list[Ledger] = []
        for name, trouble in troubles.items():
            ledgers.append(Ledger())
            asked = QuestionOutcomes()
            async with posting(service.url, ledgers[-1], key), asking(service.url, token, asked):
                ended = await _endure(server, trouble, seconds)
                recovered = await _recovered(ledgers[-1], ended)
            recovery = max(ledgers[-1].last_refused, asked.last_refused, recovered) - ended
            connections, even = await postgres.connections(server), await balance(server.url, ledgers)
            found.append(Outage(name, seconds, ledgers[-1], asked, recovery, connections, even))
    return found


@asynccontextmanager
async def killed(server: Postgres15) -> AsyncIterator[None]:
    """`kill -9` of every process."""
    await asyncio.to_thread(postgres.kill, server)
    yield
    await asyncio.to_thread(server.start)


@asynccontextmanager
async def stopped(server: Postgres15) -> AsyncIterator[None]:
    """An orderly stop."""
    await asyncio.to_thread(postgres.stop, server)
    yield
    await asyncio.to_thread(server.start)


@asynccontextmanager
async def frozen(server: Postgres15) -> AsyncIterator[None]:
    """SIGSTOP to every process: connections stay, nothing answers."""
    postgres.freeze(server)
    yield
    postgres.thaw(server)


@asynccontextmanager
async def read_only(server: Postgres15) -> AsyncIterator[None]:
    """As after a failover that has left the service with the old primary."""
    await postgres.execute(server, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
    yield
    await postgres.execute(server, "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")


@asynccontextmanager
async def out_of_connections(server: Postgres15) -> AsyncIterator[None]:
    """Somebody else takes every connection there is, the service's own included."""
    async with AsyncExitStack() as held:
        first = await asyncpg.connect(server.url)
        held.push_async_callback(first.close)
        while await first.fetchval(_CUT):
            with suppress(asyncpg.TooManyConnectionsError):
                while True:
                    another = await asyncpg.connect(server.url)
                    held.push_async_callback(another.close)
        yield


@asynccontextmanager
async def out_of_disk(server: Postgres15) -> AsyncIterator[None]:
    """A full file system, by something beside the database."""
    await asyncio.to_thread(postgres.fill_disk, server)
    yield
    await asyncio.to_thread(postgres.free_disk, server)


@asynccontextmanager
async def out_of_disk_for_its_log(server: Postgres15) -> AsyncIterator[None]:
    """The same, and its log needs room: PostgreSQL crashes, and cannot start before there is some."""
    await asyncio.to_thread(postgres.fill_disk, server)
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        while True:
            await postgres.execute(server, "SELECT pg_current_xact_id()", "SELECT pg_switch_wal()")
    yield
    await asyncio.to_thread(postgres.free_disk, server)


TROUBLES: dict[str, Trouble] = {
    "killed (`kill -9`)": killed,
    "stopped": stopped,
    "made read-only": read_only,
    "out of connections": out_of_connections,
}


async def _endure(server: Postgres15, trouble: Trouble, seconds: float) -> float:
    """Return the time when the trouble was over."""
    await asyncio.sleep(1)
    async with trouble(server):
        await asyncio.sleep(seconds)
    return time.monotonic()


async def _recovered(ledger: Ledger, ended: float) -> float:
    """Return the time when events were stored again; it goes on for a while after that."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while ledger.last_acknowledged <= ended:  # noqa: ASYNC110 - clients come back when they do
            await asyncio.sleep(0.02)
    recovered = ledger.last_acknowledged
    await asyncio.sleep(1)
    return recovered
