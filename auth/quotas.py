"""The quotas that a request was counted against, and what is left of each: its sender is told (web/rate_limits.py)."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class QuotaPolicy:
    """A limit as clients are told it: so many units in a window of so many seconds.

    `unit` is None for requests. A limit of what is under way at once has no `window`.
    """

    name: str
    units: int
    window: int | None = None
    unit: str | None = None


class Quota(NamedTuple):
    """The rest of a limit that the sender of a request has; `seconds` until it is more, None if nothing is missing."""

    policy: QuotaPolicy
    remaining: int
    seconds: int | None = None
