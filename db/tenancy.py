"""The one place where a scope becomes SQL. Every query on tenants' rows passes its scope through here.

`in_scope` is for whatever an organization has. People, organizations and teams have conditions of their own.
"""

from typing import Any

from sqlalchemy import ColumnElement, Uuid, any_, false, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from core.events import ANONYMOUS
from core.scope import Reach, Scope
from db.prepared import parameter

Attribute = InstrumentedAttribute[Any]


def in_scope(scope: Scope, organization_id: Attribute) -> ColumnElement[bool]:
    """The condition that a row's organization lies in `scope`."""
    if scope.whole_organization_ids is None:
        return true()
    return organization_id.in_(scope.whole_organization_ids)


def organizations_in_scope(scope: Scope, organization_id: Attribute) -> ColumnElement[bool]:
    """The condition that an organization itself may be seen."""
    return in_scope(scope, organization_id)


def people_in_scope(scope: Scope, user_id: Attribute, organization_id: Attribute) -> ColumnElement[bool]:
    """The condition that an extension user may be seen, by their id and organization."""
    del user_id
    return in_scope(scope, organization_id)


def people_in_scope_asked(reach: Reach, user_id: Attribute, organization_id: Attribute) -> ColumnElement[bool]:
    """The same in a statement that is made once for all scopes of a kind, and run with `scope_values`."""
    del user_id
    if reach is Reach.EVERYTHING:
        return true()
    return organization_id == any_(parameter("scope", ARRAY(Uuid())))


def anonymous_in_scope(scope: Scope, user_id: Attribute) -> ColumnElement[bool]:
    """The condition that a row is of an anonymous event, and that these may be seen."""
    return (user_id == ANONYMOUS) if scope.is_everything else false()


def scope_values(scope: Scope) -> dict[str, Any]:
    """The values of the parameters of statements that are made for the scope's kind."""
    return {"scope": list(scope.whole_organization_ids or ())}
