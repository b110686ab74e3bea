"""Links that do something once: their addresses, and the check of a token that somebody presents."""

from auth.tokens import hash_of
from core.errors import InvalidLink
from core.limits import LINK_TOKEN_CHARACTERS
from core.links import LinkEnd
from resolvers.caller import Client
from resolvers.services import Services

INVITATION_PATH = "/invitation"
PASSWORD_RESET_PATH = "/password-reset"  # noqa: S105 - no password
EMAIL_CONFIRMATION_PATH = "/email-confirmation"

_TOO_MANY = "Too many links were tried from your address. Please wait before you try again."
_MESSAGES = {
    LinkEnd.UNKNOWN: "There is no such link, or it ended over seven days ago. Copy it in full, or ask for a new one.",
    LinkEnd.USED: "This link was used before, and works once. If it was not you, ask for a new one.",
    LinkEnd.EXPIRED: "The time of this link has passed. Ask for a new one.",
    LinkEnd.REVOKED: "This invitation was revoked. Ask an admin of the organization for a new one.",
    LinkEnd.INVITER_LOST_ROLE: "Whoever invited you may not do so any more. Ask an admin of the organization for a new "
    "invitation.",
    LinkEnd.REPLACED: "This link was replaced by a newer one, or is not needed any more. Use the newest one you got.",
}


def link_to(services: Services, path: str, token: str) -> str:
    """Return the link with a token: in the fragment, which browsers send to no server, so that no log holds it."""
    return f"{services.public_url}{path}#{token}"


async def checked_hash(services: Services, client: Client, token: str) -> bytes:
    """Count an attempt to use a link as one to sign in; return the hash of its token. TooManyAttempts, InvalidLink."""
    await services.throttles.sign_in_per_address.attempt(client.network, _TOO_MANY)
    if not token or len(token) > LINK_TOKEN_CHARACTERS or not token.isascii():
        raise ended(LinkEnd.UNKNOWN)
    return hash_of(token)


def ended(end: LinkEnd | None) -> InvalidLink:
    """Return the error for a link that does nothing; None stands for one that was used up at this moment."""
    reason = LinkEnd.USED if end is None else end
    return InvalidLink(_MESSAGES[reason], reason)
