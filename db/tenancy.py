"""The one place where a scope becomes SQL. Every query on tenants' rows passes its scope through here."""

from typing import Any

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import InstrumentedAttribute

from core.scope import Scope


def within(scope: Scope, organization_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """The condition that a row's organization lies in `scope`."""
    if scope.organization_ids is None:
        return true()
    return organization_id.in_(scope.organization_ids)
