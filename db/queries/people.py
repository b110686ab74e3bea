"""Whose events a query reads: the first step of every query on behaviors.

Everything big hangs off `user_id`, so a query first names its people and then reads, per person, a range of the
primary key. The nil UUID stands for anonymous events, which only an unlimited scope includes.
"""

from collections.abc import Collection
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, literal, select, union_all

from core.events import ANONYMOUS
from core.scope import Scope
from db.keyset import AnySelect
from db.models import ExtensionUser
from db.tenancy import within

People = AnySelect | CompoundSelect[*tuple[Any, ...]]
"""A statement whose rows are `(user_id, organization_id)`."""


class Subject(Enum):
    """Whom answers are told apart by: the column of a person's row that names them."""

    USER = "user_id"
    ORGANIZATION = "organization_id"


def people(
    scope: Scope, *, organization_ids: Collection[UUID] | None = None, user_ids: Collection[UUID] | None = None
) -> People:
    """The people in scope, narrowed to these organizations and ids where given."""
    statement: AnySelect = select(ExtensionUser.id.label("user_id"), ExtensionUser.organization_id).where(
        within(scope, ExtensionUser.organization_id)
    )
    if organization_ids is not None:
        statement = statement.where(ExtensionUser.organization_id.in_(organization_ids))
    if user_ids is not None:
        statement = statement.where(ExtensionUser.id.in_(user_ids))
    if scope.organization_ids is not None or organization_ids is not None or user_ids is not None:
        return statement
    nobody = select(literal(ANONYMOUS, ExtensionUser.id.type), literal(None, ExtensionUser.organization_id.type))
    return union_all(statement, nobody)
