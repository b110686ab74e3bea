"""The units of measures."""

from core.described_enum import DescribedEnum


class Unit(DescribedEnum):
    """The unit of a measure's number."""

    COUNT = "count", "Things."
    MINUTES = "minutes", "Minutes."
    SECONDS = "seconds", "Seconds, with fractions."
    PERCENT = "percent", "Parts of a hundred."
