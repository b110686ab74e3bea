"""Invitations as the organization's admins see them: make, list and revoke. See ADR 34."""

from dataclasses import dataclass
from uuid import UUID

from auth.tokens import hash_of, new_link_token
from core.audit import AuditAction
from core.email_addresses import checked_email_address
from core.errors import AlreadyInvited, NotFound
from core.links import INVITATION_LIFETIME, LinkEnd
from core.mails import MailKind
from core.roles import Role
from db.queries import invitations
from db.queries.invitations import InvitationRow, NewInvitation
from mail import messages
from resolvers import mails
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.joining import lock_as_admin, require_room
from resolvers.links import INVITATION_PATH, link_to
from resolvers.mails import MailOutcome
from resolvers.pages import ConnectionRow, forward

_NOT_FOUND = "There is no such invitation. It may have been accepted or revoked, or have expired."
_TOO_MANY = "You have made too many invitations, or changes of a mail address. Please wait before you make another."


@dataclass(frozen=True, slots=True)
class IssuedInvitation:
    """An invitation with its link, which is shown this once, and what became of the mail with it."""

    row: InvitationRow
    link: str
    mail: MailOutcome


async def of_organization(
    caller: Caller, organization_id: UUID, first: int, after: str | None
) -> ConnectionRow[InvitationRow]:
    """A page of an organization's open invitations. Forbidden unless the viewer manages it."""
    caller.viewer.require_management_of(organization_id)
    request = forward(invitations.OLDEST_FIRST.parse, first, after)
    page = await caller.batches.load(invitations.pages_by_organization, organization_id, request)
    assert page is not None  # noqa: S101 - the query answers for every organization it is asked about
    return ConnectionRow(page)


async def invite(caller: Caller, organization_id: UUID | None, role: Role, email: str) -> IssuedInvitation:
    """Make an invitation and mail its link, if there is a mail server; a failure of it is told.

    NotFound (the organization), Forbidden, InvalidInput, AlreadyInvited, TooManyOffers, TooManyAttempts.
    """
    organization_id = caller.viewer.require_management_of(organization_id)
    address = checked_email_address("email", email)
    services = caller.services
    await services.throttles.mails_per_sender.attempt(caller.viewer.user_id.hex, _TOO_MANY)
    if services.mail_sender is not None:
        await mails.count_for_recipient(services, MailKind.INVITATION, address)
    token = new_link_token()
    async with caller.database.write() as db:
        await lock_as_admin(caller, db, organization_id)
        new = NewInvitation(hash_of(token), organization_id, role, address, caller.viewer.user_id)
        row = await invitations.add(db, new, INVITATION_LIFETIME)
        if row is None:
            raise AlreadyInvited(f"{address} has an open invitation. Revoke it first to make another one.")
        await require_room(db, organization_id)
        details = {"invitationId": str(row.id), "role": role.value}
        await record_audit_entry(
            db, caller.viewer, AuditAction.MEMBER_INVITED, organization_id=organization_id, details=details
        )
    link = link_to(services, INVITATION_PATH, token)
    mail = messages.invitation(address, row.organization_name, role.value, link, row.expires_at)
    return IssuedInvitation(row, link, await mails.send(services, MailKind.INVITATION, mail))


async def revoke(caller: Caller, invitation_id: UUID | None) -> UUID:
    """Revoke an organization's invitation; return its id. NotFound, Forbidden."""
    if invitation_id is None:
        raise NotFound(_NOT_FOUND)
    async with caller.database.write() as db:
        organization_id = await invitations.organization_of(db, caller.viewer.readable, invitation_id)
        if organization_id is None:
            raise NotFound(_NOT_FOUND)
        caller.viewer.require_management_of(organization_id)
        if not await invitations.end(db, invitation_id, LinkEnd.REVOKED):
            raise NotFound(_NOT_FOUND)
        details = {"invitationId": str(invitation_id)}
        await record_audit_entry(
            db, caller.viewer, AuditAction.INVITATION_REVOKED, organization_id=organization_id, details=details
        )
    return invitation_id
