"""Conditions of alert rules: a threshold, a change against the window before, or no data.

Each has two limits: one that a figure must pass for the condition to hold, and one that it must return to for it to be
over (hysteresis). A figure between both leaves everything as it was, so one that wavers about a limit is one alert.

    above 100, over at 80     90  101   95   85   79   90
    holds                      -  yes  yes  yes   no   no
"""

from dataclasses import dataclass

from core.described_enum import DescribedEnum
from core.errors import InvalidInput

PERCENT = 100
LARGEST_CHANGE = 1_000_000.0
"""In percent."""
LARGEST_FALL = 100.0


class AlertComparison(DescribedEnum):
    """The kind of a condition, and its direction."""

    ABOVE = "above", "The measure is greater than the limit."
    BELOW = "below", "The measure is less than the limit."
    RISE = "rise", "The measure is more than `limit` percent greater than in the window before."
    FALL = "fall", "The measure is more than `limit` percent less than in the window before."
    NO_DATA = "no_data", "There was no event in the window."

    @property
    def compares_windows(self) -> bool:
        """True if the figure of the window before is needed."""
        return self in {AlertComparison.RISE, AlertComparison.FALL}

    @property
    def holds_above(self) -> bool:
        """True if large values, not small ones, make the condition hold."""
        return self in {AlertComparison.ABOVE, AlertComparison.RISE}


@dataclass(frozen=True, slots=True)
class Reading:
    """A measure in a window and in the one before, of the same length; None where it has no value."""

    value: float | None
    before: float | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison with a limit; it is over at `clear_at`. In the measure's unit; in percent for a change.

    NO_DATA has no limits.
    """

    comparison: AlertComparison
    limit: float = 0.0
    clear_at: float = 0.0

    def compared(self, reading: Reading) -> float | None:
        """The number that is compared with the limits: the value, or its change in percent; None without one.

        A fall is a positive number. There is no change against a window without any value, or with zero.
        """
        if not self.comparison.compares_windows:
            return reading.value
        if reading.value is None or not reading.before:
            return None
        change = (reading.value - reading.before) / reading.before * PERCENT
        return change if self.comparison is AlertComparison.RISE else -change

    def holds(self, reading: Reading, *, held: bool) -> bool:
        """True if it holds, given whether it did before: without a number, and between the limits, it stays so."""
        number = self.compared(reading)
        if self.comparison is AlertComparison.NO_DATA:
            return not number
        if number is None:
            return held
        if self.comparison is AlertComparison.BELOW:
            return number < self.limit or (held and number < self.clear_at)
        return number > self.limit or (held and number > self.clear_at)


def checked_condition(comparison: AlertComparison, limit: float | None, clear_at: float | None) -> Condition:
    """The condition, over at `limit` unless `clear_at` says otherwise. InvalidInput for limits that make no sense."""
    if comparison is AlertComparison.NO_DATA:
        if limit is not None or clear_at is not None:
            raise InvalidInput("A rule on NO_DATA has no limit: leave `limit` and `clearAt` out.", "condition.limit")
        return Condition(comparison)
    if limit is None:
        raise InvalidInput(f"A rule on {comparison.name} needs a `limit`.", "condition.limit")
    clear_at = limit if clear_at is None else clear_at
    if comparison.compares_windows:
        largest = LARGEST_CHANGE if comparison is AlertComparison.RISE else LARGEST_FALL
        if not 0 < limit < largest:
            raise InvalidInput(
                f"The `limit` of a {comparison.name} is a percentage above 0 and below {largest:g}.", "condition.limit"
            )
    if comparison is AlertComparison.BELOW and clear_at < limit:
        raise InvalidInput("An alert BELOW a limit is over at it or above: raise `clearAt`.", "condition.clearAt")
    if comparison is not AlertComparison.BELOW and clear_at > limit:
        raise InvalidInput(
            f"An alert on {comparison.name} is over at its limit or below: lower `clearAt`.", "condition.clearAt"
        )
    return Condition(comparison, limit, clear_at)
