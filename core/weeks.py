"""The days of the week, and the first day of weeks."""

from datetime import date, timedelta

from core.described_enum import DescribedEnum


class Weekday(DescribedEnum):
    """A day of the week."""

    MONDAY = "monday", "Monday."
    TUESDAY = "tuesday", "Tuesday."
    WEDNESDAY = "wednesday", "Wednesday."
    THURSDAY = "thursday", "Thursday."
    FRIDAY = "friday", "Friday."
    SATURDAY = "saturday", "Saturday."
    SUNDAY = "sunday", "Sunday."

    @property
    def isoweekday(self) -> int:
        """The number of the day: 1 is Monday, 7 Sunday."""
        return list(Weekday).index(self) + 1


class WeekStart(DescribedEnum):
    """The day that weeks begin on."""

    MONDAY = "monday", "Weeks run from Monday to Sunday, as ISO 8601 counts them."
    SUNDAY = "sunday", "Weeks run from Sunday to Saturday."
    SATURDAY = "saturday", "Weeks run from Saturday to Friday."

    @property
    def isoweekday(self) -> int:
        """The number of the day: 1 is Monday, 7 Sunday."""
        return {WeekStart.MONDAY: 1, WeekStart.SUNDAY: 7, WeekStart.SATURDAY: 6}[self]

    def place_of(self, isoweekday: int) -> int:
        """The place of a weekday (1 is Monday) in such a week, from 0."""
        return (isoweekday - self.isoweekday) % 7

    def first_day(self, day: date) -> date:
        """The first day of the week that a day lies in."""
        return day - timedelta(days=self.place_of(day.isoweekday()))

    @property
    def weekdays(self) -> list[int]:
        """The numbers of all weekdays, in the order of such a week."""
        return sorted(range(1, 8), key=self.place_of)
