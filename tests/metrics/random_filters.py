"""Random filters of random streams: as the reference takes them, and as the engine does."""

from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from core.categories import Category
from core.event_types import EventType
from core.events import ANONYMOUS
from core.url_patterns import checked_url_pattern
from db.queries.filters import CategoryFilter, EventFilter, SiteFilter, TextFilter, UrlFilter
from tests.metrics.random_streams import TEAMS, TYPES
from tests.metrics.reference_filters import Where
from tests.world import Recorded

_DOMAINS = ["a.com", "b.com", "c.com:8443", "gist.github.com"]


def _lists(values: list[str], least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=2, unique=True)


_places = st.one_of(
    st.fixed_dictionaries({"domain": st.sampled_from([{"eq": domain} for domain in _DOMAINS])}),
    st.fixed_dictionaries({"domain": st.fixed_dictionaries({"in": _lists(_DOMAINS)})}),
    st.sampled_from([{"domain": {"contains": "C"}}, {"domain": {"startsWith": "a"}}]),
    st.sampled_from(
        [{"domain": {"matches": ".a.com"}}, {"url": {"matches": ".a.com"}}, {"url": {"matches": "a.com/*"}}]
    ),
    st.fixed_dictionaries({"site": st.sampled_from([{"eq": "a.com"}, {"in": ["b.com", "github.com"]}, {"in": []}])}),
    st.fixed_dictionaries({"categories": _lists(["development", "other", "research"])}),
    st.sampled_from([{"url": {"eq": "https://a.com/1"}}, {"url": {"eq": ""}}, {"url": {"contains": "COM/"}}]),
)
_sessions = st.sampled_from([{"sessionIds": ["s"]}, {"sessionIds": ["t", "u"]}])
_types = st.fixed_dictionaries({"eventTypes": _lists(TYPES, 1)})


def filters(people: list[Recorded | None]) -> st.SearchStrategy[Where]:
    """Filters of these people's events, often with a domain, category or url."""
    rows = [person.row for person in people if person is not None]
    whose = st.sampled_from(
        [
            {"extensionUserIds": [str(rows[0].id)]},
            {"organizationIds": [str(rows[-1].organization_id)]},
            *({"teamIds": [str(team)]} for team in TEAMS),
            {"teamIds": []},
        ]
    )
    single = st.one_of(_places, _places, _places, _sessions, _types, whose)
    return st.recursive(
        single,
        lambda inner: st.one_of(
            st.tuples(inner, single).map(lambda both: {**both[1], **both[0]}),
            st.lists(inner, max_size=2).map(lambda parts: {"allOf": parts}),
            st.lists(inner, max_size=3).map(lambda parts: {"anyOf": parts}),
            inner.map(lambda part: {"not": part}),
        ),
        max_leaves=4,
    )


def event_filter(where: Where) -> EventFilter:
    """The filter as the engine takes it."""
    return EventFilter(**{_NAMES[name]: _value(name, wanted) for name, wanted in where.items()})


_NAMES = {
    "organizationIds": "organization_ids",
    "extensionUserIds": "extension_user_ids",
    "teamIds": "team_ids",
    "sessionIds": "session_ids",
    "eventTypes": "event_types",
    "domain": "domain",
    "site": "site",
    "categories": "category",
    "url": "url",
    "allOf": "all_of",
    "anyOf": "any_of",
    "not": "not_",
}
_TEXTS = {"eq": "eq", "in": "one_of", "contains": "contains", "startsWith": "starts_with", "matches": "host"}


def _value(name: str, wanted: Any) -> Any:
    if name in {"allOf", "anyOf"}:
        return tuple(event_filter(part) for part in wanted)
    if name == "not":
        return event_filter(wanted)
    if name in {"domain", "site", "url"}:
        return _place(name, wanted)
    if name == "categories":
        return CategoryFilter(tuple(Category(each) for each in wanted))
    if name == "eventTypes":
        return tuple(next(kind for kind in EventType if kind.wire == each) for each in wanted)
    return tuple(wanted) if name == "sessionIds" else tuple(UUID(each) for each in wanted)


def _place(name: str, wanted: Where) -> TextFilter | SiteFilter | UrlFilter:
    ((how, value),) = wanted.items()
    if name == "url" and how == "matches":
        return UrlFilter(pattern=checked_url_pattern(value, name))
    given: dict[str, Any] = {_TEXTS[how]: tuple(value) if how == "in" else value}
    text = TextFilter(**given)
    return text if name == "domain" else SiteFilter(text) if name == "site" else UrlFilter(text)


def value_filter(dimension: str, value: Any) -> Where:
    """The filter by a value of a dimension: that of a group's key, as the reference has it."""
    if dimension == "SESSION":
        user, session = value
        return {"extensionUserIds": [user or str(ANONYMOUS)], "sessionIds": [session]}
    names = {
        "EXTENSION_USER": "extensionUserIds",
        "TEAM": "teamIds",
        "ORGANIZATION": "organizationIds",
        "EVENT_TYPE": "eventTypes",
    }
    if dimension in names:
        return {names[dimension]: [value]}
    if dimension == "CATEGORY":
        return {"categories": [value]}
    return {dimension.lower(): {"eq": value}}
