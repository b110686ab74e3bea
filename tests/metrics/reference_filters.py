"""The reference of filters, in plain Python. A filter is written as clients write `where`, with plain values.

Conditions that mention no domain, site, category or url narrow the events; the others keep the parts that belong to an
event which meets them.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.metrics.reference import Event, Kept
from tests.metrics.reference_categories import category
from tests.metrics.reference_sites import site

Where = Mapping[str, Any]

PLACES = {"domain", "site", "categories", "url"}


def narrowed(events: Iterable[Event], where: Where) -> list[Event]:
    """The events among which sequences are found."""
    narrowing = [condition for condition in _conditions(where) if not _mentions_a_place(condition)]
    return [event for event in events if all(meets(event, condition) for condition in narrowing)]


def keeping(where: Where) -> Kept:
    """The filter of parts, by the event that they belong to."""
    choosing = [condition for condition in _conditions(where) if _mentions_a_place(condition)]
    return lambda event: all(meets(event, condition) for condition in choosing)


def meets(event: Event, where: Where) -> bool:
    """True if an event alone meets everything."""
    return all(_meets(event, name, wanted) for name, wanted in where.items())


def _conditions(where: Where) -> list[Where]:
    """The conditions that must all hold, one by one."""
    found: list[Where] = []
    for name, wanted in where.items():
        if name == "allOf":
            for part in wanted:
                found += _conditions(part)
        else:
            found.append({name: wanted})
    return found


def _mentions_a_place(where: Where) -> bool:
    for name, wanted in where.items():
        if name in PLACES:
            return True
        if name in {"allOf", "anyOf"} and any(_mentions_a_place(part) for part in wanted):
            return True
        if name == "not" and _mentions_a_place(wanted):
            return True
    return False


def _meets(event: Event, name: str, wanted: Any) -> bool:
    if name == "allOf":
        return all(meets(event, part) for part in wanted)
    if name == "anyOf":
        return any(meets(event, part) for part in wanted)
    if name == "not":
        return not meets(event, wanted)
    if name in {"domain", "site", "url"}:
        return _place_meets(event, name, wanted)
    if name == "teamIds":
        return not event.teams.isdisjoint(wanted)
    values = {
        "organizationIds": event.organization,
        "extensionUserIds": event.user,
        "sessionIds": event.session,
        "eventTypes": event.type,
        "categories": event.category,
    }
    return values[name] in wanted


def _place_meets(event: Event, name: str, wanted: Mapping[str, Any]) -> bool:
    if name == "url" and "matches" in wanted:
        host, slash, path = wanted["matches"].partition("/")
        after_host = event.url.partition("://")[2].partition("/")[2]
        return _place_meets(event, "domain", {"matches": host}) and fnmatchcase(after_host, path if slash else "*")
    if name == "url":
        return _text_meets(event.url, wanted)
    if event.domain is None:
        return False
    return _text_meets(event.domain if name == "domain" else site(event.domain), wanted)


def _text_meets(text: str, wanted: Mapping[str, Any]) -> bool:
    ((how, value),) = wanted.items()
    if how == "eq":
        return bool(text == value)
    if how == "in":
        return text in value
    if how == "matches":
        return category(text, {value: "matched"}) == "matched"
    if how == "contains":
        return value.lower() in text.lower()
    return text.startswith(value)
