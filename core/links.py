"""Links that do something once: why one does nothing (any more), and how long each holds."""

from datetime import timedelta

from core.described_enum import DescribedEnum
from core.limits import EMAIL_CONFIRMATION_HOURS, INVITATION_HOURS, PASSWORD_RESET_MINUTES

INVITATION_LIFETIME = timedelta(hours=INVITATION_HOURS)
PASSWORD_RESET_LIFETIME = timedelta(minutes=PASSWORD_RESET_MINUTES)
EMAIL_CONFIRMATION_LIFETIME = timedelta(hours=EMAIL_CONFIRMATION_HOURS)


class LinkEnd(DescribedEnum):
    """The reason why a link does nothing."""

    UNKNOWN = "unknown", "There is no such link: it was copied in part, or ended more than seven days ago."
    USED = "used", "It was used, by whoever had it."
    EXPIRED = "expired", "Its time has passed."
    REVOKED = "revoked", "An admin of the organization has revoked it."
    INVITER_LOST_ROLE = "inviter_lost_role", "The admin who made it is no admin of the organization any more."
    REPLACED = (
        "replaced",
        "Another link did its work, or a newer one was asked for: the password or the address changed.",
    )
