"""The tenants a query may touch: decided once per viewer, handed to every statement."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from uuid import UUID


class Reach(Enum):
    """The kinds of scopes: all those of a kind share their statements (db/prepared.py)."""

    EVERYTHING = "everything"
    ORGANIZATIONS = "organizations"


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of organizations; None stands for everything, anonymous events included.

    How it becomes a condition is for db/tenancy.py alone: statements do not look into it.
    """

    whole_organization_ids: frozenset[UUID] | None

    @classmethod
    def everything(cls) -> "Scope":
        """The scope of a super admin."""
        return cls(None)

    @classmethod
    def of(cls, organization_ids: Iterable[UUID]) -> "Scope":
        """Just these organizations; none at all is a valid scope, in which nothing is found."""
        return cls(frozenset(organization_ids))

    @property
    def reach(self) -> Reach:
        """The kind of the scope."""
        return Reach.EVERYTHING if self.is_everything else Reach.ORGANIZATIONS

    @property
    def is_everything(self) -> bool:
        """True if the scope covers every organization, and what belongs to none."""
        return self.whole_organization_ids is None

    @property
    def known_organization_ids(self) -> frozenset[UUID] | None:
        """The organizations of which anything may be seen; None for all."""
        return self.whole_organization_ids

    def covers(self, organization_id: UUID) -> bool:
        """True if objects of this organization may be seen or changed."""
        return self.whole_organization_ids is None or organization_id in self.whole_organization_ids

    def knows(self, organization_id: UUID | None) -> bool:
        """True if anything of this organization may be seen; None stands for what belongs to none."""
        known = self.known_organization_ids
        return known is None or organization_id in known


NO_ORGANIZATION = Scope.of(())
"""The scope in which nothing is found."""
