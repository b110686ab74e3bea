"""The tenants a query may touch: decided once per viewer, handed to every statement."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from uuid import UUID


class Reach(Enum):
    """The kinds of scopes: all those of a kind share their statements (db/prepared.py)."""

    EVERYTHING = "everything"
    ORGANIZATIONS = "organizations"
    TEAMS = "teams"
    ORGANIZATIONS_AND_TEAMS = "organizations and teams"


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of organizations (None: everything, anonymous events included), and teams that the viewer leads in others.

    Of the organizations in which they lead teams, the viewer knows that these exist, and the people in the teams. How a
    scope becomes a condition is for db/tenancy.py alone: statements do not look into it.
    """

    whole_organization_ids: frozenset[UUID] | None
    led_organization_ids: frozenset[UUID] = frozenset()
    led_team_ids: frozenset[UUID] = frozenset()

    @classmethod
    def everything(cls) -> "Scope":
        """The scope of a super admin."""
        return cls(None)

    @classmethod
    def of(cls, organization_ids: Iterable[UUID]) -> "Scope":
        """Just these organizations; none at all is a valid scope, in which nothing is found."""
        return cls(frozenset(organization_ids))

    def leading(self, organization_ids: Iterable[UUID], team_ids: Iterable[UUID]) -> "Scope":
        """The same, and these teams of these organizations."""
        return replace(self, led_organization_ids=frozenset(organization_ids), led_team_ids=frozenset(team_ids))

    @property
    def reach(self) -> Reach:
        """The kind of the scope."""
        if self.is_everything:
            return Reach.EVERYTHING
        if not self.leads_teams:
            return Reach.ORGANIZATIONS
        return Reach.ORGANIZATIONS_AND_TEAMS if self.whole_organization_ids else Reach.TEAMS

    @property
    def leads_teams(self) -> bool:
        """True if the viewer leads a team."""
        return bool(self.led_team_ids)

    @property
    def is_everything(self) -> bool:
        """True if the scope covers every organization, and what belongs to none."""
        return self.whole_organization_ids is None

    @property
    def known_organization_ids(self) -> frozenset[UUID] | None:
        """The organizations of which anything may be seen; None for all."""
        return None if self.whole_organization_ids is None else self.whole_organization_ids | self.led_organization_ids

    def covers(self, organization_id: UUID) -> bool:
        """True if the whole of this organization may be seen or changed."""
        return self.whole_organization_ids is None or organization_id in self.whole_organization_ids

    def knows(self, organization_id: UUID | None) -> bool:
        """True if anything of this organization may be seen; None stands for what belongs to none."""
        known = self.known_organization_ids
        return known is None or organization_id in known


NO_ORGANIZATION = Scope.of(())
"""The scope in which nothing is found."""
