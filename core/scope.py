"""The tenants a query may touch: decided once per viewer, handed to every statement."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of organizations; None stands for everything, anonymous events included."""

    organization_ids: frozenset[UUID] | None

    @classmethod
    def everything(cls) -> "Scope":
        """The scope of a super admin."""
        return cls(None)

    @classmethod
    def of(cls, organization_ids: Iterable[UUID]) -> "Scope":
        """Just these organizations; none at all is a valid scope, in which nothing is found."""
        return cls(frozenset(organization_ids))

    @property
    def is_everything(self) -> bool:
        """True if the scope covers every organization."""
        return self.organization_ids is None

    def covers(self, organization_id: UUID) -> bool:
        """True if objects of this organization may be seen or changed."""
        return self.organization_ids is None or organization_id in self.organization_ids


NO_ORGANIZATION = Scope.of(())
"""The scope in which nothing is found."""
