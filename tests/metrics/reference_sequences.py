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

from tests.metrics.reference_time import cut

Key = tuple[object, ...]
Parts = dict[Key, Fraction]

ACTIVE = {"pageshow", "click", "focus", "keyup", "keydown", "scrollend", "pagehide", "visibility_visible"}
LONGEST_PAUSE = timedelta(seconds=300)
SHORTEST_BLOCK = timedelta(minutes=25)
FEWEST_EVENTS = 10
HIGH_FOCUS, MEDIUM_FOCUS = 5, 15  # switches an hour, at most


@dataclass(frozen=True)
class Event:
    """`user` None is anonymous; `id` breaks ties of `ts`; `type` and `category` are lower-case."""

    user: str | None
    organization: str | None
    ts: datetime
    id: int | str | UUID
    session: str
    type: str
    url: str
    domain: str | None
    category: str | None = None

    def __post_init__(self) -> None:
        if self.ts.tzinfo is not UTC:  # times of another zone would be subtracted by the wall clock
            raise ValueError(f"ts must be in UTC: {self.ts!r}")


@dataclass(frozen=True)
class Block:
    """A block of deep work: active events of one person.

    `domains` are those in which the block has an event, with the seconds spent there; most first, ties by name.
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
    """How a whole is taken apart: `key_of` names the part that an event belongs to at an instant; None is no part.

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


def deep_work(events: Iterable[Event]) -> list[Block]:
    """The blocks of deep work in `events`, by start; those of one instant by person, the anonymous one first."""
    blocks = [_described(block) for block in deep_blocks(events)]
    return sorted(blocks, key=lambda block: (block.start, block.user or ""))


def _described(block: list[Event]) -> Block:
    length = seconds(block[-1].ts - block[0].ts)
    switches = len(context_switches(block))
    rate = switches * 3600 / length
    spent = {event.domain: Fraction(0) for event in block if event.domain is not None}
    for earlier, later in pairwise(block):
        if earlier.domain is not None:
            spent[earlier.domain] += seconds(later.ts - earlier.ts)
    return Block(
        user=block[0].user,
        start=block[0].ts,
        end=block[-1].ts,
        seconds=float(length),
        events=len(block),
        context_switches=switches,
        switches_per_hour=float(rate),
        focus_level="HIGH" if rate <= HIGH_FOCUS else "MEDIUM" if rate <= MEDIUM_FOCUS else "LOW",
        domains=[(name, float(time)) for name, time in sorted(spent.items(), key=lambda item: (-item[1], item[0]))],
    )


def tracked_seconds(events: list[Event], split: Split) -> Parts:
    return _durations(sessions(events), split)


def deep_work_seconds(events: list[Event], split: Split) -> Parts:
    return _durations(deep_blocks(events), split)


def switches(events: list[Event], split: Split) -> Parts:
    """A switch counts where the later of its two events falls."""
    parts: Parts = defaultdict(Fraction)
    for sequence in activity(events):
        for _, later in context_switches(sequence):
            key = split.key_of(later, later.ts)
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
    """The seconds from first to last event of each session, whose events are all in one part."""
    lengths: dict[Key, list[Fraction]] = defaultdict(list)
    for session in sessions(events):
        key = split.key_of(session[0], session[0].ts)
        if key is not None:
            lengths[key].append(seconds(session[-1].ts - session[0].ts))
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
