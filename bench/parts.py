"""The parts of the benchmark, in the order in which they run."""

from collections.abc import Mapping

from bench import collection, metrics, storing
from bench.section import Measure

PARTS: Mapping[str, Measure] = {
    "collection": collection.measure,
    "metrics": metrics.measure,
    "storing": storing.measure,
}
BY_REQUEST: Mapping[str, Measure] = {}
"""Those that take too long for every run: only when they are named."""
