"""One statement for a question: just the parts that the wanted measures need, joined by their keys."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Subquery, cast, null, select, union_all
from sqlalchemy.types import TypeEngine

from db.keyset import AnySelect
from db.metrics.domain_values import domain_values
from db.metrics.keys import Keys
from db.metrics.measures import computed
from db.metrics.query_shape import QueryShape
from db.metrics.source import Source


@dataclass(frozen=True, slots=True)
class Answer:
    """A statement, and its rows, to be sorted and cut: the key columns, then the measures' columns."""

    statement: AnySelect
    rows: Subquery
    keys: Keys


def answer(shape: QueryShape, measures: Collection[str]) -> Answer:
    """The measures of the events asked about, split as asked, as a relation with a row for each key that has any.

    Measures that are not selected are neither computed nor in the relation.
    """
    needed = computed(measures or {"events"})
    source, keys = source_and_keys(shape, beyond=any(measure.beyond for measure in needed))
    builders = dict.fromkeys(measure.query for measure in needed if measure.query)
    queries = [build(source, keys) for build in builders]
    columns = {name: type_ for query in queries for name, type_ in query.columns.items()}
    padded = union_all(*(_padded(keys, columns, query.rows) for query in queries)).subquery("part")
    key_columns = [padded.c[column.name] for column in keys.answer_columns]
    measured = [make(padded.c).label(name) for query in queries for name, make in query.measures.items()]
    statement = select(*key_columns, *measured).group_by(*key_columns)
    return Answer(statement, statement.subquery("answer"), keys)


def source_and_keys(shape: QueryShape, *, beyond: bool = False) -> tuple[Source, Keys]:
    """The events of a question, and the keys that tell them apart and choose among them.

    `beyond`: they are about events up to 300 s beyond the range as well.
    """
    keys = Keys(shape)
    source = Source(shape, keys)
    return source, keys.with_domain_values(domain_values(shape, partial(source.domains, beyond=beyond)))


def _padded(keys: Keys, columns: Mapping[str, TypeEngine[Any]], rows: AnySelect) -> AnySelect:
    """A measure query's rows with the columns of all of them: null for the columns that others give."""
    relation = rows.subquery()
    own = relation.c
    key_columns = [cast(own[column.name], column.type).label(column.name) for column in keys.columns]
    padding = [cast(own[name] if name in own else null(), type_).label(name) for name, type_ in columns.items()]
    return select(*key_columns, *padding)
