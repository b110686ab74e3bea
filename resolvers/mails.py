"""Mails: each is sent within a time limit, and so often to one address at most."""

from dataclasses import dataclass
from hashlib import sha256

from core.email_addresses import normalized_email_address
from core.errors import TooManyAttempts
from core.mails import MailDelivery, MailKind
from mail.sender import Mail, MailFailed
from resolvers.services import Services

_TOO_MANY = "That address was sent too many mails of this kind. Please wait before you try again."


@dataclass(frozen=True, slots=True)
class MailOutcome:
    """The outcome of sending a mail. `problem` is a sentence for the sender, if it failed."""

    delivery: MailDelivery
    problem: str | None = None


async def count_for_recipient(services: Services, kind: MailKind, address: str) -> None:
    """Count a mail that is about to be sent to an address. TooManyAttempts.

    Kinds are counted apart: whoever may invite an address must not learn whether it was sent other mails.
    """
    key = sha256(normalized_email_address(address).encode()).hexdigest()
    try:
        await services.throttles.mails_per_recipient.attempt(f"{kind}:{key}", _TOO_MANY)
    except TooManyAttempts:
        services.observer.mail_ended(kind, "throttled")
        raise


async def send(services: Services, kind: MailKind, mail: Mail) -> MailOutcome:
    """Send a mail; return what became of it. No failure of the mail server is raised."""
    if services.mail_sender is None:
        return MailOutcome(MailDelivery.NOT_CONFIGURED)
    try:
        await services.mail_sender.send(mail)
    except MailFailed as error:
        services.observer.mail_ended(kind, "failed")
        return MailOutcome(MailDelivery.FAILED, str(error))
    services.observer.mail_ended(kind, "sent")
    return MailOutcome(MailDelivery.SENT)
