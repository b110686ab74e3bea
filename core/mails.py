"""The mails that are sent, and what became of one."""

from enum import StrEnum

from core.described_enum import DescribedEnum


class MailKind(StrEnum):
    """A kind of mail."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - no password
    EMAIL_CONFIRMATION = "email_confirmation"
    EMAIL_CHANGED = "email_changed"


class MailDelivery(DescribedEnum):
    """The outcome of sending a mail."""

    SENT = "sent", "The mail server has taken it."
    FAILED = "failed", "The mail server did not take it: `mailProblem` says why."
    NOT_CONFIGURED = "not_configured", "The service has no mail server: see `SMTP_URL` in its settings."
