"""The viewer: whoever asks, and what they may see and do. Every permission is decided here."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from core.errors import Forbidden, NotFound
from core.roles import Role
from core.scope import Scope


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in user, by one sign-in, with their role in each organization they belong to."""

    user_id: UUID
    sign_in_id: UUID
    is_super_admin: bool
    roles: Mapping[UUID, Role]

    @property
    def readable(self) -> Scope:
        """The organizations whose data the viewer may read: those they belong to, in any role; all for super admins."""
        return Scope.everything() if self.is_super_admin else Scope.of(self.roles)

    @property
    def manageable(self) -> Scope:
        """The organizations the viewer may change: those they are an admin of; all for super admins."""
        if self.is_super_admin:
            return Scope.everything()
        return Scope.of(organization for organization, role in self.roles.items() if role is Role.ADMIN)

    def require_super_admin(self) -> None:
        """Raise Forbidden unless the viewer is a super admin."""
        if not self.is_super_admin:
            raise Forbidden("Only super admins may do this.")

    def require_management_of(self, organization_id: UUID | None) -> UUID:
        """Return the organization's id if the viewer may change it.

        Raises Forbidden when they can only read it, NotFound when they cannot know of it (or it has no id at all).
        """
        if organization_id is None or not self.readable.covers(organization_id):
            raise NotFound("There is no such organization.")
        if not self.manageable.covers(organization_id):
            raise Forbidden("Only the organization's admins may do this.")
        return organization_id
