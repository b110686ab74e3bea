"""What measures can be split by: dimensions of a group, and lengths of time."""

from enum import Enum


class Dimension(Enum):
    """What tells the groups of a usage apart."""

    DOMAIN = "domain"
    CATEGORY = "category"
    URL = "url"
    EVENT_TYPE = "event_type"
    EXTENSION_USER = "extension_user"
    ORGANIZATION = "organization"
    SESSION = "session"
    HOUR_OF_DAY = "hour_of_day"
    DAY_OF_WEEK = "day_of_week"


class Granularity(Enum):
    """How long the buckets of a series are, by the calendar and clock of a time zone."""

    QUARTER_HOUR = "quarter_hour"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Shift(Enum):
    """Which earlier period to compare with."""

    PRECEDING = "preceding"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
