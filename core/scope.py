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
        """What a super admin sees."""
        return cls(None)

    @classmethod
    def of(cls, organization_ids: Iterable[UUID]) -> "Scope":
        """Just these organizations; none at all is a valid scope, in which nothing is found."""
        return cls(frozenset(organization_ids))

    def covers(self, organization_id: UUID) -> bool:
        """Whether objects of this organization may be touched."""
        return self.organization_ids is None or organization_id in self.organization_ids
