"""One statement for a question: just the parts that the wanted measures need, joined by their keys."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Subquery, cast, null, select, union_all
from sqlalchemy.types import TypeEngine

from core.dimensions import Dimension
from core.measures import computed
from db.keyset import AnySelect
from db.metrics import blocks, counted, sequences
from db.metrics.categories import categories_of, domains_in
from db.metrics.keys import Keys
from db.metrics.part import Part
from db.metrics.shape import Shape
from db.metrics.source import Source

MakePart = Callable[[Source, Keys], Part]

# Which part gives which measures.
_PARTS: tuple[tuple[frozenset[str], MakePart], ...] = (
    (frozenset({"events", "active_events"}), counted.events),
    (frozenset({"users"}), counted.users),
    (frozenset({"sessions"}), counted.sessions),
    (frozenset({"unique_domains"}), counted.unique_domains),
    (frozenset({"unique_urls"}), counted.unique_urls),
    (frozenset({"tracked_minutes", "engaged_minutes"}), counted.minutes),
    (frozenset({"tracked_seconds"}), sequences.tracked_seconds),
    (frozenset({"session_seconds"}), sequences.session_seconds),
    (frozenset({"context_switches"}), sequences.context_switches),
    (frozenset({"deep_work_sessions", "deep_work_seconds"}), blocks.deep_work),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A statement, and its rows, to be sorted and cut: the key columns, then the measures' columns."""

    statement: AnySelect
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
    parts = [make(source, keys) for names, make in _PARTS if names & wanted]
    figures = {name: type_ for part in parts for name, type_ in part.figures.items()}
    padded = union_all(*(_padded(keys, figures, part.rows) for part in parts)).subquery("part")
    key_columns = [padded.c[column.name] for column in keys.answer_columns]
    measured = [make(padded.c).label(name) for part in parts for name, make in part.measures.items()]
    statement = select(*key_columns, *measured).group_by(*key_columns)
    return Answer(statement, statement.subquery("answer"), keys)


def _padded(keys: Keys, figures: Mapping[str, TypeEngine[Any]], rows: AnySelect) -> AnySelect:
    """A part's rows in the shape that all parts share: null for the figures that others give."""
    relation = rows.subquery()
    own = relation.c
    key_columns = [cast(own[column.name], column.type).label(column.name) for column in keys.columns]
    padding = [cast(own[name] if name in own else null(), type_).label(name) for name, type_ in figures.items()]
    return select(*key_columns, *padding)
