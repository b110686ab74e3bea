"""The order of things that begin and end: sessions, blocks of deep work."""

from core.described_enum import DescribedEnum


class IntervalOrder(DescribedEnum):
    """By start or by length."""

    NEWEST_FIRST = "newest_first", "By start, the newest first."
    OLDEST_FIRST = "oldest_first", "By start, the oldest first."
    LONGEST_FIRST = "longest_first", "By `seconds`, the longest first; of equal ones the newest."
    SHORTEST_FIRST = "shortest_first", "By `seconds`, the shortest first; of equal ones the oldest."

    @property
    def by_length(self) -> bool:
        """True if the order is by length."""
        return self in {IntervalOrder.LONGEST_FIRST, IntervalOrder.SHORTEST_FIRST}

    @property
    def descending(self) -> bool:
        """True if the greatest comes first."""
        return self in {IntervalOrder.NEWEST_FIRST, IntervalOrder.LONGEST_FIRST}
