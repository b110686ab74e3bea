"""The reference of every measure, in plain Python: the answers of the SQL engine are compared with it.

Nothing here comes from the product. Sequences (sessions, a person's active events, blocks) are formed over all the
events given; only then is each piece of them handed to the group or bucket it belongs to. So do filters that choose
parts, `kept`: what belongs to an event that they do not keep is in no group. Filters that narrow the events first are
applied before, by whoever asks. Arithmetic is exact until the end. A person is of one organization for good, so each of
their sequences is as well.

All events are given, and the range asked about: of those outside it only active seconds are told. Without a range all
events are meant.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from tests.metrics.reference_sequences import (
    ACTIVE,
    Block,
    Event,
    Kept,
    Key,
    Split,
    active_seconds,
    deep_work,
    deep_work_seconds,
    deep_work_sessions,
    everything,
    session_lengths,
    switches,
    tracked_seconds,
)
from tests.metrics.reference_sites import site
from tests.metrics.reference_time import PERIODS, STEPS, Span, buckets, edges

__all__ = ["SPLITS", "Block", "Event", "Kept", "Values", "deep_work", "groups", "measure", "series"]

Values = dict[str, int | float | dict[str, float | None] | None]

LOCAL_TIME = {"HOUR_OF_DAY", "DAY_OF_WEEK"}
OF_DOMAIN = {"DOMAIN", "SITE", "CATEGORY"}
PERSON = {"EXTENSION_USER", "TEAM", "ORGANIZATION"}
DIMENSIONS = {*OF_DOMAIN, "URL", "EVENT_TYPE", *PERSON, "SESSION", *LOCAL_TIME}
BUCKETS = {*STEPS, *PERIODS}
TIME = LOCAL_TIME | BUCKETS

COUNTED = {
    *("events", "active_events", "users", "sessions", "unique_domains", "unique_urls"),
    *("tracked_minutes", "engaged_minutes", "idle_minutes", "engagement_rate"),
}
# What each measure can be split by.
SPLITS = dict.fromkeys(COUNTED, DIMENSIONS | BUCKETS) | {
    "tracked_seconds": (DIMENSIONS | BUCKETS) - {"EVENT_TYPE"},
    "active_seconds": (DIMENSIONS | BUCKETS) - {"EVENT_TYPE"},
    "session_seconds": PERSON | {"SESSION"},
    "context_switches": PERSON | TIME | OF_DOMAIN | {"URL"},
    "deep_work_sessions": PERSON | TIME | OF_DOMAIN,
    "deep_work_seconds": PERSON | TIME | OF_DOMAIN,
    "deep_work_rate": PERSON | TIME | OF_DOMAIN,
}
SEQUENCE_MEASURES = {
    "tracked_seconds": tracked_seconds,
    "context_switches": switches,
    "deep_work_sessions": deep_work_sessions,
    "deep_work_seconds": deep_work_seconds,
}


def measure(
    events: Iterable[Event], measures: AbstractSet[str], range_: Span | None = None, kept: Kept = everything
) -> Values:
    """The measures of all the events together."""
    split = Split(lambda event, _at: () if kept(event) else None, always=[()])
    return _answers(list(events), measures, (), split, range_)[()]


def series(
    events: Iterable[Event],
    start: datetime,
    end: datetime,
    every: str,
    zone: ZoneInfo,
    measures: AbstractSet[str],
    kept: Kept = everything,
) -> list[tuple[datetime, datetime, Values]]:
    """(start, end, measures) of each bucket of [start, end)."""
    return series_of(events, buckets(start, end, every, zone), (start, end), every, measures, kept)


def series_of(
    events: Iterable[Event],
    spans: list[Span],
    range_: Span,
    every: str,
    measures: AbstractSet[str],
    kept: Kept = everything,
) -> list[tuple[datetime, datetime, Values]]:
    """(start, end, measures) of each of these buckets, which follow one another; of events in the range alone."""
    starts = [span[0] for span in spans]

    def key_of(event: Event, at: datetime) -> Key | None:
        return (starts[bisect_right(starts, at) - 1],) if kept(event) else None

    split = Split(key_of, timed=True, edges=starts, always=[(begin,) for begin in starts])
    answers = _answers(list(events), measures, (every,), split, range_)
    return [(*span, answers[span[0],]) for span in spans]


def groups(
    events: Iterable[Event],
    by: tuple[str, ...],
    zone: ZoneInfo,
    measures: AbstractSet[str],
    range_: Span | None = None,
    kept: Kept = everything,
) -> dict[Key, Values]:
    """The measures of each group that has an event, or a measure asked for that is not zero.

    Those of a team are what the groups by the other dimensions are of its people's events alone.
    """
    events = list(events)
    if not 1 <= len(by) <= 3 or not DIMENSIONS.issuperset(by):
        raise ValueError(f"one to three dimensions, not {by}")

    if "TEAM" in by:
        place, others = by.index("TEAM"), tuple(dimension for dimension in by if dimension != "TEAM")
        return {
            (*key[:place], team, *key[place:]): values
            for team in {team for event in events for team in event.teams}
            for key, values in _groups(
                [event for event in events if team in event.teams], others, zone, measures, range_, kept
            ).items()
        }
    return _groups(events, by, zone, measures, range_, kept)


def _groups(
    events: list[Event],
    by: tuple[str, ...],
    zone: ZoneInfo,
    measures: AbstractSet[str],
    range_: Span | None,
    kept: Kept,
) -> dict[Key, Values]:
    def key_of(event: Event, at: datetime) -> Key | None:
        key = tuple(_value(event, at.astimezone(zone), dimension) for dimension in by)
        return None if None in key or not kept(event) else key

    times = [event.ts for event in events]
    timed = not LOCAL_TIME.isdisjoint(by)
    # The hour of day and the day of week change only when an hour begins, or the clocks change.
    hours = edges(min(times), max(times), "HOUR", zone) if timed and events else []
    return _answers(events, measures, by, Split(key_of, timed, hours), range_)


def _value(event: Event, local: datetime, dimension: str) -> object:
    """The event's value at a local time; None for none."""
    values: dict[str, object] = {
        "DOMAIN": event.domain,
        "SITE": event.domain and site(event.domain),
        "CATEGORY": event.category,
        "URL": event.url or None,
        "EVENT_TYPE": event.type,
        "EXTENSION_USER": event.user,
        "ORGANIZATION": event.organization,
        "SESSION": (event.user, event.session),  # session ids are unique to a person only
        "HOUR_OF_DAY": local.hour,
        "DAY_OF_WEEK": local.isoweekday(),
    }
    return values[dimension]


def _answers(
    given: list[Event], measures: AbstractSet[str], by: tuple[str, ...], split: Split, range_: Span | None
) -> dict[Key, Values]:
    for name in sorted(measures):
        for dimension in by:
            if dimension not in SPLITS[name]:
                raise ValueError(f"{name} cannot be split by {dimension}")
    events = [event for event in given if range_ is None or range_[0] <= event.ts < range_[1]]
    members: dict[Key, list[Event]] = defaultdict(list)
    for event in events:
        key = split.key_of(event, event.ts)
        if key is not None:
            members[key].append(event)
    parts = {name: of(events, split) for name, of in SEQUENCE_MEASURES.items() if name in measures}
    if "active_seconds" in measures:
        parts["active_seconds"] = active_seconds(given, split, range_)
    deep = deep_work_seconds(events, split) if "deep_work_rate" in measures else {}
    lengths = session_lengths(events, split) if "session_seconds" in measures else {}
    answers: dict[Key, Values] = {}
    for key in {*split.always, *members, *(key for part in parts.values() for key, amount in part.items() if amount)}:
        values = _counts(members.get(key, []))
        for name, part in parts.items():
            amount = part.get(key, Fraction(0))
            values[name] = float(amount) if name.endswith("_seconds") else int(amount)
        values["deep_work_rate"] = _percentage(deep.get(key, Fraction(0)) / 60, len(_minutes(members.get(key, []))))
        values["session_seconds"] = _distribution(lengths.get(key, []))
        answers[key] = {name: values[name] for name in measures}
    return answers


def _counts(events: list[Event]) -> Values:
    active = [event for event in events if event.type in ACTIVE]
    tracked, engaged = len(_minutes(events)), len(_minutes(active))
    return {
        "events": len(events),
        "active_events": len(active),
        "users": len({event.user for event in events} - {None}),
        "sessions": len({(event.user, event.session) for event in events}),
        "unique_domains": len({event.domain for event in events} - {None}),
        "unique_urls": len({event.url for event in events} - {""}),
        "tracked_minutes": tracked,
        "engaged_minutes": engaged,
        "idle_minutes": tracked - engaged,
        "engagement_rate": _percentage(Fraction(engaged), tracked),
    }


def _minutes(events: list[Event]) -> set[tuple[str | None, datetime]]:
    """The (person, UTC minute) pairs with an event."""
    return {(event.user, event.ts.replace(second=0, microsecond=0)) for event in events}


def _percentage(part: Fraction, whole: int) -> float | None:
    return float(part / whole * 100) if whole else None


def _distribution(lengths: list[Fraction]) -> dict[str, float | None]:
    if not lengths:
        return dict.fromkeys(("average", "p50", "p95", "longest"))
    return {
        "average": float(sum(lengths) / len(lengths)),
        "p50": float(percentile(lengths, Fraction(50, 100))),
        "p95": float(percentile(lengths, Fraction(95, 100))),
        "longest": float(max(lengths)),
    }


def percentile(values: list[Fraction], rank: Fraction) -> Fraction:
    """The value at `rank` (0 the least, 1 the greatest), on the straight line between its neighbours."""
    ordered = sorted(values)
    place = rank * (len(ordered) - 1)
    below = place // 1
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
