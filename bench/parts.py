"""The parts of the benchmark, in the order in which they run."""

from collections.abc import Mapping

from bench import collection, domain_groups, footprint, graphql, growth, metrics, storing
from bench.section import Measure

PARTS: Mapping[str, Measure] = {
    "collection": collection.measure,
    "graphql": graphql.measure,
    "metrics": metrics.measure,
    "domains": domain_groups.measure,
    "storing": storing.measure,
    "footprint": footprint.measure,
}
BY_REQUEST: Mapping[str, Measure] = {
    "growth": growth.measure,
}
"""Those that take too long for every run: only when they are named."""
