"""Forgotten passwords: a link is mailed to the account's confirmed address, and sets a new password once.

A request is answered before anything is looked up: for names that nobody has, that have no confirmed address, or were
sent too much, the same is said, in the same time.
"""

from functools import partial
from hashlib import sha256

from auth.passwords import checked_password
from auth.tokens import hash_of, new_link_token
from core.audit import AuditAction
from core.errors import MailNotConfigured, TooManyAttempts
from core.limits import PASSWORD_RESET_LINKS
from core.links import PASSWORD_RESET_LIFETIME, LinkEnd
from core.mails import MailKind
from core.names import LONGEST_FORM, normalized_name
from db.queries import account_links, audit_entries, sign_ins, users
from db.queries.account_links import AccountLinkKind, AccountLinkRow
from db.queries.audit_entries import NewEntry
from mail import messages
from resolvers import mails
from resolvers.attempts import record_outcome
from resolvers.caller import Client
from resolvers.links import PASSWORD_RESET_PATH, checked_hash, ended, link_to
from resolvers.password_rule import require_passwords
from resolvers.services import Services

_KIND = AccountLinkKind.PASSWORD_RESET
_TOO_MANY = "Too many requests for a new password. Please wait before you try again."
_NO_MAIL = (
    "This service sends no mail, so it cannot send you a link. Ask whoever runs it to set a new password: "
    "`web-behavior set-password`."
)


async def request(services: Services, client: Client, username: str) -> None:
    """Have a link mailed, if the account exists and has a confirmed address.

    MailNotConfigured, PasswordsNotAccepted, TooManyAttempts.
    """
    require_passwords(services)
    if services.mail_sender is None:
        raise MailNotConfigured(_NO_MAIL)
    throttles = services.throttles
    await throttles.sign_in_per_address.attempt(client.network, _TOO_MANY)
    # By the name alone, which is looked up by nobody yet.
    name = normalized_name(username) if len(username) <= LONGEST_FORM else username
    key = sha256(name.encode(errors="replace")).hexdigest()
    await throttles.sign_in_per_account.attempt(f"reset:{key}@{client.network}", _TOO_MANY)
    services.background_sends.submit(partial(_send, services, username))


@record_outcome("reset_password")
async def reset(services: Services, client: Client, token: str, new_password: str) -> str:
    """Set a new password by a link, and end all sign-ins; return the username.

    InvalidLink, InvalidInput, PasswordsNotAccepted, TooManyAttempts.
    """
    require_passwords(services)
    token_hash = await checked_hash(services, client, token)
    services.passwords.queue.check(client.network)
    async with services.database.read() as db:
        link = _holding(await account_links.by_token(db, _KIND, token_hash))  # before anything is hashed
    password_hash = await services.passwords.hash(checked_password(new_password, "newPassword"), client.network)
    async with services.database.write() as db:
        # The account first: two links of one account would otherwise wait for one another.
        await users.locked_password_hash(db, link.user_id, to_change=True)
        if not await account_links.use(db, link.id):
            again = await account_links.by_token(db, _KIND, token_hash)
            raise ended(LinkEnd.UNKNOWN if again is None else again.end)
        await account_links.replace_all(db, link.user_id, _KIND)
        await users.set_password_hash(db, link.user_id, password_hash)
        await sign_ins.end_all(db, link.user_id)
        await audit_entries.add(db, NewEntry(AuditAction.PASSWORD_RESET, link.user_id, subject_id=link.user_id))
    return link.username


async def _send(services: Services, username: str) -> None:
    """Mail a link to the account of that name, if it has a confirmed address that was not sent too much."""
    if len(username) > LONGEST_FORM:
        return
    async with services.database.read() as db:
        account = await users.reset_address(db, username)
    if account is None:
        return
    user_id, name, address = account
    try:
        await mails.count_for_recipient(services, MailKind.PASSWORD_RESET, address)
    except TooManyAttempts:
        return
    token = new_link_token()
    async with services.database.write() as db:
        await users.lock(db, user_id)
        if await account_links.open_count(db, user_id, _KIND) >= PASSWORD_RESET_LINKS:
            return
        expires_at = await account_links.add(db, _KIND, user_id, hash_of(token), address, PASSWORD_RESET_LIFETIME)
        await audit_entries.add(db, NewEntry(AuditAction.PASSWORD_RESET_SENT, None, subject_id=user_id))
    link = link_to(services, PASSWORD_RESET_PATH, token)
    mail = messages.password_reset(address, name, link, expires_at)
    await mails.send(services, MailKind.PASSWORD_RESET, mail)


def _holding(link: AccountLinkRow | None) -> AccountLinkRow:
    """Return a link that holds. InvalidLink."""
    if link is None:
        raise ended(LinkEnd.UNKNOWN)
    if link.end is not None:
        raise ended(link.end)
    return link
