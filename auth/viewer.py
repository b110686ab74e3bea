"""The viewer: the user who sends a request, and their permissions, all of which are decided here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from core.errors import Forbidden, NotFound
from core.roles import Role
from core.scope import Scope
from core.token_scopes import TokenScope


@dataclass(frozen=True, slots=True)
class Viewer:
    """A user or service account with their role in each organization that they belong to.

    `credential_id`: the sign-in or API token that the request presents. `scopes`: the part of their rights that the
    token has; None for a sign-in, which has all. `teams_led`: the teams that they lead where their role is LEAD.
    """

    user_id: UUID
    credential_id: UUID
    is_super_admin: bool
    roles: Mapping[UUID, Role]
    scopes: frozenset[TokenScope] | None = None
    teams_led: frozenset[UUID] = frozenset()

    @property
    def readable(self) -> Scope:
        """The organizations whose data the viewer may read, and the teams that they lead in others.

        All for super admins.
        """
        if self.is_super_admin:
            return Scope.everything()
        led = [organization for organization, role in self.roles.items() if role is Role.LEAD]
        return Scope.of(self.roles.keys() - led).leading(led, self.teams_led)

    @property
    def manageable(self) -> Scope:
        """The organizations the viewer may change: those they are an admin of; all for super admins."""
        if self.is_super_admin:
            return Scope.everything()
        return Scope.of(organization for organization, role in self.roles.items() if role is Role.ADMIN)

    @property
    def token_id(self) -> UUID | None:
        """The API token that the request presents; None for a sign-in."""
        return None if self.scopes is None else self.credential_id

    @property
    def is_service_account(self) -> bool:
        """True for a service account, which has its rights by itself and is a member of nothing."""
        return self.scopes is not None and self.user_id == self.credential_id

    def require_scopes(self, scopes: Iterable[TokenScope]) -> None:
        """Raise Forbidden if the request presents an API token that lacks one of these scopes."""
        missing = [] if self.scopes is None else sorted(scope.value for scope in set(scopes) - self.scopes)
        if missing:
            raise Forbidden(f"The API token lacks the scope {', '.join(missing)}. Make one that has it.")

    def require_sign_in(self) -> None:
        """Raise Forbidden if the request presents an API token."""
        if self.scopes is not None:
            raise Forbidden("API tokens may not do this, whatever their scopes: sign in.")

    def require_super_admin(self) -> None:
        """Raise Forbidden unless the viewer is a super admin."""
        if not self.is_super_admin:
            raise Forbidden("Only super admins may do this.")

    def require_management_of(self, organization_id: UUID | None) -> UUID:
        """Return the organization's id if the viewer may change it.

        Raises Forbidden when they can only read it or lead teams in it, NotFound when they cannot know of it (or it has
        no id at all).
        """
        if organization_id is None or not self.readable.knows(organization_id):
            raise NotFound("There is no such organization.")
        if not self.manageable.covers(organization_id):
            raise Forbidden("Only the organization's admins may do this.")
        return organization_id

    def require_whole(self, organization_id: UUID) -> None:
        """Raise Forbidden when the viewer leads teams of the organization and sees no more of it; NotFound as above."""
        if not self.readable.knows(organization_id):
            raise NotFound("There is no such organization.")
        if not self.readable.covers(organization_id):
            raise Forbidden(
                "Leads see the people of their teams, not the whole organization. Ask for a team (`team`, "
                "`organization { teams }`), or for all of them together (`usage`, `deepWork`)."
            )
