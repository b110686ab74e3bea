"""One statement for a question: just the parts that the wanted measures need, joined by their keys."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Double,
    Subquery,
    cast,
    func,
    null,
    select,
    union_all,
)
from sqlalchemy.types import TypeEngine

from core.dimensions import Dimension
from core.measures import computed
from db.keyset import AnySelect
from db.metrics import blocks, counted, sequences
from db.metrics.categories import categories_of, domains_in
from db.metrics.keys import Keys
from db.metrics.shape import Shape
from db.metrics.source import Source

Part = Callable[[Source, Keys], AnySelect]
"""Makes a SELECT of the key columns and of the part's measures."""

# Which part gives which measures, and in which columns.
_PARTS: tuple[tuple[frozenset[str], tuple[str, ...], Part], ...] = (
    (frozenset({"events", "active_events"}), ("events", "active_events"), counted.events),
    (frozenset({"users"}), ("users",), counted.users),
    (frozenset({"sessions"}), ("sessions",), counted.sessions),
    (frozenset({"unique_domains"}), ("unique_domains",), counted.unique_domains),
    (frozenset({"unique_urls"}), ("unique_urls",), counted.unique_urls),
    (frozenset({"tracked_minutes", "engaged_minutes"}), ("tracked_minutes", "engaged_minutes"), counted.minutes),
    (frozenset({"tracked_seconds"}), ("tracked_seconds",), sequences.tracked_seconds),
    (
        frozenset({"session_seconds"}),
        ("session_average", "session_p50", "session_p95", "session_longest"),
        sequences.session_seconds,
    ),
    (frozenset({"context_switches"}), ("context_switches",), sequences.context_switches),
    (
        frozenset({"deep_work_sessions", "deep_work_seconds"}),
        ("deep_work_sessions", "deep_work_seconds"),
        blocks.deep_work,
    ),
)

_SECONDS = frozenset(
    {"tracked_seconds", "deep_work_seconds", "session_average", "session_p50", "session_p95", "session_longest"}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A statement's rows before they are sorted and cut: the key columns, then the measures' columns."""

    rows: Subquery
    keys: Keys


def answer(shape: Shape, measures: Collection[str]) -> Answer:
    """The measures of the events asked about, split as asked, as a relation with a row for each key that has any.

    Measures that nothing asks for are not computed, and not in the relation.
    """
    keys = Keys(shape)
    wanted = computed(measures) or {"events"}
    source = Source(shape, keys)
    if Dimension.CATEGORY in shape.dimensions:
        keys = keys.with_categories(categories_of(domains_in(source.runs), "category"))
    parts = [(columns, part(source, keys)) for names, columns, part in _PARTS if names & wanted]
    names = [column for columns, _ in parts for column in columns]
    padded = union_all(*(_padded(keys, names, part) for _, part in parts)).subquery("part")
    key_columns = [padded.c[column.name] for column in keys.columns]
    merged = select(*key_columns, *(func.max(padded.c[name]).label(name) for name in names)).group_by(*key_columns)
    return Answer(merged.subquery("answer"), keys)


def _padded(keys: Keys, names: Collection[str], part: AnySelect) -> AnySelect:
    """The part's rows in the shape that all parts share: null for the measures that others give."""
    relation = part.subquery()
    own = relation.c
    key_columns = [cast(own[column.name], column.type).label(column.name) for column in keys.columns]
    measures = [
        (cast(own[name], _type(name)) if name in own else cast(null(), _type(name))).label(name) for name in names
    ]
    return select(*key_columns, *measures)


def _type(name: str) -> TypeEngine[float] | TypeEngine[int]:
    return Double() if name in _SECONDS else BigInteger()
