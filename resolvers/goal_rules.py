"""The rules of goals: what makes sense, and what somebody can meet."""

from collections.abc import Iterator
from math import ceil, floor, inf

from core.errors import InvalidInput
from core.goals import GoalInterval
from core.names import checked_name
from core.units import Unit
from db.metrics.measure import Measure
from db.metrics.measures import BY_NAME, MEASURES
from db.queries.filters import EventFilter
from db.queries.goals import GoalSubject, GoalTerms

_DAYS = {GoalInterval.DAY: 1, GoalInterval.WEEK: 7, GoalInterval.MONTH: 31}
"""The usual days of the longest bucket; days of 25 hours are no time to plan with."""
_MINUTES_OF_DAY = 1440
_SECONDS_OF_DAY = 86_400
_ON_THE_CLOCK = {"active_seconds", "deep_work_seconds"}
"""Measures in seconds that count no moment of a person twice, so that a bucket's length is the most of them."""
_PARTS_OF_ONE_WHOLE = {"engagement_rate"}
"""Percentages that are never above 100."""
_OF_SEVERAL = {"users"}
"""Measures that tell something of several people only."""
_WHOSE = {
    "organizationIds": "organization_ids",
    "extensionUserIds": "extension_user_ids",
    "teamIds": "team_ids",
    "sessionIds": "session_ids",
}


def grows(measure: Measure) -> bool:
    """True if the value of a bucket does not get smaller as time goes on: of all that are counted or summed up."""
    return measure.formula is None


def check_terms(subject: GoalSubject, terms: GoalTerms, where: EventFilter) -> None:
    """Return if the goal makes sense and can be met. InvalidInput, saying what is allowed."""
    checked_name("name", terms.name)
    _check_measure(subject, BY_NAME[terms.measure])
    _check_filter(where)
    _check_weekdays(terms)
    _check_bounds(terms)
    _check_within_reach(subject, terms, BY_NAME[terms.measure])
    if terms.at_least is not None and _matches_nothing(where):
        raise InvalidInput(
            "Nobody can meet this goal: no event meets `where`, since an empty list matches nothing.", "where"
        )


def _check_measure(subject: GoalSubject, measure: Measure) -> None:
    if subject.extension_user_id is not None and measure.name in _OF_SEVERAL:
        allowed = ", ".join(
            each.name.upper() for each in MEASURES if each.is_number and each.by_time and each.name not in _OF_SEVERAL
        )
        raise InvalidInput(
            f"`{measure.field}` of one person tells nothing: it is for teams and organizations. A person's goal takes "
            f"one of: {allowed}.",
            "measure",
        )
    if not (measure.is_number and measure.by_time):
        raise InvalidInput(f"`{measure.field}` cannot be split into days.", "measure")


def _check_filter(where: EventFilter) -> None:
    for each in _all(where):
        for field, attribute in _WHOSE.items():
            if getattr(each, attribute) is not None:
                raise InvalidInput(
                    f"`where` of a goal takes no `{field}`: the goal's subject says whose events count. Allowed are "
                    "domain, site, categories, url and eventTypes.",
                    "where",
                )


def _check_weekdays(terms: GoalTerms) -> None:
    if terms.weekdays is None:
        return
    if terms.interval is not GoalInterval.DAY:
        raise InvalidInput("`weekdays` goes with `every: DAY` only. Leave it out.", "weekdays")
    if not terms.weekdays:
        raise InvalidInput("`weekdays` names at least one day. Leave it out for every day.", "weekdays")


def _check_bounds(terms: GoalTerms) -> None:
    least, most = terms.at_least, terms.at_most
    if least is None and most is None:
        raise InvalidInput("A goal has `atLeast`, `atMost` or both.", "atLeast")
    if least is not None and least <= 0:
        raise InvalidInput("`atLeast` must be more than 0: nothing is met by everybody.", "atLeast")
    if most is not None and most < 0:
        raise InvalidInput("`atMost` must not be less than 0: no value is.", "atMost")
    if least is not None and most is not None:
        if least > most:
            raise InvalidInput(f"`atLeast` ({least:g}) must not be more than `atMost` ({most:g}).", "atLeast")
        if BY_NAME[terms.measure].type is int and ceil(least) > floor(most):
            raise InvalidInput(
                f"Nobody can meet this goal: no whole number lies between {least:g} and {most:g}.", "atLeast"
            )


def _check_within_reach(subject: GoalSubject, terms: GoalTerms, measure: Measure) -> None:
    limit = _limit(measure, terms.interval, of_one=subject.extension_user_id is not None)
    if terms.at_least is not None and terms.at_least > limit:
        raise InvalidInput(
            f"Nobody can meet this goal: `{measure.field}` of one {terms.interval.value} is at most {limit:g}. Give an "
            "`atLeast` within that.",
            "atLeast",
        )


def _limit(measure: Measure, interval: GoalInterval, *, of_one: bool) -> float:
    """The most that a bucket can hold of a measure."""
    if measure.name in _PARTS_OF_ONE_WHOLE:
        return 100
    if of_one and measure.unit is Unit.MINUTES:
        return _DAYS[interval] * _MINUTES_OF_DAY
    return _DAYS[interval] * _SECONDS_OF_DAY if of_one and measure.name in _ON_THE_CLOCK else inf


def _all(where: EventFilter) -> Iterator[EventFilter]:
    yield where
    for each in where.nested:
        yield from _all(each)


def _matches_nothing(where: EventFilter) -> bool:
    """True if a condition of the filter is an empty list, which nothing meets."""
    texts = (where.domain, where.site and where.site.text, where.url and where.url.text)
    lists = (where.event_types, where.category and where.category.one_of, *(text and text.one_of for text in texts))
    return (
        () in lists
        or any(map(_matches_nothing, where.all_of or ()))
        or (where.any_of is not None and all(map(_matches_nothing, where.any_of)))
    )
