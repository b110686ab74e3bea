"""Mail addresses of accounts: an address is an account's once its owner has opened the link that was mailed to it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from auth.tokens import hash_of, new_link_token
from core.audit import AuditAction
from core.email_addresses import checked_email_address
from core.errors import InvalidCredentials, MailNotConfigured, TooManyAttempts
from core.links import EMAIL_CONFIRMATION_LIFETIME, LinkEnd
from core.mails import MailKind
from db.queries import account_links, audit_entries, users
from db.queries.account_links import AccountLinkKind
from db.queries.audit_entries import NewEntry
from db.queries.users import UserRow
from mail import messages
from resolvers import mails
from resolvers.attempts import record_outcome
from resolvers.caller import Caller, Client
from resolvers.links import EMAIL_CONFIRMATION_PATH, checked_hash, ended, link_to
from resolvers.mails import MailOutcome
from resolvers.password_rule import require_passwords
from resolvers.services import Services

log = structlog.get_logger()

_KIND = AccountLinkKind.EMAIL_CONFIRMATION
_TOO_MANY = "Too many attempts to change the mail address. Please wait before you try again."


@dataclass(frozen=True, slots=True)
class AccountEmail:
    """The confirmed address of an account, and the one that waits for being confirmed, if any."""

    confirmed: str | None
    unconfirmed: str | None
    unconfirmed_until: datetime | None


async def own(caller: Caller, user_id: UUID) -> AccountEmail | None:
    """Return the viewer's own mail addresses; None if the account is not the viewer's own."""
    if user_id != caller.viewer.user_id:
        return None
    async with caller.database.read() as db:
        waiting = await account_links.newest_unconfirmed(db, user_id)
        return AccountEmail(await users.email(db, user_id), *(waiting or (None, None)))


async def change(caller: Caller, user: UserRow, email: str, current_password: str) -> MailOutcome:
    """Mail a link to an address, which is the viewer's once the link is opened; return what became of the mail.

    InvalidInput, InvalidCredentials, MailNotConfigured, PasswordsNotAccepted, TooManyAttempts.
    """
    services = caller.services
    require_passwords(services)
    if services.mail_sender is None:
        raise MailNotConfigured("This service sends no mail, so it cannot confirm an address.")
    address = checked_email_address("email", email)
    throttles = services.throttles
    await throttles.sign_in_per_account.attempt(user.id.hex, _TOO_MANY)
    await throttles.mails_per_sender.attempt(user.id.hex, _TOO_MANY)
    async with caller.database.read() as db:
        stored = await users.password_hash(db, user.id)
    if not await services.passwords.check(current_password, stored):
        raise InvalidCredentials("The current password is wrong.")
    await mails.count_for_recipient(services, MailKind.EMAIL_CONFIRMATION, address)
    return await _mail_link(services, user, address)


async def send_confirmation(services: Services, user: UserRow, address: str) -> None:
    """Mail a new account the link that confirms its address, unless that address was sent too much."""
    try:
        await mails.count_for_recipient(services, MailKind.EMAIL_CONFIRMATION, address)
    except TooManyAttempts:
        return
    await _mail_link(services, user, address)


@record_outcome("confirm_email")
async def confirm(services: Services, client: Client, token: str) -> tuple[str, str]:
    """Make an address that of its account; return username and address. InvalidLink, TooManyAttempts."""
    token_hash = await checked_hash(services, client, token)
    async with services.database.write() as db:
        link = await account_links.by_token(db, _KIND, token_hash)
        if link is None:
            raise ended(LinkEnd.UNKNOWN)
        # The account first: two links of one account would otherwise wait for one another.
        await users.lock(db, link.user_id)
        if not await account_links.use(db, link.id):
            again = await account_links.by_token(db, _KIND, token_hash)
            raise ended(LinkEnd.UNKNOWN if again is None else again.end)
        former = await users.email(db, link.user_id)
        await users.set_email(db, link.user_id, link.email)
        # Links that went to the former address, too: whoever has it must not get in by them any more.
        await account_links.replace_all(db, link.user_id, _KIND, AccountLinkKind.PASSWORD_RESET)
        await audit_entries.add(db, NewEntry(AuditAction.EMAIL_CHANGED, link.user_id, subject_id=link.user_id))
    if former is not None and former != link.email:
        _tell_former(services, former, link.username)
    return link.username, link.email


async def _mail_link(services: Services, user: UserRow, address: str) -> MailOutcome:
    token = new_link_token()
    async with services.database.write() as db:
        await users.lock(db, user.id)
        await account_links.replace_all(db, user.id, _KIND)
        expires_at = await account_links.add(db, _KIND, user.id, hash_of(token), address, EMAIL_CONFIRMATION_LIFETIME)
    link = link_to(services, EMAIL_CONFIRMATION_PATH, token)
    mail = messages.email_confirmation(address, user.username, link, expires_at)
    return await mails.send(services, MailKind.EMAIL_CONFIRMATION, mail)


def _tell_former(services: Services, address: str, username: str) -> None:
    mail = messages.email_changed(address, username)

    async def send() -> None:
        await mails.send(services, MailKind.EMAIL_CHANGED, mail)

    try:
        services.background_sends.submit(send)
    except TooManyAttempts:
        log.warning("the former address was not told of a change: too many mails wait")
