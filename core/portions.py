"""The size of portions of background work: it grows while portions are quick, and halves when time runs out."""


class Portion:
    """The size of the next portion, between 1 and `largest`.

    It begins in the middle, so that the first portion of a process neither runs into its limit nor takes long to grow.
    """

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self.size = max(1, largest // 8)

    def grow(self) -> None:
        """Take twice as much next time: the last portion took a small part of its time."""
        self.size = min(self.largest, 2 * self.size)

    def halve(self, taken: int | None = None) -> bool:
        """Take half as much next time; False when it cannot be less.

        `taken`: how much the last portion was, where that was less than its size.
        """
        last = self.size if taken is None else min(self.size, taken)
        self.size = max(1, last // 2)
        return last > 1
