"""The one place where a scope becomes SQL. Every query on tenants' rows passes its scope through here."""

from typing import Any

from sqlalchemy import ColumnElement, Uuid, any_, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from core.scope import Scope
from db.prepared import parameter


def in_scope(scope: Scope, organization_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """The condition that a row's organization lies in `scope`."""
    if scope.organization_ids is None:
        return true()
    return organization_id.in_(scope.organization_ids)


def in_scope_asked(organization_id: InstrumentedAttribute[Any], *, limited: bool) -> ColumnElement[bool]:
    """The same in a statement that is made once for all scopes that are `limited`, or for all that are not.

    See db/prepared.py: the organizations are its parameter `scope`.
    """
    return organization_id == any_(parameter("scope", ARRAY(Uuid()))) if limited else true()
