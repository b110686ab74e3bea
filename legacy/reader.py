"""Reading the database of the service before this one: one snapshot of it, read only, a page at a time.

Everything is read in a single `REPEATABLE READ READ ONLY` transaction: the old service may go on meanwhile, and
PostgreSQL itself refuses any write. Pages come from server-side cursors, so memory does not grow with the tables; texts
are cut on the server a little beyond what our rules allow. Pressed keys (`user_behaviors.key`) are not even read.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from core.errors import InvalidInput, Unavailable
from core.limits import DESCRIPTION_CHARACTERS, NAME_CHARACTERS, SESSION_ID_CHARACTERS, URL_BYTES

PAGE_ROWS = 500
_CONNECT_SECONDS = 10
_NEEDED = {
    "users": {"id", "username", "password", "is_super_admin", "created_at", "updated_at"},
    "organizations": {"id", "name", "description", "created_at", "updated_at"},
    "user_organization_access": {"user_id", "organization_id", "role", "created_at"},
    "extension_users": {
        *("id", "username", "api_key", "is_active", "created_at", "updated_at", "last_used_at", "organization_id"),
    },
    "user_behaviors": {
        *("id", "session_id", "timestamp", "event_type", "url", "user_id", "user_name", "x", "y", "created_at"),
    },
}
# Years that RFC 3339 can name. What lies beyond, infinities included, is told as PostgreSQL writes it, and refused.
_NAMEABLE = """"timestamp" >= '0001-01-01T00:00:00Z' AND "timestamp" < '10000-01-01T00:00:00Z'"""


class LegacyAccount(NamedTuple):
    """Somebody who signs in."""

    id: UUID
    username: str | None
    password: str | None
    is_super_admin: bool
    created_at: datetime | None
    updated_at: datetime | None


class LegacyOrganization(NamedTuple):
    """A tenant."""

    id: UUID
    name: str | None
    description: str | None
    created_at: datetime | None
    updated_at: datetime | None


class LegacyMember(NamedTuple):
    """An account's access to an organization. Either may be gone."""

    user_id: UUID
    organization_id: UUID
    role: str | None
    created_at: datetime | None


class LegacyPerson(NamedTuple):
    """Somebody whose browsing is recorded."""

    id: UUID
    username: str | None
    api_key: str | None
    is_active: bool
    created_at: datetime | None
    updated_at: datetime | None
    last_used_at: datetime | None
    organization_id: UUID | None


class UnknownPerson(NamedTuple):
    """Somebody whom events name and `extension_users` does not; `username` as the events have it, if they do."""

    id: UUID
    username: str | None
    first_at: datetime | None


class DayOfEvents(NamedTuple):
    """The events of a (UTC) day, summed up; `day` is None for events whose time no calendar names."""

    day: date | None
    events: int
    fingerprint: str


class LegacySource:
    """The tables of a snapshot. Each method walks through one, in pages of at most PAGE_ROWS rows."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def check(self) -> None:
        """Check that every needed table and column exists; InvalidInput names those that do not."""
        rows = await self._connection.fetch(
            """
            SELECT wanted.name, attname::text FROM unnest($1::text[]) AS wanted (name)
            JOIN pg_attribute ON attrelid = to_regclass(wanted.name) AND attnum > 0 AND NOT attisdropped
            """,
            list(_NEEDED),
        )
        found = {(table, column) for table, column in rows}
        missing = [f"{table}.{name}" for table, names in _NEEDED.items() for name in sorted(names)]
        missing = [name for name in missing if tuple(name.split(".")) not in found]
        if missing:
            raise InvalidInput(f"This is not the old service's database: it lacks {', '.join(missing)}.")

    def organizations(self) -> AsyncIterator[list[LegacyOrganization]]:
        """Every organization, the oldest first."""
        return self._pages(
            LegacyOrganization,
            f"SELECT id, {_cut('name', NAME_CHARACTERS)}, {_cut('description', DESCRIPTION_CHARACTERS)}, "
            f"{_time('created_at')}, {_time('updated_at')} FROM organizations o ORDER BY o.created_at, o.id",
        )

    def accounts(self) -> AsyncIterator[list[LegacyAccount]]:
        """Every account, the oldest first."""
        return self._pages(
            LegacyAccount,
            f"SELECT id, {_cut('username', NAME_CHARACTERS)}, {_cut('password', NAME_CHARACTERS)}, "
            f"coalesce(is_super_admin, false), {_time('created_at')}, {_time('updated_at')} "
            "FROM users u ORDER BY u.created_at, u.id",
        )

    def members(self) -> AsyncIterator[list[LegacyMember]]:
        """Every membership, the oldest first; all zeros for an account or organization that is not named."""
        return self._pages(
            LegacyMember,
            f"SELECT coalesce(user_id, $1), coalesce(organization_id, $1), {_cut('role', NAME_CHARACTERS)}, "
            f"{_time('created_at')} "
            "FROM user_organization_access m ORDER BY m.created_at, user_id, organization_id",
            UUID(int=0),
        )

    def people(self) -> AsyncIterator[list[LegacyPerson]]:
        """Every extension user, the oldest first.

        One whose activity is null counts as inactive, since the old service rejected them.
        """
        return self._pages(
            LegacyPerson,
            f"SELECT id, {_cut('username', NAME_CHARACTERS)}, api_key::text, coalesce(is_active, false), "
            f"{_time('created_at')}, {_time('updated_at')}, {_time('last_used_at')}, organization_id "
            "FROM extension_users p ORDER BY p.created_at, p.id",
        )

    def unknown_people(self) -> AsyncIterator[list[UnknownPerson]]:
        """Every person whom events name and `extension_users` lacks; the all-zero id names nobody."""
        return self._pages(
            UnknownPerson,
            f"SELECT user_id, left(max(nullif(user_name, ''))::text, {NAME_CHARACTERS + 1}), "
            f"{_time('min(created_at)')} FROM user_behaviors b WHERE user_id <> $1 "
            "AND NOT EXISTS (SELECT FROM extension_users p WHERE p.id = b.user_id) GROUP BY user_id ORDER BY user_id",
            UUID(int=0),
        )

    def days(self) -> AsyncIterator[list[DayOfEvents]]:
        """Every day with its number of events and a hash that does not depend on their order.

        Reads the whole table once.
        """
        return self._pages(
            DayOfEvents,
            f"SELECT CASE WHEN {_NAMEABLE} THEN (\"timestamp\" AT TIME ZONE 'UTC')::date END, count(*), "
            "sum(hashtext(concat_ws('|', id, session_id, event_type, user_id))::numeric)::text "
            "FROM user_behaviors GROUP BY 1 ORDER BY 1 NULLS FIRST",
        )

    def events(self, first: date, last: date) -> AsyncIterator[list[Any]]:
        """The events of these days and those between, in the order of time: see `_EVENTS` for their columns."""
        # As text: the driver takes the first day that it can name for minus infinity.
        within = '"timestamp" >= $1::text::timestamptz AND "timestamp" < $2::text::timestamptz + interval \'1 day\''
        return self._pages(None, _EVENTS.format(where=within), f"{first}T00:00:00Z", f"{last}T00:00:00Z")

    def events_out_of_time(self) -> AsyncIterator[list[Any]]:
        """The events whose time no calendar names, and those without any."""
        return self._pages(None, _EVENTS.format(where=f"({_NAMEABLE}) IS NOT TRUE"))

    async def _pages(self, shape: Any, query: str, *arguments: object) -> AsyncIterator[list[Any]]:
        cursor = await self._connection.cursor(query, *arguments)
        while rows := await cursor.fetch(PAGE_ROWS):
            yield rows if shape is None else [shape(*row) for row in rows]


@asynccontextmanager
async def snapshot(url: str) -> AsyncIterator[LegacySource]:
    """Read the old database as it is at this moment. InvalidInput for a wrong address or database, Unavailable."""
    connection = await _connected(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            # None of these is a write; each ends with the transaction.
            for setting in (
                "TIME ZONE 'UTC'",
                "statement_timeout = 0",
                "idle_in_transaction_session_timeout = 0",
                "jit = off",
            ):
                await connection.execute(f"SET LOCAL {setting}")
            source = LegacySource(connection)
            await source.check()
            yield source
    except asyncpg.InsufficientPrivilegeError as error:
        raise InvalidInput(
            f"The old database does not let us read: {error}. GRANT SELECT on its tables {', '.join(_NEEDED)}."
        ) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise _interrupted(error) from error
    finally:
        connection.terminate()  # nothing is left to tell it: the snapshot was only read


async def _connected(url: str) -> Any:
    try:
        return await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    except (asyncpg.PostgresError, OSError, TimeoutError) as error:
        raise InvalidInput(f"The old database cannot be reached: {error or 'it does not answer'}.") from error
    except (ValueError, asyncpg.InterfaceError) as error:
        # The driver's own words may repeat the address, and with it the password.
        raise InvalidInput(
            "The old database's address cannot be read. It looks like postgresql://user:password@host:5432/name."
        ) from error


def _interrupted(error: Exception) -> Unavailable:
    return Unavailable(
        f"The old database stopped answering: {error}. What was taken so far stays; run the same command again.",
        retry_after=1,
    )


def _cut(column: str, characters: int) -> str:
    """A text, no longer than it takes to see that it is too long."""
    return f"left({column}::text, {characters + 1})"


def _time(column: str) -> str:
    """A time that any calendar names, in UTC; nothing for others (the old service wrote the year 1 now and then)."""
    return f"CASE WHEN {column} >= '1970-01-01' AND {column} < '2200-01-01' THEN ({column})::timestamptz END"


_EVENTS = f"""
    SELECT id, {_cut("session_id", SESSION_ID_CHARACTERS)},
           CASE WHEN {_NAMEABLE} THEN to_char("timestamp" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
                ELSE coalesce("timestamp"::text, '') END,
           {_cut("event_type", NAME_CHARACTERS)}, {_cut("url", URL_BYTES)},
           user_id, coalesce(user_name, '') <> '', x, y, {_time("created_at")}
    FROM user_behaviors b WHERE {{where}} ORDER BY b."timestamp", b.created_at, b.id
"""
"""Columns: id, session, time, type, url, person, whether a name was given, x, y, and when the row was stored."""
