"""Transitions and distributions, plainly: which way people go, and how a measure lies among them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from tests.metrics.reference import measure, percentile
from tests.metrics.reference_sequences import (
    LONGEST_PAUSE,
    Event,
    Kept,
    activity,
    context_switches,
    everything,
    seconds,
)
from tests.metrics.reference_sites import site
from tests.metrics.reference_time import Span

Pair = tuple[str | None, str | None]
FEWEST_PEOPLE = 5


@dataclass(frozen=True)
class Transition:
    """The switches from one value to another: how many, of how many people, after which median stay in seconds."""

    count: int
    users: int
    median_seconds_before: float


def transitions(events: Iterable[Event], by: str, kept: Kept = everything) -> dict[Pair, Transition]:
    """The transitions by the pair of values, those of the domains' sites or categories if `by` says so.

    Those are kept whose earlier event is.
    """
    value: Callable[[Event], str | None] = {
        "DOMAIN": lambda event: event.domain,
        "SITE": lambda event: event.domain and site(event.domain),
        "CATEGORY": lambda event: event.category,
    }[by]
    found: dict[Pair, list[tuple[Event, Fraction]]] = {}
    for sequence in activity(events):
        for earlier, later in context_switches(sequence):
            if not kept(earlier):
                continue
            stay = seconds(later.ts - _beginning(sequence, earlier).ts)
            found.setdefault((value(earlier), value(later)), []).append((earlier, stay))
    return {
        pair: Transition(
            count=len(switches),
            users=len({event.user for event, _ in switches}),
            median_seconds_before=float(percentile([stay for _, stay in switches], Fraction(1, 2))),
        )
        for pair, switches in found.items()
    }


def _beginning(sequence: list[Event], last: Event) -> Event:
    """The first event of the stay that ends with `last`: all before it on its domain, at most 300 s apart."""
    place = sequence.index(last)
    while place > 0:
        before, here = sequence[place - 1], sequence[place]
        gap: timedelta = here.ts - before.ts
        if before.domain != last.domain or gap > LONGEST_PAUSE:
            break
        place -= 1
    return sequence[place]


def distribution(
    events: Iterable[Event], name: str, range_: Span | None = None, kept: Kept = everything
) -> dict[str, float] | None:
    """The distribution of a measure over the people with an event in the range; None for fewer than five."""
    events = list(events)
    present = [event for event in events if range_ is None or range_[0] <= event.ts < range_[1]]
    people = {event.user for event in present if kept(event)} - {None}
    if len(people) < FEWEST_PEOPLE:
        return None
    values = []
    for person in people:
        value = measure([event for event in events if event.user == person], {name}, range_, kept)[name]
        assert isinstance(value, int | float)
        values.append(Fraction(value))
    ranks = {"min": 0, "p25": 25, "p50": 50, "p75": 75, "p90": 90, "max": 100}
    return {"n": len(people)} | {key: float(percentile(values, Fraction(rank, 100))) for key, rank in ranks.items()}
