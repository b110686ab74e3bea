"""The catalogue of measures."""

import strawberry

from core.dimensions import Dimension
from db.metrics.measure import Measure
from db.metrics.measures import MEASURES
from schema.enums import Additivity, Unit, UsageDimension


@strawberry.type(
    description="A measure: the meaning of a field of UsageMeasures, and the dimensions it can be split by."
)
class MeasureInfo:
    """A line of the catalogue."""

    name: str = strawberry.field(description="The field of UsageMeasures.")
    definition: str = strawberry.field(description="The exact definition.")
    unit: Unit = strawberry.field(description="The unit of its number.")
    dimensions: list[UsageDimension] = strawberry.field(description="The dimensions by which `groups` can split it.")
    by_time: bool = strawberry.field(description="True if `series` can split it into buckets.")
    additivity: Additivity = strawberry.field(description="The periods whose figures of it add up.")


def measure_infos() -> list[MeasureInfo]:
    """The catalogue of measures."""
    return [_info(measure) for measure in MEASURES]


def _info(measure: Measure) -> MeasureInfo:
    return MeasureInfo(
        name=measure.field,
        definition=measure.definition,
        unit=measure.unit,
        dimensions=[dimension for dimension in Dimension if dimension in measure.dimensions],
        by_time=measure.by_time,
        additivity=measure.additivity,
    )
