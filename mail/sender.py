"""Sends messages to the configured mail server, a few at a time, each within a time limit."""

import asyncio
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr

import structlog
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)
from aiosmtplib import send as send_by_smtp

from mail.options import Encryption, SmtpOptions

log = structlog.get_logger()

_AT_ONCE = 4
"""How many connections to the mail server a process has at once."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A message to one address: plain text."""

    to: str
    subject: str
    text: str


class MailFailed(Exception):
    """The mail server did not take a message; the message says why in one sentence that may be shown to the sender."""


class MailSender:
    """Sends messages by SMTP. A message that the server has taken may still not arrive: nobody tells."""

    def __init__(self, options: SmtpOptions) -> None:
        self._options = options
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def send(self, mail: Mail) -> None:
        """Hand a message to the mail server. MailFailed."""
        options = self._options
        try:
            async with asyncio.timeout(options.timeout), self._turns:
                await send_by_smtp(
                    self._message(mail),
                    hostname=options.host,
                    port=options.port,
                    username=options.username,
                    password=options.password,
                    use_tls=options.encryption is Encryption.TLS,
                    start_tls=options.encryption is Encryption.STARTTLS,
                    timeout=options.timeout,
                )
        except (SMTPException, OSError, TimeoutError) as error:
            problem = _problem(error)
            log.warning("a mail was not sent", problem=problem, error=type(error).__name__)
            raise MailFailed(problem) from error

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(SMTP)
        message["From"] = self._options.sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=parseaddr(self._options.sender)[1].rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"  # so that no absence notice answers it
        message.set_content(mail.text)
        return message


def _problem(error: Exception) -> str:
    """Return a failure as a sentence, without the server's own words: these may name its users and addresses."""
    if isinstance(error, SMTPAuthenticationError):
        return f"The mail server refuses the user and password of SMTP_URL ({error.code})."
    if isinstance(error, SMTPSenderRefused):
        return f"The mail server refuses the sender's address, MAIL_FROM ({error.code})."
    if isinstance(error, SMTPRecipientsRefused):
        return f"The mail server refuses the recipient's address ({_code_of(error)})."
    if isinstance(error, SMTPResponseException):
        return f"The mail server refuses the message ({error.code})."
    if isinstance(error, TimeoutError):
        return "The mail server did not answer in time."
    return "The mail server cannot be reached, or does not encrypt the connection as SMTP_URL demands."


def _code_of(error: SMTPRecipientsRefused) -> int:
    [first, *_] = error.recipients
    assert isinstance(first, SMTPRecipientRefused)  # noqa: S101 - the library's own
    return first.code
