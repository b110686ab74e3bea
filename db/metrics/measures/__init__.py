"""The registry of measures. A measure is added to the file of its family, and nowhere else.

counts.py     events, users, sessions, domains, urls
minutes.py    tracked, engaged and idle minutes
sequences.py  tracked and active time, lengths of sessions, context switches
deep_work.py  blocks of deep work
"""

from collections.abc import Iterable

from core.dimensions import Dimension
from core.errors import InvalidInput
from db.metrics.measure import Measure
from db.metrics.measures import counts, deep_work, minutes, sequences

MEASURES: tuple[Measure, ...] = (*counts.MEASURES, *minutes.MEASURES, *sequences.MEASURES, *deep_work.MEASURES)
BY_NAME = {measure.name: measure for measure in MEASURES}
BY_FIELD = {measure.field: measure for measure in MEASURES}


def check_split(names: Iterable[str], dimensions: Iterable[Dimension], *, by_time: bool) -> None:
    """InvalidInput, naming the pair, when one of the measures cannot be split so."""
    for measure in (BY_NAME[name] for name in names):
        for dimension in dimensions:
            if dimension not in measure.dimensions:
                allowed = ", ".join(each.name for each in Dimension if each in measure.dimensions)
                raise InvalidInput(
                    f"`{measure.field}` cannot be split by {dimension.name}. It can be split by: {allowed}.", "by"
                )
        if by_time and not measure.by_time:
            raise InvalidInput(f"`{measure.field}` cannot be split into buckets of time.", "every")


def computed(names: Iterable[str]) -> list[Measure]:
    """The measures to compute for these, in the registry's order: in place of derived ones those they derive from."""
    wanted = {part for name in names for part in (BY_NAME[name].derived_from or (name,))}
    return [measure for measure in MEASURES if measure.name in wanted]
