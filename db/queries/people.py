"""Whose events a query reads: the first step of every query on behaviors.

Everything big hangs off `user_id`, so a query first names its people and then reads, per person, a range of the
primary key. The nil UUID stands for anonymous events, which only an unlimited scope includes.
"""

from collections.abc import Collection
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Uuid,
    any_,
    case,
    func,
    join,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from core.events import ANONYMOUS
from core.scope import Scope
from db.keyset import AnySelect, Column
from db.models import ExtensionUser
from db.prepared import parameter
from db.queries.filters import EventFilter
from db.tenancy import within, within_asked

People = AnySelect | CompoundSelect[*tuple[Any, ...]]
"""A statement whose rows are `(user_id, organization_id)`."""


class Subject(Enum):
    """Whom answers are told apart by: the column of a person's row that names them."""

    USER = "user_id"
    ORGANIZATION = "organization_id"


def people(
    scope: Scope,
    *,
    organization_ids: Collection[UUID] | None = None,
    user_ids: Collection[UUID] | None = None,
    spread: bool = False,
) -> People:
    """The people in scope, narrowed to these organizations and ids where given. `spread`: a cluster is asked."""
    conditions = [] if scope.organization_ids is None else [within(scope, ExtensionUser.organization_id)]
    return _people([*conditions, *_among(organization_ids, user_ids)], spread=spread)


def people_asked(*, in_scope: bool, subject: Subject | None, where: EventFilter, spread: bool) -> People:
    """The same of a statement's parameters: `ids`, those of the subjects; `scope`, the organizations in scope.

    `in_scope`: the scope is limited. Without subjects the filter narrows the people.
    """
    conditions = [within_asked(ExtensionUser.organization_id, limited=True)] if in_scope else []
    if subject is Subject.USER:
        conditions.append(ExtensionUser.id == any_(_ids("ids")))
    elif subject is Subject.ORGANIZATION:
        conditions.append(ExtensionUser.organization_id == any_(_ids("ids")))
    else:
        conditions += _among(where.organization_ids, where.extension_user_ids)
    return _people(conditions, spread=spread)


def is_asked(user_id: Column, subject: Subject | None, where: EventFilter) -> list[ColumnElement[bool]]:
    """The conditions on a person's id in `people_asked`: with them a cluster asks just the machines of these people."""
    if subject is Subject.USER:
        return [user_id == any_(_ids("ids"))]
    if subject is None and where.extension_user_ids is not None:
        return [user_id.in_(where.extension_user_ids)]
    return []


def _people(conditions: list[ColumnElement[bool]], *, spread: bool) -> People:
    statement: AnySelect = select(ExtensionUser.id.label("user_id"), ExtensionUser.organization_id).where(*conditions)
    if conditions:
        return statement
    if spread:
        return _everybody()
    nobody = select(literal(ANONYMOUS, ExtensionUser.id.type), literal(None, ExtensionUser.organization_id.type))
    return union_all(statement, nobody)


def _everybody() -> AnySelect:
    """All people and nobody, as a join: a cluster does not take a union of what each machine has a copy of."""
    nobody = select(literal(ANONYMOUS, ExtensionUser.id.type).label("id")).subquery("nobody")
    both = join(ExtensionUser, nobody, ExtensionUser.id == nobody.c.id, full=True)
    user_id = func.coalesce(ExtensionUser.id, nobody.c.id).label("user_id")
    # Wrapped up, lest a condition on it make another kind of join of this one.
    organization_id = case((nobody.c.id.is_(None), ExtensionUser.organization_id)).label("organization_id")
    return select(user_id, organization_id).select_from(both)


def _among(organization_ids: Collection[UUID] | None, user_ids: Collection[UUID] | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if organization_ids is not None:
        conditions.append(ExtensionUser.organization_id.in_(organization_ids))
    if user_ids is not None:
        conditions.append(ExtensionUser.id.in_(user_ids))
    return conditions


def _ids(name: str) -> BindParameter[Any]:
    return parameter(name, ARRAY(Uuid()))
