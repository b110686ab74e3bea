"""Teams of organizations, and the people in them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, delete, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from core.names import normalized_name
from core.scope import Scope
from db.keyset import AnySelect, Column, Ordering, PageRequest, RowPage, keyset_per, paginate_rows
from db.models import ExtensionUser, Team, TeamPerson
from db.names import is_name
from db.tenancy import in_scope, teams_in_scope


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team of an organization's people."""

    id: UUID
    organization_id: UUID
    name: str
    created_at: datetime
    updated_at: datetime


TEAM_COLUMNS = (Team.id, Team.organization_id, Team.name, Team.created_at, Team.updated_at)

BY_NAME: Ordering[TeamRow] = Ordering(
    "teams", (Team.normalized_name, Team.id), (str, UUID), lambda row: (row.name, row.id), by_name=True
)


def _visible(scope: Scope) -> AnySelect:
    return select(*TEAM_COLUMNS).where(teams_in_scope(scope, Team.id, Team.organization_id))


async def by_ids(connection: AsyncConnection, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, TeamRow]:
    """Return those of these teams that are in scope, by id."""
    rows = await connection.execute(_visible(scope).where(Team.id.in_(ids)))
    return {row.id: TeamRow(*row) for row in rows}


async def pages_by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID], request: PageRequest
) -> dict[UUID, RowPage[TeamRow]]:
    """The same page of each organization's teams, by name."""
    ids = list(organization_ids)
    statement = _visible(scope).where(Team.organization_id.in_(ids))
    found: dict[UUID, list[TeamRow]] = {organization_id: [] for organization_id in ids}
    for row in await connection.execute(keyset_per(Team.organization_id, statement, BY_NAME, request)):
        found[row.parent].append(TeamRow(*row[1:]))
    return {organization_id: paginate_rows(rows, BY_NAME, request) for organization_id, rows in found.items()}


async def counts_by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID]
) -> dict[UUID, int]:
    """Return the number of each organization's teams."""
    statement = (
        _visible(scope)
        .where(Team.organization_id.in_(organization_ids))
        .with_only_columns(Team.organization_id, func.count())
        .group_by(Team.organization_id)
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


async def pages_by_person(
    connection: AsyncConnection, scope: Scope, user_ids: Iterable[UUID], request: PageRequest
) -> dict[UUID, RowPage[TeamRow]]:
    """The same page of the teams that each person is in, by name."""
    ids = list(user_ids)
    statement = _of_people(scope, ids)
    found: dict[UUID, list[TeamRow]] = {user_id: [] for user_id in ids}
    for row in await connection.execute(keyset_per(TeamPerson.extension_user_id, statement, BY_NAME, request)):
        found[row.parent].append(TeamRow(*row[1:]))
    return {user_id: paginate_rows(rows, BY_NAME, request) for user_id, rows in found.items()}


async def counts_by_person(connection: AsyncConnection, scope: Scope, user_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the number of teams that each person is in."""
    person = TeamPerson.extension_user_id
    statement = _of_people(scope, user_ids).with_only_columns(person, func.count()).group_by(person)
    return {row[0]: row[1] for row in await connection.execute(statement)}


def _of_people(scope: Scope, user_ids: Iterable[UUID]) -> AnySelect:
    """The teams that these people are in, a row for each person."""
    in_team = TeamPerson.team_id == Team.id
    return _visible(scope).join(TeamPerson, in_team).where(TeamPerson.extension_user_id.in_(user_ids))


async def has_name(
    connection: AsyncConnection, scope: Scope, organization_id: UUID, name: str, *, other_than: UUID | None = None
) -> bool:
    """True if another team of an organization in scope has that name, however it is written."""
    statement = _visible(scope).where(Team.organization_id == organization_id, is_name(Team.normalized_name, name))
    if other_than is not None:
        statement = statement.where(Team.id != other_than)
    return await connection.scalar(statement.limit(1)) is not None


async def create(connection: AsyncConnection, organization_id: UUID, name: str) -> TeamRow:
    """Create a team of an organization that the caller has locked within its scope."""
    statement = insert(Team).values(organization_id=organization_id, **_names(name)).returning(*TEAM_COLUMNS)
    return TeamRow(*(await connection.execute(statement)).one())


async def rename(connection: AsyncConnection, scope: Scope, team_id: UUID, name: str) -> TeamRow | None:
    """Give a team another name; None if no such team is in scope."""
    statement = (
        update(Team)
        .where(Team.id == team_id, in_scope(scope, Team.organization_id))
        .values(**_names(name), updated_at=func.now())
        .returning(*TEAM_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else TeamRow(*row)


async def remove(connection: AsyncConnection, scope: Scope, team_id: UUID) -> bool:
    """Delete a team, not its people; False if no such team is in scope."""
    statement = delete(Team).where(Team.id == team_id, in_scope(scope, Team.organization_id))
    return (await connection.execute(statement)).rowcount > 0


async def locked_people(
    connection: AsyncConnection, scope: Scope, organization_id: UUID, user_ids: Collection[UUID]
) -> list[UUID]:
    """Lock those of these people who are of an organization in scope against deletion; return their ids."""
    statement = (
        select(ExtensionUser.id)
        .where(
            ExtensionUser.organization_id == organization_id,
            in_scope(scope, ExtensionUser.organization_id),
            _is_one_of(ExtensionUser.id, user_ids),
        )
        .order_by(ExtensionUser.id)
        .with_for_update(key_share=True, read=True)
    )
    return list(await connection.scalars(statement))


async def add_people(connection: AsyncConnection, team_id: UUID, user_ids: Collection[UUID]) -> list[UUID]:
    """Put people into a team; return those who were not in it. Team and people are of one organization, and locked."""
    people = select(literal(team_id, Uuid()), func.unnest(literal(list(user_ids), ARRAY(Uuid()))))
    statement = (
        postgresql.insert(TeamPerson)
        .from_select(("team_id", "extension_user_id"), people)
        .on_conflict_do_nothing()
        .returning(TeamPerson.extension_user_id)
    )
    return sorted(await connection.scalars(statement))


async def remove_people(connection: AsyncConnection, team_id: UUID, user_ids: Collection[UUID]) -> list[UUID]:
    """Take people out of a team that the caller has locked within its scope; return those who were in it."""
    statement = (
        delete(TeamPerson)
        .where(TeamPerson.team_id == team_id, _is_one_of(TeamPerson.extension_user_id, user_ids))
        .returning(TeamPerson.extension_user_id)
    )
    return sorted(await connection.scalars(statement))


def _names(name: str) -> dict[str, str]:
    return {"name": name, "normalized_name": normalized_name(name)}


def _is_one_of(column: Column, ids: Collection[UUID]) -> ColumnElement[bool]:
    return column == any_(literal(list(ids), ARRAY(Uuid())))
