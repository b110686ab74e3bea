"""Mutations about links, and what one gets by them."""

from email.message import EmailMessage
from typing import Any

from sqlalchemy import text

from db.queries import users
from db.queries.organizations import OrganizationRow
from db.queries.users import UserRow
from tests.mail_server import link_in
from tests.schema.sample_tenants import run
from tests.world import Asker, World

_PROBLEM = "... on Error { message } ... on InvalidInput { field } ... on InvalidLink { reason }"
INVITE = """mutation ($input: InviteMemberInput!) { inviteMember(input: $input) {
    __typename
    ... on InviteMemberSuccess {
        invitation { id organizationId email role invitedBy { username } createdAt expiresAt } link mail mailProblem
    }
    ... on Error { message } ... on InvalidInput { field }
} }"""
REVOKE = """mutation ($input: RevokeInvitationInput!) { revokeInvitation(input: $input) {
    __typename ... on RevokeInvitationSuccess { revokedId } ... on Error { message }
} }"""
OPEN = """mutation ($input: OpenInvitationInput!) { openInvitation(input: $input) {
    __typename ... on OpenInvitationSuccess { organizationName role email }
    ... on Error { message } ... on InvalidLink { reason }
} }"""
ACCEPT = f"""mutation ($input: AcceptInvitationInput!) {{ acceptInvitation(input: $input) {{
    __typename ... on AcceptInvitationSuccess {{ username organizationId organizationName role }} {_PROBLEM}
}} }}"""
REQUEST_RESET = """mutation ($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) {
    __typename ... on RequestPasswordResetSuccess { username } ... on Error { message }
} }"""
RESET = f"""mutation ($input: ResetPasswordInput!) {{ resetPassword(input: $input) {{
    __typename ... on ResetPasswordSuccess {{ username }} {_PROBLEM}
}} }}"""
CHANGE_EMAIL = """mutation ($input: ChangeEmailInput!) { changeEmail(input: $input) {
    __typename ... on ChangeEmailSuccess { mail mailProblem }
    ... on Error { message } ... on InvalidInput { field }
} }"""
CONFIRM = """mutation ($input: ConfirmEmailInput!) { confirmEmail(input: $input) {
    __typename ... on ConfirmEmailSuccess { username email } ... on Error { message } ... on InvalidLink { reason }
} }"""
EMAIL = "{ viewer { email { confirmed unconfirmed unconfirmedUntil } } }"
_INVITATIONS = "query ($id: ID!) { organization(id: $id) { invitations { nodes { id email role } } } }"

NEW_PASSWORD = "another horse battery"


async def invited(
    by: Asker, organization: OrganizationRow, email: str = "nora@example.com", role: str = "MEMBER"
) -> dict[str, Any]:
    """The outcome of an invitation that somebody makes: the invitation, its link, what became of the mail."""
    answer = await run(by, INVITE, organizationId=str(organization.id), email=email, role=role)
    assert answer["__typename"] == "InviteMemberSuccess", answer
    return answer


async def invitations_of(admin: Asker, organization: OrganizationRow) -> list[dict[str, Any]]:
    """The invitations that an organization shows to its admin."""
    shown = (await admin.ask(_INVITATIONS, id=str(organization.id)))["organization"]
    found: list[dict[str, Any]] = shown["invitations"]["nodes"]
    return found


def token_in(link: str | EmailMessage) -> str:
    """The token of a link, or of the one in a message."""
    return (link if isinstance(link, str) else link_in(link)).partition("#")[2]


async def user_with_email(world: World, username: str, email: str) -> UserRow:
    """An account that can sign in, with a confirmed address."""
    user = await world.user_with_password(username)
    async with world.services.database.write() as db:
        await users.set_email(db, user.id, email)
    return user


async def let_time_pass(world: World, table: str) -> None:
    """Let the time of all links in a table pass."""
    async with world.services.database.write() as db:
        await db.execute(text(f"UPDATE {table} SET expires_at = now()"))
