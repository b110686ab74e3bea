"""The one place where a scope becomes SQL. Every query on tenants' rows passes its scope through here.

`in_scope` is for whatever an organization has, and closed to those who lead teams in it. What is open to them is so on
purpose, by conditions of their own: the people of their teams, and so the events of these; the teams; and the row of
the organization. See ADR 36.
"""

from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Uuid, any_, false, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from core.events import ANONYMOUS
from core.scope import Reach, Scope
from db.models import Team, TeamPerson
from db.prepared import parameter

Column: TypeAlias = Any
"""An attribute of a model, or a column of a relation."""


class _Bounds(NamedTuple):
    """The organizations that are seen as a whole, and the teams that are led, as arrays."""

    organizations: ColumnElement[Any]
    teams: ColumnElement[Any]


def in_scope(scope: Scope, organization_id: Column) -> ColumnElement[bool]:
    """The condition that a row's organization lies in `scope` as a whole."""
    if scope.whole_organization_ids is None:
        return true()
    condition: ColumnElement[bool] = organization_id.in_(scope.whole_organization_ids)
    return condition


def organizations_in_scope(scope: Scope, organization_id: Column) -> ColumnElement[bool]:
    """The condition that an organization itself may be seen: its row, or what the figures of a team depend on."""
    known = scope.known_organization_ids
    return true() if known is None else organization_id.in_(known)


def people_in_scope(scope: Scope, user_id: Column, organization_id: Column) -> ColumnElement[bool]:
    """The condition that an extension user may be seen, by their id and organization."""
    if scope.reach is Reach.ORGANIZATIONS:
        return in_scope(scope, organization_id)
    return _people(scope.reach, user_id, organization_id, _literals(scope))


def people_in_scope_asked(reach: Reach, user_id: Column, organization_id: Column) -> ColumnElement[bool]:
    """The same in a statement that is made once for all scopes of a kind, and run with `scope_values`."""
    return _people(reach, user_id, organization_id, _parameters())


def teams_in_scope(scope: Scope, team_id: Column, organization_id: Column) -> ColumnElement[bool]:
    """The condition that a team may be seen, by its id and organization."""
    if not scope.leads_teams:
        return in_scope(scope, organization_id)
    return or_(in_scope(scope, organization_id), team_id.in_(scope.led_team_ids))


def memberships_in_scope(scope: Scope, team_id: Column) -> ColumnElement[bool]:
    """The condition that it may be seen who is in a team, where the people are in scope.

    Whoever sees a person's organization sees all their teams. Whoever leads some of these must not learn of the others.
    """
    return _memberships(scope.reach, team_id, _literals(scope))


def memberships_in_scope_asked(reach: Reach, team_id: Column) -> ColumnElement[bool]:
    """The same in a statement that is made once for all scopes of a kind, and run with `scope_values`."""
    return _memberships(reach, team_id, _parameters())


def anonymous_in_scope(scope: Scope, user_id: Column) -> ColumnElement[bool]:
    """The condition that a row is of an anonymous event, and that these may be seen."""
    return user_id == ANONYMOUS if scope.is_everything else false()


def scope_values(scope: Scope) -> dict[str, Any]:
    """The values of the parameters of statements that are made for the scope's kind."""
    return {"scope": list(scope.whole_organization_ids or ()), "led_teams": list(scope.led_team_ids)}


def _people(reach: Reach, user_id: Column, organization_id: Column, bounds: _Bounds) -> ColumnElement[bool]:
    if reach is Reach.EVERYTHING:
        return true()
    whole: ColumnElement[bool] = organization_id == any_(bounds.organizations)
    if reach is Reach.ORGANIZATIONS:
        return whole
    led: ColumnElement[bool] = user_id.in_(
        select(TeamPerson.extension_user_id).where(TeamPerson.team_id == any_(bounds.teams))
    )
    return led if reach is Reach.TEAMS else or_(whole, led)


def _memberships(reach: Reach, team_id: Column, bounds: _Bounds) -> ColumnElement[bool]:
    if reach in {Reach.EVERYTHING, Reach.ORGANIZATIONS}:
        return true()
    led: ColumnElement[bool] = team_id == any_(bounds.teams)
    whole = select(Team.id).where(Team.organization_id == any_(bounds.organizations))
    return led if reach is Reach.TEAMS else or_(led, team_id.in_(whole))


def _literals(scope: Scope) -> _Bounds:
    values = scope_values(scope)
    return _Bounds(*(literal(values[name], ARRAY(Uuid())) for name in ("scope", "led_teams")))


def _parameters() -> _Bounds:
    return _Bounds(*(parameter(name, ARRAY(Uuid())) for name in ("scope", "led_teams")))
