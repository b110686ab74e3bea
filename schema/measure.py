"""The catalogue of measures."""

import strawberry

from core.dimensions import Dimension
from core.measures import MEASURES, Measure
from schema.enums import Unit, UsageDimension


@strawberry.type(description="A measure: what a field of UsageMeasures means, and what it can be split by.")
class MeasureInfo:
    """A line of the catalogue."""

    name: str = strawberry.field(description="The field of UsageMeasures.")
    definition: str = strawberry.field(description="What it means, exactly.")
    unit: Unit = strawberry.field(description="What its number counts.")
    dimensions: list[UsageDimension] = strawberry.field(description="What `groups` can split it by.")
    by_time: bool = strawberry.field(description="Whether `series` can split it into buckets.")


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
    )
