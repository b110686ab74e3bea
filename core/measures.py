"""The measures of usage: the one registry that names and defines each, and says what it can be split by.

The schema's enum and descriptions, the catalogue, the compatibility checks and the documentation are made from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from core.dimensions import Dimension
from core.errors import InvalidInput

SWITCH_GAP = timedelta(seconds=300)
"""Active events farther apart than this are no switch, and belong to different deep-work blocks."""
DEEP_WORK_LENGTH = timedelta(minutes=25)
DEEP_WORK_EVENTS = 10
HIGH_FOCUS_SWITCHES_PER_HOUR = 5
MEDIUM_FOCUS_SWITCHES_PER_HOUR = 15


class FocusLevel(Enum):
    """How undivided somebody's attention is: in a block of deep work, or in a period as a whole."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Unit(Enum):
    """What a measure's number counts."""

    COUNT = "count"
    MINUTES = "minutes"
    SECONDS = "seconds"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure: its name in Python's spelling, definition and unit.

    `dimensions` are those it can be split by, `by_time` whether it can be split into buckets; `derived_from` are the
    measures it is computed from.
    """

    name: str
    definition: str
    unit: Unit
    dimensions: frozenset[Dimension]
    by_time: bool = True
    derived_from: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """Its name in GraphQL's spelling: `trackedMinutes`."""
        first, *rest = self.name.split("_")
        return first + "".join(word.capitalize() for word in rest)


_ANY = frozenset(Dimension)
_WHO = frozenset({Dimension.EXTENSION_USER, Dimension.ORGANIZATION})
_WHEN = frozenset({Dimension.HOUR_OF_DAY, Dimension.DAY_OF_WEEK})
_BLOCKS = _WHO | _WHEN | {Dimension.DOMAIN, Dimension.CATEGORY}

MEASURES = (
    Measure("events", "Number of events.", Unit.COUNT, _ANY),
    Measure(
        "active_events", "Number of events of an active type: not blur, visibility_hidden or idle.", Unit.COUNT, _ANY
    ),
    Measure("users", "Distinct extension users with an event.", Unit.COUNT, _ANY),
    Measure("sessions", "Distinct pairs of person and session id with an event.", Unit.COUNT, _ANY),
    Measure(
        "unique_domains", "Distinct domains with an event; events without a domain count for none.", Unit.COUNT, _ANY
    ),
    Measure("unique_urls", "Distinct urls with an event; empty ones count for none.", Unit.COUNT, _ANY),
    Measure("tracked_minutes", "Distinct pairs of person and UTC minute with an event.", Unit.MINUTES, _ANY),
    Measure("engaged_minutes", "Distinct pairs of person and UTC minute with an active event.", Unit.MINUTES, _ANY),
    Measure(
        "idle_minutes",
        "Tracked minutes − engaged minutes.",
        Unit.MINUTES,
        _ANY,
        derived_from=("tracked_minutes", "engaged_minutes"),
    ),
    Measure(
        "engagement_rate",
        "Engaged minutes / tracked minutes × 100; null when nothing was tracked.",
        Unit.PERCENT,
        _ANY,
        derived_from=("tracked_minutes", "engaged_minutes"),
    ),
    Measure(
        "tracked_seconds",
        "Per person and session, the time from its first event to its last; summed. Split, the time between two "
        "consecutive events of a session belongs to the domain, url and session of the earlier one, and to the time "
        "it falls in.",
        Unit.SECONDS,
        _ANY - {Dimension.EVENT_TYPE},
    ),
    Measure(
        "session_seconds",
        "How long sessions last, per person and session from its first event to its last: average, median, 95th "
        "percentile and longest.",
        Unit.SECONDS,
        _WHO | {Dimension.SESSION},
        by_time=False,
    ),
    Measure(
        "context_switches",
        "Consecutive active events of a person, at most 300 s apart, whose domains differ. Split by time, a switch "
        "counts where its later event falls.",
        Unit.COUNT,
        _WHO | _WHEN,
    ),
    Measure(
        "deep_work_sessions",
        "Number of deep-work blocks. Split by time, a block counts wherever a piece of it lies; split by domain, "
        "wherever it has an event.",
        Unit.COUNT,
        _BLOCKS,
    ),
    Measure(
        "deep_work_seconds",
        "Total duration of deep-work blocks. Split, the time between two consecutive events of a block belongs to "
        "the domain of the earlier one, and to the time it falls in.",
        Unit.SECONDS,
        _BLOCKS,
    ),
    Measure(
        "deep_work_rate",
        "Deep-work seconds / 60 / tracked minutes × 100; null when nothing was tracked.",
        Unit.PERCENT,
        _BLOCKS,
        derived_from=("deep_work_seconds", "tracked_minutes"),
    ),
)

BY_NAME = {measure.name: measure for measure in MEASURES}

DEEP_WORK_DEFINITION = (
    "Take a person's active events in order; a gap of more than 300 s starts a new block. A block is deep work when it "
    "lasts at least 25 minutes and holds at least 10 events."
)


def check_split(names: Iterable[str], dimensions: Iterable[Dimension], *, by_time: bool) -> None:
    """InvalidInput, naming the pair, when one of the measures cannot be split so."""
    for measure in (BY_NAME[name] for name in names):
        for dimension in dimensions:
            if dimension not in measure.dimensions:
                allowed = ", ".join(each.name for each in Dimension if each in measure.dimensions)
                raise InvalidInput(
                    f"`{measure.field}` cannot be split by {dimension.name}. It can be split by: {allowed}.", "by"
                )
        if by_time and not measure.by_time:
            raise InvalidInput(f"`{measure.field}` cannot be split into buckets of time.", "every")


def computed(names: Iterable[str]) -> frozenset[str]:
    """The measures that must be computed to give these: those that others derive from, and not the derived ones."""
    return frozenset(part for name in names for part in (BY_NAME[name].derived_from or (name,)))
