"""The sums that a measure's figures may be added up to."""

from core.described_enum import DescribedEnum


class Additivity(DescribedEnum):
    """The periods whose figures add up to that of the period which they make up."""

    PERIODS = "periods", "Any adjacent periods, as do the buckets of a series. Minutes: those cut at whole minutes."
    BUCKETS = "buckets", "The buckets of one series. What crosses the instant between two periods counts in neither."
    NONE = "none", "None: somebody, or something, may be in several of them. Rates and averages have no sum."
