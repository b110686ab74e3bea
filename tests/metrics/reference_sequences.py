"""Events, and the sequences they form, plainly: sessions, a person's active events, blocks of deep work.

Sequences are formed over all the events given; only then is each piece of them handed to the part it belongs to.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

from tests.metrics.reference_time import Span, cut

Key = tuple[object, ...]
Parts = dict[Key, Fraction]

ACTIVE = {"pageshow", "click", "focus", "keyup", "keydown", "scrollend", "pagehide", "visibility_visible"}
LONGEST_PAUSE = timedelta(seconds=300)
SHORTEST_BLOCK = timedelta(minutes=25)
FEWEST_EVENTS = 10
HIGH_FOCUS, MEDIUM_FOCUS = 5, 15  # switches an hour, at most


@dataclass(frozen=True)
class Event:
    """`user` None is anonymous; `id` breaks ties of `ts`; `type` and `category` are lower-case.

    `teams` are those that the person is in.
    """

    user: str | None
    organization: str | None
    ts: datetime
    id: int | str | UUID
    session: str
    type: str
    url: str
    domain: str | None
    category: str | None = None
    teams: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.ts.tzinfo is not UTC:  # times of another zone would be subtracted by the wall clock
            raise ValueError(f"ts must be in UTC: {self.ts!r}")


Kept = Callable[[Event], bool]
"""A filter that chooses parts, by the event that they belong to."""


def everything(_event: Event) -> bool:
    """The filter that keeps every part."""
    return True


@dataclass(frozen=True)
class Block:
    """A block of deep work: active events of one person.

    `domains` are those in which the block has an event, with the seconds spent there; most first, ties by name. Of a
    filtered block, `seconds`, `events`, `context_switches` and `domains` are those of the parts that are kept.
    """

    user: str | None
    start: datetime
    end: datetime
    seconds: float
    events: int
    context_switches: int
    switches_per_hour: float
    focus_level: str
    domains: list[tuple[str, float]]


@dataclass(frozen=True)
class Split:
    """A split of a whole: `key_of` names the part that an event belongs to at an instant; None is no part.

    Time is cut at `edges`: between two of them an event's part is the same. Without a `timed` dimension there are none.
    `always` are the parts that are there without any event.
    """

    key_of: Callable[[Event, datetime], Key | None]
    timed: bool = False
    edges: list[datetime] = field(default_factory=list)
    always: list[Key] = field(default_factory=list)


def seconds(time: timedelta) -> Fraction:
    return Fraction(time // timedelta(microseconds=1), 1_000_000)


def sessions(events: Iterable[Event]) -> list[list[Event]]:
    """The events of each (person, session), in order."""
    return _sequences((event.user, event.session, event) for event in events)


def activity(events: Iterable[Event]) -> list[list[Event]]:
    """The active events of each person, in order, whatever their sessions. Anonymous ones are no person's."""
    return _sequences((event.user, None, event) for event in events if event.type in ACTIVE and event.user is not None)


def context_switches(events: list[Event]) -> list[tuple[Event, Event]]:
    """The switches in one person's active events: neighbours at most 300 s apart whose domains differ."""
    return [
        (earlier, later)
        for earlier, later in pairwise(events)
        if later.ts - earlier.ts <= LONGEST_PAUSE and earlier.domain != later.domain
    ]


def deep_blocks(events: Iterable[Event]) -> list[list[Event]]:
    """The events of each block of deep work.

    pauses       100 s  300 s   301 s   60 s
    events     ●──────●───────●       ●──────●
    blocks     └──────────────┘       └──────┘     those of at least 25 min and 10 events are deep work
    """
    blocks: list[list[Event]] = []
    for sequence in activity(events):
        block = sequence[:1]
        for earlier, later in pairwise(sequence):
            if later.ts - earlier.ts > LONGEST_PAUSE:
                blocks.append(block)
                block = []
            block.append(later)
        blocks.append(block)
    return [block for block in blocks if block[-1].ts - block[0].ts >= SHORTEST_BLOCK and len(block) >= FEWEST_EVENTS]


def deep_work(events: Iterable[Event], kept: Kept = everything) -> list[Block]:
    """The blocks of deep work in `events` that have an event which is kept.

    They are in order of their start; those of one instant by person, the anonymous one first.
    """
    blocks = [_described(block, kept) for block in deep_blocks(events) if any(map(kept, block))]
    return sorted(blocks, key=lambda block: (block.start, block.user or ""))


def _described(block: list[Event], kept: Kept) -> Block:
    switches = context_switches(block)
    rate = len(switches) * 3600 / seconds(block[-1].ts - block[0].ts)
    spent: dict[str | None, Fraction] = {event.domain: Fraction(0) for event in block if kept(event)}
    for earlier, later in pairwise(block):
        if kept(earlier):
            spent[earlier.domain] += seconds(later.ts - earlier.ts)
    length = sum(spent.values())
    named = {name: time for name, time in spent.items() if name is not None}
    return Block(
        user=block[0].user,
        start=block[0].ts,
        end=block[-1].ts,
        seconds=float(length),
        events=len([event for event in block if kept(event)]),
        context_switches=len([earlier for earlier, _ in switches if kept(earlier)]),
        switches_per_hour=float(rate),
        focus_level="HIGH" if rate <= HIGH_FOCUS else "MEDIUM" if rate <= MEDIUM_FOCUS else "LOW",
        domains=[(name, float(time)) for name, time in sorted(named.items(), key=lambda item: (-item[1], item[0]))],
    )


def tracked_seconds(events: list[Event], split: Split) -> Parts:
    return _durations(sessions(events), split)


def deep_work_seconds(events: list[Event], split: Split) -> Parts:
    return _durations(deep_blocks(events), split)


def active_seconds(events: list[Event], split: Split, range_: Span | None) -> Parts:
    """The time between neighbouring active events at most 300 s apart, as far as it lies in the range (None: all).

    range            [──────────────────)
    events      ●────────●───●      ●───────●   the first and the last may lie outside
    active           ████████       ████
    """
    parts: Parts = defaultdict(Fraction)
    for sequence in activity(events):
        for earlier, later in pairwise(sequence):
            if later.ts - earlier.ts > LONGEST_PAUSE:
                continue
            start, end = range_ or (earlier.ts, later.ts)
            for since, until in cut(max(earlier.ts, start), min(later.ts, end), split.edges):
                key = split.key_of(earlier, since)
                if key is not None:
                    parts[key] += seconds(until - since)
    return parts


def switches(events: list[Event], split: Split) -> Parts:
    """A switch belongs to the earlier of its two events, and counts where the later one falls."""
    parts: Parts = defaultdict(Fraction)
    for sequence in activity(events):
        for earlier, later in context_switches(sequence):
            key = split.key_of(earlier, later.ts)
            if key is not None:
                parts[key] += 1
    return parts


def deep_work_sessions(events: list[Event], split: Split) -> Parts:
    """A block counts once in every part in which it spends time; where time is not split, in which it has an event."""
    parts: Parts = defaultdict(Fraction)
    for block in deep_blocks(events):
        if split.timed:
            keys = {key for key, _ in _pieces(block, split)}
        else:
            keys = {key for event in block if (key := split.key_of(event, event.ts)) is not None}
        for key in keys:
            parts[key] += 1
    return parts


def session_lengths(events: list[Event], split: Split) -> dict[Key, list[Fraction]]:
    """The seconds that each session with an event in a part spends in it."""
    lengths: dict[Key, list[Fraction]] = defaultdict(list)
    for session in sessions(events):
        spent = {key: Fraction(0) for event in session if (key := split.key_of(event, event.ts)) is not None}
        for key, time in _pieces(session, split):
            spent[key] += time
        for key, time in spent.items():
            lengths[key].append(time)
    return lengths


def _durations(sequences: list[list[Event]], split: Split) -> Parts:
    parts: Parts = defaultdict(Fraction)
    for sequence in sequences:
        for key, time in _pieces(sequence, split):
            parts[key] += time
    return parts


def _pieces(sequence: list[Event], split: Split) -> list[tuple[Key, Fraction]]:
    """The time between neighbours, none of it empty: it is the earlier event's, and of the part in which it falls."""
    pieces = []
    for earlier, later in pairwise(sequence):
        for start, end in cut(earlier.ts, later.ts, split.edges):
            key = split.key_of(earlier, start)
            if key is not None:
                pieces.append((key, seconds(end - start)))
    return pieces


def _sequences(owned: Iterable[tuple[Hashable, Hashable, Event]]) -> list[list[Event]]:
    sequences: dict[Hashable, list[Event]] = defaultdict(list)
    for person, part, event in owned:
        sequences[person, part].append(event)
    return [sorted(sequence, key=lambda event: (event.ts, event.id)) for sequence in sequences.values()]
