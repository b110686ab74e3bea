"""The memberships that follow a person's groups at the provider of single sign-on, at each sign-in.

Only those that came from groups are changed, and marked as such. One that an admin of the organization has made stays
as it is. Groups decide even about the last admin: whoever was taken out of one must not keep what it gave.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from auth.sso.groups import GroupRole
from core.audit import AuditAction
from core.errors import SignInRefused
from core.roles import Role
from core.scope import Scope
from db.queries import audit_entries, memberships, organizations, team_leads
from db.queries.audit_entries import NewEntry
from db.queries.memberships import MembershipRow
from resolvers.joining import end_made_by
from resolvers.organizations import named

_BY_RIGHTS = (Role.ADMIN, Role.MEMBER, Role.VIEWER, Role.LEAD)
_BY = {"by": "single_sign_on"}


async def follow_groups(db: AsyncConnection, user_id: UUID, roles: Sequence[GroupRole]) -> None:
    """Add, change and end a locked account's memberships as its groups say. SignInRefused.

    The organizations concerned are locked in one order, so that two sign-ins never wait for one another.
    """
    wanted = await _wanted(db, roles)
    concerned = _differences(await memberships.of_user(db, user_id), wanted)
    for organization_id in sorted(concerned):
        if not await organizations.lock(db, Scope.of([organization_id]), organization_id):
            raise SignInRefused("An organization of yours was deleted at this moment. Sign in again.")
    held = {row.organization_id: row for row in await memberships.of_user(db, user_id)}
    for organization_id in sorted(_differences(list(held.values()), wanted) & concerned):
        await _change(db, user_id, organization_id, held.get(organization_id), wanted.get(organization_id))


def _differences(held: Sequence[MembershipRow], wanted: dict[UUID, Role]) -> set[UUID]:
    """Return the organizations in which something is to be changed."""
    theirs = {row.organization_id: row for row in held}
    added = {organization_id for organization_id in wanted if organization_id not in theirs}
    return added | {row.organization_id for row in held if row.by_sso and wanted.get(row.organization_id) != row.role}


async def _change(
    db: AsyncConnection, user_id: UUID, organization_id: UUID, held: MembershipRow | None, role: Role | None
) -> None:
    if role is None:
        action, details = AuditAction.MEMBER_REMOVED, _BY
        await memberships.remove(db, organization_id, user_id)
    elif held is None:
        action, details = AuditAction.MEMBER_ADDED, {**_BY, "role": role.value}
        await memberships.add(db, organization_id, user_id, role, by_sso=True)
    else:
        action, details = AuditAction.MEMBER_ROLE_CHANGED, {**_BY, "role": role.value}
        await memberships.set_role(db, organization_id, user_id, role)
    if role is not Role.ADMIN:
        await end_made_by(db, organization_id, user_id)
    if role is not None and role is not Role.LEAD:  # whoever is removed leads nothing any more
        await team_leads.remove_of_member(db, organization_id, user_id)
    await audit_entries.add(db, NewEntry(action, None, organization_id, user_id, details))


async def _wanted(db: AsyncConnection, roles: Sequence[GroupRole]) -> dict[UUID, Role]:
    """Return the role in each organization: of several the one with the most rights. SignInRefused."""
    wanted: dict[UUID, Role] = {}
    for each in roles:
        found = await named(db, each.organization)
        if len(found) != 1:
            how_many = "several organizations have that name here" if found else "there is no such organization here"
            raise SignInRefused(
                f"Your group {each.group} stands for a role in {each.organization}, but {how_many}. Nobody is signed "
                "in. Whoever runs this service has to mend the groups, or make the organization."
            )
        organization_id = found[0].id
        wanted[organization_id] = min(wanted.get(organization_id, each.role), each.role, key=_BY_RIGHTS.index)
    return wanted
