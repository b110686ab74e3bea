"""The instrumentation interface: called once for a commit, an operation, a sign-in; not for each event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class GroupReport:
    """A group of requests whose events were stored by one commit, or were not.

    `seconds` is the time from the start of the work to its end. `rejected` counts events by rejection code, `failed`
    requests by error code.
    """

    events: int
    seconds: float
    accepted: int
    duplicates: int
    rejected: Mapping[str, int]
    failed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OperationReport:
    """A GraphQL operation that was answered.

    `kind` is `query`, `mutation`, or `invalid` for what was never run. `name` is the client's own; None without one and
    for strangers, who could make up any number of them. `codes` are those of the errors in the answer.
    """

    kind: str
    name: str | None
    seconds: float
    codes: Sequence[str]


class Job(StrEnum):
    """A kind of background work."""

    ROLLUPS = "rollups"
    DIRTY_HOURS = "dirty_hours"
    RETENTION = "retention"
    ERASURE = "erasure"
    REJECTED_EVENTS = "rejected_events"
    SIGN_INS = "sign_ins"
    MEMBERSHIP_OFFERS = "membership_offers"
    API_TOKENS = "api_tokens"
    INVITATIONS = "invitations"
    ACCOUNT_LINKS = "account_links"
    WEBHOOKS = "webhooks"
    WEBHOOK_HISTORY = "webhook_history"
    PARTITIONS = "partitions"
    KEY_USAGE = "key_usage"
    ANONYMOUS_EVENTS = "anonymous_events"
    DOMAINS = "domains"
    ALERTS = "alerts"


class PortionOutcome(StrEnum):
    """The outcome of a portion of background work.

    TOO_LONG: it ran into its time limit and is taken again in smaller portions. PUT_ASIDE: it cannot be made smaller,
    and is tried again later while the rest goes on.
    """

    FINISHED = "finished"
    TOO_LONG = "too_long"
    PUT_ASIDE = "put_aside"


class RoundOutcome(StrEnum):
    """The outcome of a round of background work.

    COMPLETE: nothing that could be done is left. PARTIAL: it failed after it had finished something. STUCK: it failed
    and finished nothing.
    """

    COMPLETE = "complete"
    PARTIAL = "partial"
    STUCK = "stuck"


class Observer:
    """The receiver of instrumentation. This one keeps nothing; observability/metrics.py makes metrics of it."""

    def group_stored(self, report: GroupReport) -> None:
        """The event writer is done with a group."""

    def operation_answered(self, report: OperationReport) -> None:
        """GraphQL has answered an operation."""

    def sign_in_attempted(self, kind: str, outcome: str) -> None:
        """Somebody tried to `login`, `refresh` or `change_password`: `succeeded`, `wrong`, `throttled` or `failed`.

        Or to use a link: `accept_invitation`, `reset_password`, `confirm_email`.
        """

    def mail_ended(self, kind: str, outcome: str) -> None:
        """A mail of a kind (`core.mails.MailKind`) was `sent`, `failed`, or was `throttled` and not tried."""

    def webhook_attempted(self, outcome: str, seconds: float) -> None:
        """A webhook's message was sent, or was not: `core.webhooks.AttemptOutcome`."""

    def webhook_ended(self, state: str) -> None:
        """A delivery was `delivered`, or given up as `failed`."""

    def portion_ended(self, job: Job, outcome: PortionOutcome) -> None:
        """A portion of background work was committed, ran into its time limit, or was put aside."""

    def round_ended(self, job: Job, outcome: RoundOutcome) -> None:
        """A round of background work is over."""


NOBODY = Observer()
"""Where nobody looks."""
