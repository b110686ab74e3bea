"""The measures of usage, a field for each measure of the registry."""

from typing import Any

import strawberry
from strawberry.tools import create_type

from db.metrics.measure import Measure, Reads
from db.metrics.measures import MEASURES
from db.metrics.measures.sequences import SessionSecondsRow
from execution.declarations import priced
from schema.scalars import BigInt


@strawberry.type(description="The length of sessions, in seconds; null without any.")
class SessionSeconds:
    """Shows db.metrics.measures.sequences.SessionSecondsRow."""

    average: float | None = strawberry.field(description="The mean.")
    p50: float | None = strawberry.field(description="The median.")
    p95: float | None = strawberry.field(description="The 95th percentile.")
    longest: float | None = strawberry.field(description="The longest.")


_GRAPHQL_TYPES: dict[object, Any] = {int: BigInt, SessionSecondsRow: SessionSeconds}
"""The GraphQL types of measures, where they differ from the Python types."""


def _measure_field(measure: Measure) -> Any:
    graphql_type = _GRAPHQL_TYPES.get(measure.type, measure.type)
    price = priced(measures=1, from_events=measure.reads is Reads.EVENTS, of_parent=True)
    field: Any = strawberry.field(graphql_type=graphql_type, description=measure.definition, metadata=price)
    field.python_name = measure.name
    return field


UsageMeasures: Any = create_type(
    "UsageMeasures",
    [_measure_field(measure) for measure in MEASURES],
    description="The measures of a set of events. Only selected measures are computed.",
)
