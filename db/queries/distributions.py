"""The distribution of a measure over people."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.dimensions import Dimension
from core.limits import DISTRIBUTION_PEOPLE
from core.scope import Scope
from db.cluster import topology_of
from db.metrics.query_shape import QueryShape, bound_query
from db.metrics.question import Question, Split
from db.metrics.statement import answer
from db.prepared import SHAPES, Prepared, fetch, prepared
from db.queries.metrics import expression_of

_PERCENTILES = {"p25": 0.25, "p50": 0.5, "p75": 0.75, "p90": 0.9}


@dataclass(frozen=True, slots=True)
class DistributionRow:
    """How the values of people lie: the number of people, and the least, greatest and some between."""

    n: int
    min: float
    p25: float
    p50: float
    p75: float
    p90: float
    max: float


async def over_people(
    connection: AsyncConnection, scope: Scope, ids: Collection[UUID], question: Question, measure: str
) -> dict[UUID, DistributionRow]:
    """The distribution of a measure over each subject's people with an event; without those of too few people."""
    named = None if question.subject is None else ids
    about = bound_query(scope, named, question, Split((Dimension.EXTENSION_USER,)), topology_of(connection))
    rows = await fetch(connection, _statement(about.shape, measure), about.values)
    return {row.subject: DistributionRow(*row[1:]) for row in rows}


@lru_cache(SHAPES)
def _statement(shape: QueryShape, measure: str) -> Prepared:
    found = answer(shape, {"events", measure})
    person = (
        select(found.rows.c.subject, expression_of(found, measure).label("value"))
        .where(found.rows.c.events > 0)
        .subquery("person")
    )
    value = person.c.value
    percentiles = [func.percentile_cont(rank).within_group(value).label(name) for name, rank in _PERCENTILES.items()]
    return prepared(
        select(
            person.c.subject,
            func.count().label("n"),
            func.min(value).label("min"),
            *percentiles,
            func.max(value).label("max"),
        )
        .group_by(person.c.subject)
        .having(func.count() >= DISTRIBUTION_PEOPLE)
    )
