"""Generates realistic browsing events for a persona: a pure, repeatable function."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from demo.personas import Manner, Persona, Site

Event = dict[str, object]
TimedEvent = tuple[datetime, Event]
Step = tuple[str, float, float]

# What one thing done at a page looks like on the wire: event types, each with the least and most seconds before it.
_KEY: tuple[Step, ...] = (("keydown", 0.08, 0.4), ("keyup", 0.05, 0.15))
_GESTURES: dict[str, tuple[Step, ...]] = {
    "click": (("click", 0, 0),),
    "scroll": (("scrollend", 0, 0),),
    "key": _KEY,
    "typing": _KEY + _KEY,
    "away": (("blur", 0, 0), ("focus", 20, 140)),
    "hide": (("blur", 0, 0), ("visibility_hidden", 0.01, 0.03), ("visibility_visible", 20, 140), ("focus", 0.01, 0.03)),
    "idle": (("idle", 120, 300), ("scrollend", 20, 420)),
}
_MANNERS: dict[Manner, dict[str, float]] = {
    "reading": {"scroll": 7, "click": 2, "key": 0.5},
    "writing": {"typing": 2, "key": 3, "click": 2.5, "scroll": 2.5},
    "clicking": {"click": 6, "scroll": 2, "key": 1.5},
}
_NEW_TAB = "chrome://newtab/"
_NEW_TAB_CHANCE = 0.15
_NO_ADDRESS_CHANCE = 0.03
_TURN_PAGE_CHANCE = 0.12
_KEEP_TAB_CHANCE = 0.5
_PUNCTUALITY_HOURS = 0.2
# Shapes of gamma distributions: the higher, the closer lengths keep to their mean. Pauses are the steadiest, since a
# single one past five minutes would end a block of deep work.
_PAUSE_SHAPE, _LENGTH_SHAPE, _STAY_SHAPE = 5, 4, 3
_CHECK_IN_AFTER = timedelta(hours=2)
_CHECK_IN_FROM, _CHECK_IN_TO = timedelta(minutes=40), timedelta(minutes=5)


def days_of_browsing(
    persona: Persona, until: datetime, *, days: int = 30, timezone: ZoneInfo, seed: int
) -> Iterator[Event]:
    """Yield events as the extension sends them, in time order: of `days` local days, the last being that of `until`.

    Each day has a random sequence of its own, so a later `until` continues the same past; only the last check-in of a
    persona who checks in moves along with `until`. A sitting in progress at `until` ends there, without a pagehide.
    """
    if until.utcoffset() is None:
        raise ValueError("until needs a time zone")
    until = until.astimezone(UTC)
    first_day = until.astimezone(timezone).date() - timedelta(days=days - 1)
    latest = datetime.min.replace(tzinfo=UTC)
    for day in (first_day + timedelta(days=number) for number in range(days)):
        for moment, event in _day(persona, day, timezone, _chance(seed, persona.username, day)):
            if moment > until:
                break
            latest = moment
            yield event
    if persona.checks_in and until - latest > _CHECK_IN_AFTER:
        start = max(until - _CHECK_IN_FROM, _local(first_day, 0, timezone))
        sitting = _sitting(persona, start, until - _CHECK_IN_TO, _chance(seed, persona.username, until))
        yield from (event for moment, event in sitting if moment <= until)


def _chance(*parts: object) -> Random:
    # Text seeds go through SHA-512, so they give the same sequence in every process, unlike hash().
    return Random("/".join(map(str, parts)))  # noqa: S311 - made-up demo data, repeatable on purpose; nothing secret


def _local(day: date, hour: float, timezone: ZoneInfo) -> datetime:
    # The wall clock is set before the zone is attached: 9:00 stays 9:00 on a day the clocks change.
    wall = datetime.combine(day, time.min) + timedelta(hours=hour)
    return wall.replace(tzinfo=timezone).astimezone(UTC)


def _day(persona: Persona, day: date, timezone: ZoneInfo, rng: Random) -> Iterator[TimedEvent]:
    """One working day, sittings with breaks between them, or nothing on a day off."""
    if rng.random() >= persona.day_chances[day.weekday()]:
        return
    clock = _local(day, 0, timezone)
    for begin, end in persona.hours:
        clock = max(clock, _local(day, begin + rng.gauss(0, _PUNCTUALITY_HOURS), timezone))
        stop = _local(day, end + rng.gauss(0, _PUNCTUALITY_HOURS), timezone)
        while clock < stop:
            length = timedelta(minutes=_around(rng, persona.sitting_minutes, _LENGTH_SHAPE))
            sitting = _sitting(persona, clock, min(stop, clock + length), rng)
            yield from sitting
            clock = sitting[-1][0] + timedelta(minutes=_around(rng, persona.break_minutes, _LENGTH_SHAPE))


def _around(rng: Random, mean: float, shape: float) -> float:
    return rng.gammavariate(shape, mean / shape)


def _sitting(persona: Persona, start: datetime, end: datetime, rng: Random) -> list[TimedEvent]:
    """One stretch at the browser under one session id, from arriving to leaving; never empty."""
    browser = _Browser(rng, start, str(UUID(int=rng.getrandbits(128), version=4)))
    if rng.random() < _NEW_TAB_CHANCE:
        browser.record("pageshow")
    if rng.random() < _NO_ADDRESS_CHANCE:
        browser.url = ""  # The extension sends this for pages whose address the browser withholds from it.
        browser.record("focus", 0.5, 2)
    site = _next_site(persona, None, rng)
    browser.arrive(site)
    leave_at = _leave_time(browser, site)
    while True:
        pause = _around(rng, persona.pause_seconds, _PAUSE_SHAPE)
        if browser.clock + timedelta(seconds=pause) >= end:
            break
        browser.wait(pause)
        if browser.clock >= leave_at:
            browser.leave(site)
            site = _next_site(persona, site, rng)
            browser.arrive(site)
            leave_at = _leave_time(browser, site)
        elif rng.random() < _TURN_PAGE_CHANCE:
            browser.record("pagehide")
            browser.show(site)
        else:
            browser.do(_next_gesture(persona, site, rng))
    browser.record("pagehide", 1, 20)
    return browser.events


def _leave_time(browser: "_Browser", site: Site) -> datetime:
    return browser.clock + timedelta(minutes=_around(browser.rng, site.stay_minutes, _STAY_SHAPE))


def _next_site(persona: Persona, left: Site | None, rng: Random) -> Site:
    others = [site for site in persona.sites if site is not left]
    return rng.choices(others, [site.weight for site in others])[0]


def _next_gesture(persona: Persona, site: Site, rng: Random) -> str:
    roll = rng.random()
    if roll < persona.idle_chance:
        return "idle"
    if roll < persona.idle_chance + persona.away_chance:
        return rng.choice(("away", "hide"))
    manner = _MANNERS[site.manner]
    return rng.choices(list(manner), list(manner.values()))[0]


@dataclass(slots=True)
class _Browser:
    """A window with tabs: `clock` is the time of the last event, `url` the page in front, `tabs` those left open."""

    rng: Random
    clock: datetime
    session: str
    url: str = _NEW_TAB
    tabs: dict[Site, str] = field(default_factory=dict)
    events: list[TimedEvent] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.clock += timedelta(seconds=seconds)

    def record(self, kind: str, least: float = 0.0, most: float = 0.0) -> None:
        self.wait(self.rng.uniform(least, most))
        stamp = self.clock.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        event: Event = {"sessionId": self.session, "ts": stamp, "type": kind, "url": self.url}
        if kind == "click":
            # Pixels of a common screen, denser towards the upper middle, where pages keep what one clicks on.
            event["x"] = round(self.rng.triangular(0, 1919, 900))
            event["y"] = round(self.rng.triangular(0, 1079, 380))
        self.events.append((self.clock, event))

    def do(self, gesture: str) -> None:
        for kind, least, most in _GESTURES[gesture]:
            self.record(kind, least, most)

    def show(self, site: Site) -> None:
        self.url = self.rng.choice(site.pages).format(n=self.rng.randrange(1000, 10000))
        self.record("pageshow", 0.2, 1.5)

    def arrive(self, site: Site) -> None:
        if site not in self.tabs:
            self.show(site)
            return
        self.url = self.tabs.pop(site)
        self.record("visibility_visible", 0.05, 0.3)
        self.record("focus", 0.01, 0.03)

    def leave(self, site: Site) -> None:
        if self.rng.random() < _KEEP_TAB_CHANCE:
            self.tabs[site] = self.url
            self.record("blur")
            self.record("visibility_hidden", 0.01, 0.03)
        else:
            self.record("pagehide")
