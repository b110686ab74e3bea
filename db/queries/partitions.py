"""Partitions by month: which months have one, what the default partition holds, and how a month gets its own.

    behaviors ─┬─ behaviors_2026_11   months made ahead, by a command, or because many events had come for them
               ├─ behaviors_2026_12
               └─ behaviors_default   all other months together

`runs` and `hours` have the same months, so that a month is given back together with what was made from its events.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.months import month_of, next_month
from db.cluster import topology_of

PARENTS = {"behaviors": "ts", "runs": "first_ts", "hours": "hour"}
"""The tables that are partitioned by month, and by which column."""

RULED_OUT = "ck_not_"
"""How the names of constraints begin that keep a month's rows out of a default partition."""


class TooManyRows(Exception):
    """The default partition holds more rows of a month than may be moved at once."""


async def months(connection: AsyncConnection, parent: str = "behaviors") -> set[date]:
    """The first days of the months that have a partition of their own."""
    statement = text("""
        SELECT to_date(right(child.relname, 7), 'YYYY_MM')
        FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = CAST(CAST(:parent AS text) AS regclass) AND child.relname ~ '_[0-9]{4}_[0-9]{2}$'
    """)
    return set(await connection.scalars(statement, {"parent": parent}))


async def months_in_default(connection: AsyncConnection, parent: str = "behaviors") -> AsyncIterator[date]:
    """The first days of the months that have rows in the default partition: one look into its index for each."""
    column = PARENTS[parent]
    statement = text(f"SELECT min({column}) FROM {parent}_default WHERE {column} >= :start")  # noqa: S608 - constants
    start = datetime.min.replace(tzinfo=UTC)
    while (first := await connection.scalar(statement, {"start": start})) is not None:
        month = month_of(first)
        yield month
        start = datetime.combine(next_month(month), time.min, UTC)


async def count_in_default(connection: AsyncConnection, month: date, limit: int, parent: str = "behaviors") -> int:
    """The number of rows of a month in the default partition, counted up to a limit."""
    statement = text(f"""
        SELECT count(*) FROM (SELECT FROM {parent}_default WHERE {_in_month(parent, month)} LIMIT :limit) AS found
    """)  # noqa: S608 - constants, and a date's digits
    return await connection.scalar(statement, {"limit": limit}) or 0


async def inserted_into_default(connection: AsyncConnection) -> int:
    """The number of events stored in the default partition as statistics tell it, seconds late; they may begin anew."""
    statement = text("SELECT pg_stat_get_tuples_inserted('behaviors_default'::regclass)")
    return await connection.scalar(statement) or 0


async def make(connection: AsyncConnection, month: date, most_moved: int) -> None:
    """Give a month its partitions, where missing, in the connection's transaction; its rows leave the default ones.

    Without rows to move, readers and writers of other months pass: `ATTACH` locks the default partition alone, which
    it reads. (`CREATE TABLE … PARTITION OF` would lock out everybody.) With rows, everybody waits until they are moved:
    a question that had seen the list of partitions before would miss them. TooManyRows when there are more than
    `most_moved` in one of the default partitions, or any on a cluster, which moves none.
    """
    # The lock that ATTACH takes anyway: makers queue up behind one another. (Behind an advisory lock a maker would
    # still see the catalogue as it was before the wait, and make what it now has.)
    await connection.execute(text("LOCK TABLE ONLY behaviors IN SHARE UPDATE EXCLUSIVE MODE"))
    missing = [parent for parent in PARENTS if month not in await months(connection, parent)]
    counts = [await count_in_default(connection, month, most_moved + 1, parent) for parent in missing]
    if any(count > (most_moved if topology_of(connection).moves_rows else 0) for count in counts):
        raise TooManyRows
    for parent in missing:
        await connection.execute(text(f"CREATE TABLE {_name(parent, month)} (LIKE {parent} INCLUDING DEFAULTS)"))
    if any(counts):
        await _lock_out_everybody(connection, missing)
        for parent in missing:
            await _move(connection, parent, month)
    for parent in missing:
        await _attach(connection, parent, month)


async def _lock_out_everybody(connection: AsyncConnection, parents: Sequence[str]) -> None:
    # Makers of rollups write runs while they read events: whoever took the events first would stand in their way.
    tables = ", ".join(f"ONLY {parent}" for parent in reversed(parents))
    await connection.execute(text(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))


async def _move(connection: AsyncConnection, parent: str, month: date) -> None:
    await connection.execute(
        text(f"""
            WITH moved AS (DELETE FROM {parent}_default WHERE {_in_month(parent, month)} RETURNING *)
            INSERT INTO {_name(parent, month)} SELECT * FROM moved
        """)  # noqa: S608 - constants, and a date's digits
    )


async def _attach(connection: AsyncConnection, parent: str, month: date) -> None:
    await connection.execute(
        text(
            f"ALTER TABLE {parent} ATTACH PARTITION {_name(parent, month)} "
            f"FOR VALUES FROM ('{_start(month)}') TO ('{_start(next_month(month))}')"
        )
    )
    await connection.execute(text(f"ALTER TABLE {parent}_default DROP CONSTRAINT IF EXISTS {_ruled_out(month)}"))


async def rule_out(connection: AsyncConnection, month: date) -> None:
    """Refuse rows of a month in the default partitions, so that attaching its own need not look for any.

    For months that no event can be of yet. To be proven by `prove_ruled_out`.
    """
    for parent in PARENTS:
        default, name = f"{parent}_default", _ruled_out(month)
        await connection.execute(text(f"ALTER TABLE {default} DROP CONSTRAINT IF EXISTS {name}"))
        await connection.execute(
            text(f"ALTER TABLE {default} ADD CONSTRAINT {name} CHECK (NOT ({_in_month(parent, month)})) NOT VALID")
        )


async def prove_ruled_out(connection: AsyncConnection, month: date) -> None:
    """Read the default partitions for rows of a month that is ruled out, while readers and writers pass."""
    for parent in PARENTS:
        await connection.execute(text(f"ALTER TABLE {parent}_default VALIDATE CONSTRAINT {_ruled_out(month)}"))


def _name(parent: str, month: date) -> str:
    return f"{parent}_{month:%Y_%m}"


def _ruled_out(month: date) -> str:
    return f"{RULED_OUT}{month:%Y_%m}"


def _start(month: date) -> str:
    return f"{month:%Y-%m-%d}T00:00:00Z"


def _in_month(parent: str, month: date) -> str:
    column = PARENTS[parent]
    return f"{column} >= '{_start(month)}' AND {column} < '{_start(next_month(month))}'"
