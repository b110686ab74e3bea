"""Extension users: the people whose browsing is recorded, and their keys."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Executable,
    LargeBinary,
    Text,
    Uuid,
    any_,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from core.scope import Reach, Scope
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset, keyset_per, paginate_rows
from db.models import ExtensionUser, TeamPerson
from db.names import is_name, matches, username_columns
from db.prepared import Prepared, fetch, parameter, prepared
from db.queries.filter_conditions import people_of_teams
from db.tenancy import in_scope, memberships_in_scope, people_in_scope, people_in_scope_asked, scope_values


@dataclass(frozen=True, slots=True)
class ExtensionUserRow:
    """A person with the extension."""

    id: UUID
    organization_id: UUID
    username: str
    is_active: bool
    api_key_prefix: str
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None
    last_keyless_event_at: datetime | None
    clock_skew_seconds: float | None


@dataclass(frozen=True, slots=True)
class ExtensionUserConditions:
    """A filter of extension users: each condition that is given must hold."""

    search: str | None = None
    is_active: bool | None = None
    organization_ids: frozenset[UUID] | None = None
    team_ids: frozenset[UUID] | None = None
    keyless_within: timedelta | None = None


class NewExtensionUser(NamedTuple):
    """A person to make, with the hash and the visible prefix of their key."""

    username: str
    key_hash: bytes
    key_prefix: str


class LatestUse(NamedTuple):
    """The times of a person's last request with their key and last event without it, and their clock's last skew.

    None if not lately.
    """

    used_at: datetime | None = None
    keyless_event_at: datetime | None = None
    clock_skew_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ExtensionUserCountsRow:
    """The numbers of an organization's extension users: all, those with a used key, those with keyless events."""

    total: int = 0
    active: int = 0
    inactive: int = 0
    used_today: int = 0
    used_this_week: int = 0
    keyless_last_7_days: int = 0
    keyless_last_30_days: int = 0


_COLUMNS = (
    ExtensionUser.id,
    ExtensionUser.organization_id,
    ExtensionUser.username,
    ExtensionUser.is_active,
    ExtensionUser.api_key_prefix,
    ExtensionUser.created_at,
    ExtensionUser.updated_at,
    ExtensionUser.last_used_at,
    ExtensionUser.last_keyless_event_at,
    ExtensionUser.clock_skew_seconds,
)

BY_USERNAME: Ordering[ExtensionUserRow] = Ordering(
    "extensionUsers",
    (ExtensionUser.normalized_username, ExtensionUser.id),
    (str, UUID),
    lambda row: (row.username, row.id),
    by_name=True,
)


def _visible(scope: Scope, where: ExtensionUserConditions) -> AnySelect:
    statement = select(*_COLUMNS).where(
        people_in_scope(scope, ExtensionUser.id, ExtensionUser.organization_id),
        matches(ExtensionUser.normalized_username, where.search),
    )
    if where.is_active is not None:
        statement = statement.where(ExtensionUser.is_active == where.is_active)
    if where.organization_ids is not None:
        statement = statement.where(ExtensionUser.organization_id.in_(where.organization_ids))
    if where.team_ids is not None:
        statement = statement.where(ExtensionUser.id.in_(people_of_teams(where.team_ids, scope)))
    if where.keyless_within is not None:
        statement = statement.where(ExtensionUser.last_keyless_event_at >= func.now() - where.keyless_within)
    return statement


async def page(
    connection: AsyncConnection, scope: Scope, where: ExtensionUserConditions, request: PageRequest
) -> RowPage[ExtensionUserRow]:
    """Extension users in scope that `where` admits, by name."""
    rows = await connection.execute(keyset(_visible(scope, where), BY_USERNAME, request))
    return paginate_rows([ExtensionUserRow(*row) for row in rows], BY_USERNAME, request)


async def count(connection: AsyncConnection, scope: Scope, where: ExtensionUserConditions) -> int:
    """Return the number of extension users that `page` goes through."""
    return (
        await connection.scalar(_visible(scope, where).with_only_columns(func.count(), maintain_column_froms=True)) or 0
    )


async def pages_by_organization(
    connection: AsyncConnection,
    scope: Scope,
    organization_ids: Iterable[UUID],
    where: ExtensionUserConditions,
    request: PageRequest,
) -> dict[UUID, RowPage[ExtensionUserRow]]:
    """The same page of each organization's extension users, by name."""
    ids = list(organization_ids)
    statement = _visible(scope, where).where(ExtensionUser.organization_id.in_(ids))
    found: dict[UUID, list[ExtensionUserRow]] = {organization_id: [] for organization_id in ids}
    for row in await connection.execute(keyset_per(ExtensionUser.organization_id, statement, BY_USERNAME, request)):
        found[row.parent].append(ExtensionUserRow(*row[1:]))
    return {organization_id: paginate_rows(rows, BY_USERNAME, request) for organization_id, rows in found.items()}


async def counts_by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID], where: ExtensionUserConditions
) -> dict[UUID, int]:
    """Return the number of each organization's extension users that `where` admits."""
    statement = (
        _visible(scope, where)
        .where(ExtensionUser.organization_id.in_(organization_ids))
        .with_only_columns(ExtensionUser.organization_id, func.count())
        .group_by(ExtensionUser.organization_id)
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


async def pages_by_team(
    connection: AsyncConnection, scope: Scope, team_ids: Iterable[UUID], request: PageRequest
) -> dict[UUID, RowPage[ExtensionUserRow]]:
    """The same page of the people in each team, by name."""
    ids = list(team_ids)
    statement = _in_teams(scope, ids)
    found: dict[UUID, list[ExtensionUserRow]] = {team_id: [] for team_id in ids}
    for row in await connection.execute(keyset_per(TeamPerson.team_id, statement, BY_USERNAME, request)):
        found[row.parent].append(ExtensionUserRow(*row[1:]))
    return {team_id: paginate_rows(rows, BY_USERNAME, request) for team_id, rows in found.items()}


async def counts_by_team(connection: AsyncConnection, scope: Scope, team_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the number of people in each team."""
    statement = (
        _in_teams(scope, team_ids).with_only_columns(TeamPerson.team_id, func.count()).group_by(TeamPerson.team_id)
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


def _in_teams(scope: Scope, team_ids: Iterable[UUID]) -> AnySelect:
    """The people in these teams, a row for each team."""
    in_team = TeamPerson.extension_user_id == ExtensionUser.id
    of_teams = (TeamPerson.team_id.in_(team_ids), memberships_in_scope(scope, TeamPerson.team_id))
    return _visible(scope, ExtensionUserConditions()).join(TeamPerson, in_team).where(*of_teams)


async def summaries(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID], today: datetime
) -> dict[UUID, ExtensionUserCountsRow]:
    """Each organization's counts. `today` is the midnight the day began at; the week is the seven days to its end.

    Events without a key are counted to this moment.
    """
    used, keyless = ExtensionUser.last_used_at, ExtensionUser.last_keyless_event_at
    statement = (
        select(
            ExtensionUser.organization_id,
            func.count(),
            func.count().filter(ExtensionUser.is_active),
            func.count().filter(~ExtensionUser.is_active),
            func.count().filter(used >= today),
            func.count().filter(used >= today - timedelta(days=6)),
            func.count().filter(keyless >= func.now() - timedelta(days=7)),
            func.count().filter(keyless >= func.now() - timedelta(days=30)),
        )
        .where(in_scope(scope, ExtensionUser.organization_id), ExtensionUser.organization_id.in_(organization_ids))
        .group_by(ExtensionUser.organization_id)
    )
    return {row[0]: ExtensionUserCountsRow(*row[1:]) for row in await connection.execute(statement)}


async def by_ids(connection: AsyncConnection, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, ExtensionUserRow]:
    """Return those of these extension users that are in scope, by id."""
    values = {"ids": list(ids), **scope_values(scope)}
    rows = await fetch(connection, _by_ids(scope.reach), values)
    return {row.id: ExtensionUserRow(*row) for row in rows}


@cache
def _by_ids(reach: Reach) -> Prepared:
    ids = parameter("ids", ARRAY(Uuid()))
    condition = people_in_scope_asked(reach, ExtensionUser.id, ExtensionUser.organization_id)
    return prepared(select(*_COLUMNS).where(condition, ExtensionUser.id == any_(ids)))


async def next_by_id(
    connection: AsyncConnection,
    scope: Scope,
    where: ExtensionUserConditions,
    ids: Collection[UUID] | None,
    *,
    after: UUID,
    limit: int,
) -> list[ExtensionUserRow]:
    """The next extension users in scope that `where` admits, of these ids (None: of all), in the order of their ids."""
    statement = _visible(scope, where).where(ExtensionUser.id > after)
    if ids is not None:
        statement = statement.where(ExtensionUser.id.in_(ids))
    rows = await connection.execute(statement.order_by(ExtensionUser.id).limit(limit))
    return [ExtensionUserRow(*row) for row in rows]


async def by_key_hash(connection: AsyncConnection, key_hash: bytes) -> ExtensionUserRow | None:
    """The holder of an API key, whether active or not."""
    statement = select(*_COLUMNS).where(ExtensionUser.api_key_hash == key_hash)
    return await _one_or_none(connection, statement)


async def has_username(
    connection: AsyncConnection, scope: Scope, organization_id: UUID, username: str, *, other_than: UUID | None = None
) -> bool:
    """True if somebody else of an organization in scope has that username, however it is written."""
    statement = select(ExtensionUser.id).where(
        in_scope(scope, ExtensionUser.organization_id),
        ExtensionUser.organization_id == organization_id,
        is_name(ExtensionUser.normalized_username, username),
    )
    if other_than is not None:
        statement = statement.where(ExtensionUser.id != other_than)
    return await connection.scalar(statement.limit(1)) is not None


async def create(
    connection: AsyncConnection, organization_id: UUID, username: str, key_hash: bytes, key_prefix: str
) -> ExtensionUserRow:
    """Create an extension user. IntegrityError when the organization has one of that name or is gone."""
    statement = (
        insert(ExtensionUser)
        .values(
            organization_id=organization_id,
            api_key_hash=key_hash,
            api_key_prefix=key_prefix,
            **username_columns(username),
        )
        .returning(*_COLUMNS)
    )
    row: Any = (await connection.execute(statement)).one()
    return ExtensionUserRow(*row)


async def create_each(
    connection: AsyncConnection, organization_id: UUID, people: Sequence[NewExtensionUser]
) -> dict[bytes, ExtensionUserRow]:
    """Create these extension users; return them by the hash of their key, without those whose name is taken.

    Of several of one name the first is created. IntegrityError if the organization is gone.
    """
    columns = [username_columns(person.username) for person in people]
    new = (
        func.unnest(
            literal([each["username"] for each in columns], ARRAY(Text())),
            literal([each["normalized_username"] for each in columns], ARRAY(Text())),
            literal([person.key_hash for person in people], ARRAY(LargeBinary())),
            literal([person.key_prefix for person in people], ARRAY(Text())),
        )
        .table_valued("username", "normalized_username", "key_hash", "key_prefix", with_ordinality="place")
        .render_derived(name="new")
    )
    # The unique index leaves out people who share their name from before it was unique.
    taken = exists().where(
        ExtensionUser.organization_id == organization_id,
        ExtensionUser.normalized_username == new.c.normalized_username,
    )
    # By name, so that two requests with the same names wait for one another instead of deadlocking.
    ordered = (
        select(
            literal(organization_id, Uuid()),
            new.c.username,
            new.c.normalized_username,
            literal(False),
            new.c.key_hash,
            new.c.key_prefix,
        )
        .where(~taken)
        .order_by(new.c.normalized_username, new.c.place)
    )
    statement = (
        postgresql.insert(ExtensionUser)
        .from_select(
            (
                "organization_id",
                "username",
                "normalized_username",
                "shares_name",
                "api_key_hash",
                "api_key_prefix",
            ),
            ordered,
        )
        .on_conflict_do_nothing()
        .returning(*_COLUMNS, ExtensionUser.api_key_hash)
    )
    rows: Iterable[Any] = await connection.execute(statement)
    return {row.api_key_hash: ExtensionUserRow(*row[:-1]) for row in rows}


async def change(
    connection: AsyncConnection, scope: Scope, extension_user_id: UUID, values: dict[str, Any]
) -> ExtensionUserRow | None:
    """Set these columns of an extension user; None if no such user is in scope. IntegrityError for a taken name."""
    named = username_columns(values["username"]) if "username" in values else {}
    statement = (
        update(ExtensionUser)
        .where(ExtensionUser.id == extension_user_id, in_scope(scope, ExtensionUser.organization_id))
        .values(**(values | named), updated_at=func.now())
        .returning(*_COLUMNS)
    )
    return await _one_or_none(connection, statement)


async def replace_key(
    connection: AsyncConnection, scope: Scope, person: ExtensionUserRow, key_hash: bytes, key_prefix: str
) -> ExtensionUserRow | None:
    """Give an extension user a new key in place of the one in `person`.

    None if they have another one by now, or if no such person is in scope.
    """
    statement = (
        update(ExtensionUser)
        .where(
            ExtensionUser.id == person.id,
            in_scope(scope, ExtensionUser.organization_id),
            ExtensionUser.api_key_prefix == person.api_key_prefix,
        )
        .values(api_key_hash=key_hash, api_key_prefix=key_prefix, updated_at=func.now())
        .returning(*_COLUMNS)
    )
    return await _one_or_none(connection, statement)


async def fence_off(
    connection: AsyncConnection, scope: Scope, *, organization_id: UUID, extension_user_id: UUID | None = None
) -> list[UUID]:
    """Delete people (not their events), waiting for writers that are storing their events; return their ids.

    Once this is committed nobody sees them, and no writer stores another event of theirs. One person, or everybody of
    the organization.
    """
    chosen = [ExtensionUser.organization_id == organization_id, in_scope(scope, ExtensionUser.organization_id)]
    if extension_user_id is not None:
        chosen.append(ExtensionUser.id == extension_user_id)
    locked = select(ExtensionUser.id).where(*chosen).order_by(ExtensionUser.id).with_for_update()
    ids = list(await connection.scalars(locked))
    everybody = literal(ids, ARRAY(Uuid()))  # one parameter, however many people an organization has
    await connection.execute(delete(ExtensionUser).where(ExtensionUser.id == any_(everybody)))
    return ids


async def _one_or_none(connection: AsyncConnection, statement: Executable) -> ExtensionUserRow | None:
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else ExtensionUserRow(*row)


async def record_usage(connection: AsyncConnection, latest: Mapping[UUID, LatestUse]) -> None:
    """Move `last_used_at` and `last_keyless_event_at` of these people forward, never back; set their clocks' skew.

    They are locked in the order of their ids first, so that processes which write at the same time wait for one another
    instead of deadlocking.
    """
    ids = sorted(latest)
    everybody = ExtensionUser.id == any_(literal(ids, ARRAY(Uuid())))
    locked = select(ExtensionUser.id).where(everybody).order_by(ExtensionUser.id)
    await connection.execute(locked.with_for_update(key_share=True))
    statement = text("""
        UPDATE extension_users AS person SET
            last_used_at = GREATEST(last_used_at, usage.used_at),
            last_keyless_event_at = GREATEST(last_keyless_event_at, usage.keyless_event_at),
            clock_skew_seconds = COALESCE(usage.skew, clock_skew_seconds)
        FROM unnest(
            CAST(:ids AS uuid[]), CAST(:used_at AS timestamptz[]), CAST(:keyless_event_at AS timestamptz[]),
            CAST(:skew AS float8[])
        ) AS usage (id, used_at, keyless_event_at, skew)
        WHERE person.id = usage.id AND (
            usage.used_at > COALESCE(last_used_at, '-infinity')
            OR usage.keyless_event_at > COALESCE(last_keyless_event_at, '-infinity')
        )
    """)
    values = {
        "used_at": [latest[id_].used_at for id_ in ids],
        "keyless_event_at": [latest[id_].keyless_event_at for id_ in ids],
        "skew": [latest[id_].clock_skew_seconds for id_ in ids],
    }
    await connection.execute(statement, {"ids": ids, **values})
