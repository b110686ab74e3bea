"""Webhooks: the events that they tell, the states of endpoints and deliveries, and when a delivery is tried again."""

import random
from datetime import timedelta

from core.described_enum import DescribedEnum

RETRIED_FOR = timedelta(hours=24)
"""For how long a delivery is tried again before it is kept as failed."""
SECRET_OVERLAP = timedelta(hours=24)
"""For how long messages are signed by the replaced secret, too."""
FAILING_FOR = timedelta(days=5)
"""After how long without a success an endpoint is paused."""
HISTORY = timedelta(days=30)
"""For how long deliveries that have ended are kept."""
ATTEMPTS_SHOWN = 20
"""How many attempts of a delivery are kept, the latest."""
PROBLEM_CHARACTERS = 500
_FIRST_DELAY, _FACTOR, _LONGEST_DELAY = 10.0, 3.0, 4 * 3600.0
_FIRST_REST, _LONGEST_REST = 1.0, 300.0
_JITTER = 0.2


class WebhookEventType(DescribedEnum):
    """A kind of event; the value is the `type` of its message."""

    PERSON_CREATED = "person.created", "An extension user was made."
    KEY_REGENERATED = "key.regenerated", "An extension user got a new API key, and the old one stopped working."
    EXPORT_MADE = "export.made", "Events, measures or everything held on a person were downloaded."
    RETENTION_RUN = (
        "retention.run",
        "Events that the organization keeps no longer were deleted. Told once for a run, a minute after its end.",
    )
    TEST = "test", "`testWebhook` was called. Goes to that endpoint alone; it cannot be asked for in `eventTypes`."


class WebhookExport(DescribedEnum):
    """The content of an export; the value is that of the action in the audit log."""

    BEHAVIORS = "behaviors_exported", "Single events."
    USAGE = "usage_exported", "Measures."
    EXTENSION_USER = "extension_user_exported", "Everything held on a person."


class WebhookStatus(DescribedEnum):
    """The status of an endpoint."""

    ACTIVE = "active", "Events are delivered."
    DISABLED = "disabled", "An admin switched it off: events of that time are not kept for it."
    PAUSED = (
        "paused",
        "The service stopped delivering: `pauseReason`. Events wait, each for 24 hours, then they are kept as failed.",
    )


class WebhookPause(DescribedEnum):
    """The reason why the service has paused an endpoint."""

    OWNER_LOST_ACCESS = (
        "owner_lost_access",
        "Its owner is no admin of the organization any more. An admin who enables it becomes its owner.",
    )
    INVALID_SELECTION = "invalid_selection", "Its selection does not fit the schema any more: change it."
    FAILING = "failing", "Nothing could be delivered for five days."
    GONE = "gone", "The endpoint answered 410 Gone, which asks for no more."


class DeliveryState(DescribedEnum):
    """The state of a delivery."""

    PENDING = "pending", "It is to be tried, or tried again."
    DELIVERED = "delivered", "The endpoint answered with a status from 200 to 299."
    FAILED = "failed", "It was given up: `problem`. `redeliver` tries it again."


class AttemptOutcome(DescribedEnum):
    """The outcome of an attempt to deliver."""

    DELIVERED = "delivered", "The endpoint answered with a status from 200 to 299."
    REFUSED = "refused", "The endpoint answered with another status."
    TIMEOUT = "timeout", "The endpoint did not answer within ten seconds."
    CONNECTION = "connection", "No connection: its name, its port or its certificate."
    NOT_ALLOWED = "not_allowed", "Its address is none that messages may be sent to."
    NO_PAYLOAD = "no_payload", "The selection could not be answered, or its answer is too large."


def delay_after(attempts: int) -> float:
    """Return the seconds until a delivery is tried again after so many attempts: 10, 30, 90 …, at most four hours."""
    return _jittered(min(_FIRST_DELAY * _FACTOR ** min(attempts - 1, 20), _LONGEST_DELAY))


def rest_after(failures: int) -> float:
    """Return the seconds for which an endpoint rests after so many failures in a row: 1, 2, 4 …, at most 300."""
    return _jittered(min(_FIRST_REST * 2.0 ** min(failures - 1, 20), _LONGEST_REST))


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - jitter, not a secret
