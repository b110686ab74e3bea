"""The preview of a downgrade: the tables, columns and rows it would drop, and the services that would notice."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, func, literal, select, text
from sqlalchemy import table as table_named
from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database

COUNTED_ROWS = 10_000
"""Up to so many rows of a table are counted; of more, PostgreSQL's estimate is told."""
_LEAVE_SECONDS = 1.0
"""A session that is still there after so long is not one that is just being closed."""


class Drop(NamedTuple):
    """A table, or a column of one that stays, and the number of the table's rows; None: more than COUNTED_ROWS."""

    table: str
    column: str | None
    rows: int | None

    def __str__(self) -> str:
        name = f"table {self.table}" if self.column is None else f"column {self.table}.{self.column}"
        if self.rows is None:
            return f"{name}: more than {COUNTED_ROWS:,} rows"
        about = "about " if self.rows > COUNTED_ROWS else ""
        return f"{name}: {about}{self.rows:,} {'row' if self.rows == 1 else 'rows'}"


@dataclass(slots=True)
class Preview:
    """The revisions a downgrade leads from and to, and the things it drops."""

    current: str | None = None
    reached: str | None = None
    drops: list[Drop] = field(default_factory=list)


class Session(NamedTuple):
    """A connection that a process of the service has to the database."""

    pid: int
    application_name: str
    address: str | None

    def __str__(self) -> str:
        return f"{self.application_name} (pid {self.pid}, {self.address or 'local'})"


async def service_sessions(database: Database) -> list[Session]:
    """The sessions that processes of the service have on this database, this one aside."""
    found = await _sessions(database)
    if found:
        await asyncio.sleep(_LEAVE_SECONDS)
        found &= await _sessions(database)
    return sorted(found)


async def fill_preview(connection: AsyncConnection, migrate: Callable[[Connection], None], preview: Preview) -> None:
    """Find out what a migration drops by running it in a transaction that is rolled back."""
    before = await _columns(connection)
    preview.current = await _revision(connection)
    await connection.run_sync(migrate)  # commits nothing: the transaction was open before
    after = await _columns(connection)
    preview.reached = await _revision(connection)
    await connection.rollback()
    stays = {table for table, _ in after}
    dropped = {(table, column if table in stays else None) for table, column in before - after}
    ordered = sorted(dropped, key=lambda each: (each[1] is not None, each[0], each[1] or ""))
    preview.drops = [Drop(table, column, await _rows(connection, table)) for table, column in ordered]


async def _sessions(database: Database) -> set[Session]:
    statement = text("""
        SELECT pid, application_name, host(client_addr) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'web-behavior%' AND pid <> pg_backend_pid()
    """)
    async with database.read() as connection:
        return {Session(*row) for row in await connection.execute(statement)}


async def _columns(connection: AsyncConnection) -> set[tuple[str, str]]:
    """Every column of every table, partitions aside."""
    statement = text("""
        SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
            AND attnum > 0 AND NOT attisdropped AND relname <> 'alembic_version'
    """)
    return {(row[0], row[1]) for row in await connection.execute(statement)}


async def _revision(connection: AsyncConnection) -> str | None:
    if await connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    revision: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


async def _rows(connection: AsyncConnection, table: str) -> int | None:
    """Return the number of a table's rows: counted if they are few, else PostgreSQL's estimate; None without one."""
    some = select(literal(1)).select_from(table_named(table)).limit(COUNTED_ROWS + 1).subquery()
    rows: int = (await connection.execute(select(func.count()).select_from(some))).scalar_one()
    if rows <= COUNTED_ROWS:
        return rows
    estimate = text("""
        SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class
        WHERE relkind = 'r' AND oid IN (
            SELECT relid FROM pg_partition_tree(to_regclass(quote_ident(:name)))
            UNION SELECT to_regclass(quote_ident(:name))
        )
    """)
    estimated: int = (await connection.execute(estimate, {"name": table})).scalar_one()
    return estimated if estimated > COUNTED_ROWS else None
