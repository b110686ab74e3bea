"""Monthly partitions of what hangs off time: made ahead of time, and on demand for any month an event lands in."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import now
from db.engine import Database

MONTHS_AHEAD = 3


def month_of(ts: datetime) -> date:
    """The first day of the (UTC) month that `ts` falls in."""
    return date(ts.year, ts.month, 1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


class Partitions:
    """Knows which months have a partition and makes those that lack one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[date] = set()

    async def ensure(self, months: Iterable[date]) -> None:
        """Make the partitions of these months unless they exist. Costs nothing for months seen before."""
        missing = sorted(set(months) - self._known)
        if not missing:
            return
        async with self._database.write() as connection:
            await create(connection, missing)
        self._known.update(missing)

    async def ensure_ahead(self) -> None:
        """Make the present month's partition and those of the months to come."""
        months = [month_of(now())]
        for _ in range(MONTHS_AHEAD):
            months.append(next_month(months[-1]))
        await self.ensure(months)

    def forget(self) -> None:
        """Look again next time: somebody dropped a partition."""
        self._known.clear()


async def create(connection: AsyncConnection, months: Iterable[date]) -> None:
    """Create the partitions of these months, where missing, in the connection's transaction.

    Attached rather than created in place: `CREATE TABLE … PARTITION OF` would lock out every reader of the table.
    """
    # The lock that ATTACH takes anyway: makers queue up behind one another, readers and writers pass. (Behind an
    # advisory lock a maker would still see the catalogue as it was before the wait, and make what it now has.)
    await connection.execute(text("LOCK TABLE behaviors IN SHARE UPDATE EXCLUSIVE MODE"))
    for month in months:
        for parent in ("behaviors", "runs", "hours"):
            await _create(connection, parent, month)


async def _create(connection: AsyncConnection, parent: str, month: date) -> None:
    name = f"{parent}_{month:%Y_%m}"
    if await connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
        return
    await connection.execute(text(f"CREATE TABLE {name} (LIKE {parent} INCLUDING DEFAULTS)"))
    await connection.execute(
        text(
            f"ALTER TABLE {parent} ATTACH PARTITION {name} "
            f"FOR VALUES FROM ('{month:%Y-%m-%d}T00:00:00Z') TO ('{next_month(month):%Y-%m-%d}T00:00:00Z')"
        )
    )
