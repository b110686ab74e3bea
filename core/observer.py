"""What the parts of the service tell of their work: once for a commit, an operation, a sign-in; not for each event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


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


class Observer:
    """Whom the parts tell. This one keeps nothing; app/observability has one that makes metrics of it."""

    def group_stored(self, report: GroupReport) -> None:
        """The event writer is done with a group."""

    def operation_answered(self, report: OperationReport) -> None:
        """GraphQL has answered an operation."""

    def sign_in_attempted(self, kind: str, outcome: str) -> None:
        """Somebody tried to `login`, `refresh` or `change_password`: `succeeded`, `wrong`, `throttled` or `failed`."""


NOBODY = Observer()
"""Where nobody looks."""
