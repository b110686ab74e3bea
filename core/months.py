"""Months of UTC, each by its first day."""

from datetime import date, datetime


def month_of(ts: datetime) -> date:
    """The first day of the (UTC) month that `ts` falls in."""
    return date(ts.year, ts.month, 1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
