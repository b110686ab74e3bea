"""What an answer's row holds, as GraphQL shows it."""

from dataclasses import dataclass, fields
from typing import Any

from core.measures import BY_NAME


@dataclass(frozen=True, slots=True)
class SessionSeconds:
    """How long sessions last, in seconds; null without any."""

    average: float | None = None
    p50: float | None = None
    p95: float | None = None
    longest: float | None = None


@dataclass(frozen=True, slots=True)
class MeasureValues:
    """The measures of a set of events; of none, all zero. What was not asked for is zero, too: nobody reads it."""

    events: int = 0
    active_events: int = 0
    users: int = 0
    sessions: int = 0
    unique_domains: int = 0
    unique_urls: int = 0
    tracked_minutes: int = 0
    engaged_minutes: int = 0
    tracked_seconds: float = 0.0
    session_seconds: SessionSeconds = SessionSeconds()
    context_switches: int = 0
    deep_work_sessions: int = 0
    deep_work_seconds: float = 0.0

    @property
    def idle_minutes(self) -> int:
        """See core.measures."""
        return self.tracked_minutes - self.engaged_minutes

    @property
    def engagement_rate(self) -> float | None:
        """See core.measures."""
        return self.engaged_minutes / self.tracked_minutes * 100 if self.tracked_minutes else None

    @property
    def deep_work_rate(self) -> float | None:
        """See core.measures."""
        return self.deep_work_seconds / 60 / self.tracked_minutes * 100 if self.tracked_minutes else None


NOTHING = MeasureValues()
_NAMES = {field.name for field in fields(MeasureValues)} & set(BY_NAME)


def values_of(row: Any) -> MeasureValues:
    """The measures in a row of an answer, as `db.prepared.fetch` gives them."""
    given = {name: row[name] for name in _NAMES if name in row and row[name] is not None}
    if "session_average" in row:
        given["session_seconds"] = SessionSeconds(
            row["session_average"], row["session_p50"], row["session_p95"], row["session_longest"]
        )
    return MeasureValues(**given)
