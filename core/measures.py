"""The measures of usage: the one registry that names and defines each."""

from dataclasses import dataclass
from enum import Enum


class Unit(Enum):
    """What a measure's number counts."""

    COUNT = "count"
    MINUTES = "minutes"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure's name (as a field of `UsageMeasures`, in Python's spelling), definition and unit."""

    name: str
    definition: str
    unit: Unit


MEASURES = (
    Measure("events", "Number of events.", Unit.COUNT),
    Measure("active_events", "Number of events of an active type: not blur, visibility_hidden or idle.", Unit.COUNT),
    Measure("users", "Distinct extension users with an event.", Unit.COUNT),
    Measure("sessions", "Distinct pairs of person and session id with an event.", Unit.COUNT),
    Measure("unique_domains", "Distinct domains with an event; events without a domain count for none.", Unit.COUNT),
    Measure("tracked_minutes", "Distinct pairs of person and UTC minute with an event.", Unit.MINUTES),
    Measure("engaged_minutes", "Distinct pairs of person and UTC minute with an active event.", Unit.MINUTES),
    Measure(
        "tracked_seconds",
        "Per person and session, the time from its first event to its last; summed.",
        Unit.SECONDS,
    ),
)

BY_NAME = {measure.name: measure for measure in MEASURES}
