"""The people whose events a query reads: the first step of every query on behaviors.

The big tables have `user_id` first in their keys, so a query first names its people and then reads, per
person, a range of the primary key. The nil UUID stands for anonymous events, which only an unlimited scope includes.
"""

from collections.abc import Collection
from enum import Enum
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Uuid,
    any_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from core.scope import Reach, Scope
from db.keyset import Column
from db.models import ExtensionUser
from db.prepared import parameter
from db.queries.filter_conditions import people_of_teams
from db.queries.filters import EventFilter
from db.tenancy import people_in_scope, people_in_scope_asked
from db.topology import Query, Topology

People: TypeAlias = Query
"""A statement whose rows are `(user_id, organization_id)`."""


class Subject(Enum):
    """The subject that answers are grouped by: the column of a person's row that names it."""

    USER = "user_id"
    ORGANIZATION = "organization_id"


def people(
    scope: Scope,
    *,
    organization_ids: Collection[UUID] | None = None,
    user_ids: Collection[UUID] | None = None,
    team_ids: Collection[UUID] | None = None,
    topology: Topology,
) -> People:
    """The people in scope, narrowed to these organizations, ids and teams where given."""
    person = (ExtensionUser.id, ExtensionUser.organization_id)
    conditions = [] if scope.is_everything else [people_in_scope(scope, *person)]
    return _people([*conditions, *_among(organization_ids, user_ids, team_ids, scope)], topology=topology)


def people_asked(*, reach: Reach, subject: Subject | None, where: EventFilter, topology: Topology) -> People:
    """The same by a statement's parameters: `ids` of the subjects; `scope_values` of a scope of this kind.

    Without subjects the filter narrows the people.
    """
    person = (ExtensionUser.id, ExtensionUser.organization_id)
    conditions = [] if reach is Reach.EVERYTHING else [people_in_scope_asked(reach, *person)]
    if subject is Subject.USER:
        conditions.append(ExtensionUser.id == any_(_ids("ids")))
    elif subject is Subject.ORGANIZATION:
        conditions.append(ExtensionUser.organization_id == any_(_ids("ids")))
    else:
        conditions += _among(where.organization_ids, where.extension_user_ids, where.team_ids, where.team_scope)
    return _people(conditions, topology=topology)


def is_asked(user_id: Column, subject: Subject | None, where: EventFilter) -> list[ColumnElement[bool]]:
    """The conditions on a person's id in `people_asked`: with them a cluster asks just the machines of these people."""
    if subject is Subject.USER:
        return [user_id == any_(_ids("ids"))]
    if subject is None and where.extension_user_ids is not None:
        return [user_id.in_(where.extension_user_ids)]
    return []


def _people(conditions: list[ColumnElement[bool]], *, topology: Topology) -> People:
    if not conditions:
        return topology.everybody()
    return select(ExtensionUser.id.label("user_id"), ExtensionUser.organization_id).where(*conditions)


def _among(
    organization_ids: Collection[UUID] | None,
    user_ids: Collection[UUID] | None,
    team_ids: Collection[UUID] | None,
    team_scope: Scope | None,
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if organization_ids is not None:
        conditions.append(ExtensionUser.organization_id.in_(organization_ids))
    if user_ids is not None:
        conditions.append(ExtensionUser.id.in_(user_ids))
    if team_ids is not None:
        conditions.append(ExtensionUser.id.in_(people_of_teams(team_ids, team_scope)))
    return conditions


def _ids(name: str) -> BindParameter[Any]:
    return parameter(name, ARRAY(Uuid()))
