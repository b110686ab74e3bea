"""Events for the tests of the reference, and short ways to its answers."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from tests.metrics.reference import Event, groups, measure, series
from tests.metrics.reference_time import buckets

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
DIMENSIONS = (
    *("DOMAIN", "URL", "EVENT_TYPE", "EXTENSION_USER", "ORGANIZATION", "SESSION", "HOUR_OF_DAY", "DAY_OF_WEEK"),
)
_id = count(1)


def at(text: str) -> datetime:
    """A time in UTC; of Monday, 3 August 2026 if no date is given."""
    return datetime.fromisoformat(text if "T" in text else f"2026-08-03T{text}").replace(tzinfo=UTC)


def event(ts: str | datetime, domain: str | None = "a.com", **changes: Any) -> Event:
    values: dict[str, Any] = {
        "user": "P",
        "organization": "Acme",
        "ts": at(ts) if isinstance(ts, str) else ts,
        "id": next(_id),
        "session": "s",
        "type": "click",
        "url": "" if domain is None else f"https://{domain}/",
        "domain": domain,
    }
    return Event(**values | changes)


def work(start: str, pauses: Iterable[float], domains: Iterable[str | None] = (), **changes: Any) -> list[Event]:
    """Active events at `start` and after each pause; in a.com where `domains` name no other."""
    times = [at(start)]
    for pause in pauses:
        times.append(times[-1] + timedelta(seconds=pause))
    named = iter(domains)
    return [event(ts, next(named, "a.com"), **changes) for ts in times]


def value(events: list[Event], name: str) -> Any:
    return measure(events, {name})[name]


def by(events: list[Event], dimension: str, name: str, zone: ZoneInfo = UTC_ZONE) -> dict[Any, Any]:
    """One measure of each group of one dimension."""
    return {key[0]: values[name] for key, values in groups(events, (dimension,), zone, {name}).items()}


def hours(events: list[Event], start: str, end: str, name: str) -> list[Any]:
    return [values[name] for _, _, values in series(events, at(start), at(end), "HOUR", UTC_ZONE, {name})]


def starts(start: str, end: str, every: str, zone: ZoneInfo) -> list[str]:
    return [f"{begin:%Y-%m-%dT%H:%M}" for begin, _ in buckets(at(start), at(end), every, zone)]


def lengths(start: str, end: str, every: str, zone: ZoneInfo) -> list[float]:
    """The hours that each bucket lasts."""
    return [(until - begin) / timedelta(hours=1) for begin, until in buckets(at(start), at(end), every, zone)]


EXAMPLE = [
    event("09:00:00", "a.com", type="pageshow", url="https://a.com/1"),
    event("09:00:30", "a.com", type="click", url="https://a.com/1"),
    event("09:02:00", "a.com", type="blur", url="https://a.com/1"),
    event("09:03:10", "b.com", type="focus", url="https://b.com/"),
    event("09:20:00", "b.com", type="click", url="https://b.com/"),
]
