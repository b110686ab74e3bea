"""Dimensions of groups, lengths of buckets, and periods to compare with."""

from core.described_enum import DescribedEnum


class Dimension(DescribedEnum):
    """A dimension: the groups of a usage have different values of it."""

    DOMAIN = "domain", "The domain of the url."
    SITE = "site", "The site of the domain: its registrable domain by the public suffix list."
    CATEGORY = "category", "The category of the domain, by the rules of the person's organization."
    URL = "url", "The url."
    EVENT_TYPE = "event_type", "The type of event."
    EXTENSION_USER = "extension_user", "The person."
    TEAM = (
        "team",
        (
            "The team that the person is in now. What somebody in several teams does counts for each of them, and that "
            "of people without a team for none."
        ),
    )
    ORGANIZATION = "organization", "The organization."
    SESSION = "session", "The browsing session, of one person."
    HOUR_OF_DAY = "hour_of_day", "The hour on the clock of the time zone, 0 to 23."
    DAY_OF_WEEK = "day_of_week", "The day of the week in the time zone, 1 (Monday) to 7 (Sunday)."


class TransitionDimension(DescribedEnum):
    """The dimension of both ends of transitions."""

    DOMAIN = "domain", "The domains."
    SITE = "site", "The sites of the domains. A switch between two domains of one site goes from it to itself."
    CATEGORY = (
        "category",
        "The categories of the domains. A switch between two domains of one category goes from it to itself.",
    )


class Population(DescribedEnum):
    """The population of a distribution: each of them has a value."""

    EXTENSION_USER = "extension_user", "The people with an event."


class Granularity(DescribedEnum):
    """The length of a series' buckets, by the calendar and clock of a time zone."""

    QUARTER_HOUR = "quarter_hour", "A quarter of an hour."
    HOUR = "hour", "An hour."
    DAY = "day", "A day; 23 or 25 hours long when clocks change."
    WEEK = "week", "A week, from the first day of weeks on (`weekStart`)."
    MONTH = "month", "A month."
    QUARTER = "quarter", "A quarter of a year."
    YEAR = "year", "A year."


class Shift(DescribedEnum):
    """An earlier period to compare with."""

    PRECEDING = (
        "preceding",
        (
            "The one right before: of whole months as many months, of whole days as many days, of anything else the "
            "time of the same length."
        ),
    )
    DAY = "day", "The same a day earlier."
    WEEK = "week", "The same a week earlier."
    MONTH = "month", "The same a month earlier: whole months with whole months, days with the days of the same number."
    YEAR = "year", "The same a year earlier: whole months with whole months, days with the days of the same number."


class Alignment(DescribedEnum):
    """The part of an earlier period that an unfinished one is compared with."""

    TO_DATE = "to_date", "As much of it as has passed of the present one, up to the same local time."
    WHOLE = "whole", "All of it."
