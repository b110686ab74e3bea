"""The memberships that the groups of a person stand for.

OIDC_GROUPS={"engineering": "Acme/member"}     the group `engineering` stands for members of Acme
OIDC_GROUP_PREFIX=web-behavior/                so does the group `web-behavior/Acme/member`
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidProviderAnswer, SignInRefused
from core.limits import SSO_GROUPS
from core.roles import Role

_ROLES = {role.value: role for role in Role}


@dataclass(frozen=True, slots=True)
class GroupRole:
    """A group, and the role that it stands for in the organization of this name or id."""

    group: str
    organization: str
    role: Role


@dataclass(frozen=True, slots=True)
class GroupRules:
    """The claim that holds groups, and which of them stand for what: by a table, or by their own names."""

    claim: str
    table: Mapping[str, str]
    prefix: str | None

    @property
    def exist(self) -> bool:
        """True if groups can stand for anything; otherwise only accounts that were linked may sign in."""
        return bool(self.table or self.prefix)

    def roles(self, claims: Mapping[str, Any]) -> list[GroupRole]:
        """Return the roles that a person's groups stand for, each once. SignInRefused, InvalidProviderAnswer."""
        named = {group: self._place(group) for group in self._groups(claims)}
        found = [_role(group, place) for group, place in named.items() if place is not None]
        if len(found) > SSO_GROUPS:
            raise SignInRefused(f"Of your groups {len(found)} stand for roles here; at most {SSO_GROUPS} may.")
        return found

    def _groups(self, claims: Mapping[str, Any]) -> list[str]:
        if not self.exist:
            return []
        groups = claims.get(self.claim, [])
        groups = [groups] if isinstance(groups, str) else groups
        if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
            raise InvalidProviderAnswer(
                f"The claim {self.claim} is no list of groups. Whoever runs this service has to set another "
                "OIDC_GROUPS_CLAIM, or change what the provider puts there."
            )
        return groups

    def _place(self, group: str) -> str | None:
        """Return `organization/role` of a group that stands for one."""
        if group in self.table:
            return self.table[group]
        return group.removeprefix(self.prefix) if self.prefix and group.startswith(self.prefix) else None


def parsed_place(place: str) -> tuple[str, Role]:
    """Return the organization and the role of `organization/role`. ValueError."""
    organization, _, role = place.rpartition("/")
    if not organization.strip() or role not in _ROLES:
        raise ValueError(f"must be an organization and a role, {', '.join(_ROLES)}: like Acme/member.")
    return organization.strip(), _ROLES[role]


def _role(group: str, place: str) -> GroupRole:
    try:
        organization, role = parsed_place(place)
    except ValueError as error:
        raise SignInRefused(
            f"Your group {group} names no role here: it {error} Ask whoever manages the groups to mend or remove it."
        ) from error
    return GroupRole(group, organization, role)
