"""Invitations as whoever has the link sees them: open one, and accept it by an account or with a new one.

A new account's username is the wanted name with digits behind it, always: a name that is taken would otherwise tell
whoever may invite that an account has it. See ADR 34.
"""

import secrets
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.passwords import checked_password
from core.audit import AuditAction
from core.errors import AlreadyMember, Conflict, InvalidInput, InvalidLink, TooManyAttempts
from core.limits import NAME_CHARACTERS
from core.links import LinkEnd
from core.names import checked_name
from core.scope import Scope
from db.queries import audit_entries, invitations, organizations, users
from db.queries.audit_entries import NewEntry
from db.queries.invitations import InvitationRow
from db.queries.users import UserRow
from resolvers.attempts import record_outcome
from resolvers.caller import Caller, Client
from resolvers.email_changes import send_confirmation
from resolvers.joining import add_member
from resolvers.links import checked_hash, ended
from resolvers.password_rule import require_passwords
from resolvers.services import Services

log = structlog.get_logger()

_FEWEST_DIGITS, _MOST_DIGITS = 4, 9


@dataclass(frozen=True, slots=True)
class AcceptedInvitation:
    """The invitation that was accepted, and the account that is a member now."""

    invitation: InvitationRow
    username: str


async def open_link(services: Services, client: Client, token: str) -> InvitationRow:
    """Return the open invitation of a link, which stays open. InvalidLink, TooManyAttempts."""
    async with services.database.read() as db:
        return await _found(db, await checked_hash(services, client, token))


@record_outcome("accept_invitation")
async def accept(caller: Caller, client: Client, token: str) -> AcceptedInvitation:
    """Make the viewer a member. InvalidLink, AlreadyMember, TooManyAttempts."""
    caller.viewer.require_sign_in()
    token_hash = await checked_hash(caller.services, client, token)
    async with caller.services.database.write() as db:
        invitation = await _used_up(db, await _found(db, token_hash))
        user = (await users.by_ids(db, [caller.viewer.user_id]))[caller.viewer.user_id]
        if not await _join(db, invitation, user.id):
            raise AlreadyMember(
                f"You are a member of {invitation.organization_name} already: the invitation stays open."
            )
    return AcceptedInvitation(invitation, user.username)


@record_outcome("accept_invitation")
async def accept_with_new_account(
    services: Services, client: Client, token: str, wanted_name: str, password: str
) -> AcceptedInvitation:
    """Make an account and make it a member; its address is unconfirmed.

    InvalidLink, InvalidInput, PasswordsNotAccepted, TooManyAttempts. The invited address is mailed a link to confirm:
    an admin knows the invitation's, so that proves no address.
    """
    require_passwords(services)
    token_hash = await checked_hash(services, client, token)
    services.passwords.queue.check(client.network)
    async with services.database.read() as db:
        await _found(db, token_hash)  # before anything is hashed
    name = _checked_base(wanted_name)
    password_hash = await services.passwords.hash(checked_password(password), client.network)
    async with services.database.write() as db:
        invitation = await _used_up(db, await _found(db, token_hash))
        user = await _new_account(db, name, password_hash, invitation)
        await _join(db, invitation, user.id)
    if services.mail_sender is not None:
        try:
            services.background_sends.submit(partial(send_confirmation, services, user, invitation.email))
        except TooManyAttempts:
            log.warning("no confirmation was mailed to a new member: too many mails wait")
    return AcceptedInvitation(invitation, user.username)


async def _found(db: AsyncConnection, token_hash: bytes) -> InvitationRow:
    """Return an open invitation. InvalidLink."""
    invitation = await invitations.by_token(db, token_hash)
    if invitation is None or invitation.end is not None:
        raise ended(LinkEnd.UNKNOWN if invitation is None or invitation.end is None else invitation.end)
    return invitation


async def _used_up(db: AsyncConnection, invitation: InvitationRow) -> InvitationRow:
    """Lock the organization and use its invitation up. InvalidLink when it has ended meanwhile.

    In this order, as whoever deletes the organization, or takes the role of the invitation's maker.
    """
    organization_id = invitation.organization_id
    if not await organizations.lock(db, Scope.of([organization_id]), organization_id):
        raise ended(LinkEnd.UNKNOWN)
    if not await invitations.end(db, invitation.id, LinkEnd.USED):
        raise await _end_of(db, invitation)
    return invitation


async def _end_of(db: AsyncConnection, invitation: InvitationRow) -> InvalidLink:
    """The error for an invitation that has just ended."""
    found = await invitations.by_id(db, invitation.id)
    return ended(LinkEnd.UNKNOWN if found is None else found.end)


async def _join(db: AsyncConnection, invitation: InvitationRow, user_id: UUID) -> bool:
    accepted = {"invitationId": str(invitation.id)}
    return await add_member(db, invitation.organization_id, user_id, invitation.role, accepted) is not None


async def _new_account(db: AsyncConnection, name: str, password_hash: str, invitation: InvitationRow) -> UserRow:
    """Make an account, with more digits behind the name each time that it is taken."""
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS + 1):
        username = f"{name}-{secrets.randbelow(10**digits):0{digits}}"
        if await users.by_username(db, username) is None:
            user = await users.create(db, username, password_hash, is_super_admin=False)
            details = {"superAdmin": False, "invitationId": str(invitation.id)}
            await audit_entries.add(
                db, NewEntry(AuditAction.USER_CREATED, user.id, subject_id=user.id, details=details)
            )
            return user
    raise Conflict("No free username was found for that name. Choose another one.")


def _checked_base(wanted_name: str) -> str:
    """Return the name before the digits. InvalidInput when there is no room for them, too."""
    name = checked_name("username", wanted_name)
    if len(name) > NAME_CHARACTERS - _MOST_DIGITS - 1:
        raise InvalidInput(
            f"`username` has at most {NAME_CHARACTERS - _MOST_DIGITS - 1} characters: digits are put behind it.",
            "username",
        )
    return name
