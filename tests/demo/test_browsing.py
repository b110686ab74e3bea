import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from demo.browsing import Event, days_of_browsing
from demo.personas import PERSONAS, Persona

ZONE = ZoneInfo("Europe/Berlin")
# A Wednesday afternoon; the clocks change within the month before it.
AFTERNOON = datetime(2026, 4, 15, 13, 30, tzinfo=UTC)
# Nobody's working hours: Sunday, past three in the morning.
DEAD_OF_NIGHT = datetime(2026, 11, 22, 2, 10, 30, 123_987, tzinfo=UTC)
SEEDS = (1, 7, 42)

PASSIVE = {"blur", "visibility_hidden", "idle"}
TYPES = PASSIVE | {
    "pageshow", "click", "focus", "keyup", "keydown", "visibility_visible", "scrollend", "pagehide",
}  # fmt: skip
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ALWAYS_ON = [persona for persona in PERSONAS if persona.checks_in]
EVERYONE = pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.username)


def named(username: str) -> Persona:
    return next(persona for persona in PERSONAS if persona.username == username)


def month(persona: Persona, until: datetime = AFTERNOON, seed: int = 7) -> list[Event]:
    return list(days_of_browsing(persona, until, timezone=ZONE, seed=seed))


def moment(event: Event) -> datetime:
    return datetime.fromisoformat(str(event["ts"]))


def active_runs(events: list[Event]) -> list[list[tuple[datetime, str]]]:
    """(when, host) of active events, split wherever more than 300 s pass between two."""
    runs: list[list[tuple[datetime, str]]] = []
    for event in events:
        if event["type"] in PASSIVE:
            continue
        step = (moment(event), urlsplit(str(event["url"])).hostname or "")
        if runs and step[0] - runs[-1][-1][0] <= timedelta(seconds=300):
            runs[-1].append(step)
        else:
            runs.append([step])
    return runs


def switches(run: list[tuple[datetime, str]]) -> int:
    return sum(before[1] != after[1] for before, after in pairwise(run))


def hours(run: list[tuple[datetime, str]]) -> float:
    return (run[-1][0] - run[0][0]).total_seconds() / 3600


def deep_work(events: list[Event]) -> Counter[str]:
    levels: Counter[str] = Counter()
    for run in active_runs(events):
        if hours(run) >= 25 / 60 and len(run) >= 10:
            rate = switches(run) / hours(run)
            levels["HIGH" if rate <= 5 else "MEDIUM" if rate <= 15 else "LOW"] += 1
    return levels


def switches_per_hour(events: list[Event]) -> float:
    runs = active_runs(events)
    return sum(map(switches, runs)) / sum(map(hours, runs))


def test_six_people_with_names_and_habits_of_their_own() -> None:
    assert len({persona.username for persona in PERSONAS}) == 6
    assert len({persona.habit for persona in PERSONAS}) == 6
    assert len({persona.hours[0][0] for persona in PERSONAS}) == 6


@EVERYONE
def test_same_arguments_same_events(persona: Persona) -> None:
    assert month(persona) == month(persona)
    assert month(persona) == month(persona, AFTERNOON.astimezone(ZONE))
    assert month(persona) != month(persona, seed=8)


def test_people_do_not_share_a_past() -> None:
    sessions = [{event["sessionId"] for event in month(persona)} for persona in PERSONAS]
    assert len(set.union(*sessions)) == sum(map(len, sessions))


@EVERYONE
def test_a_later_end_continues_the_same_past(persona: Persona) -> None:
    day_start = datetime(2026, 4, 15, tzinfo=ZONE)
    earlier = [event for event in month(persona) if moment(event) < day_start]
    later = month(persona, AFTERNOON + timedelta(hours=4))
    assert [event for event in later if moment(event) < day_start] == earlier


@EVERYONE
@pytest.mark.parametrize("until", [AFTERNOON, DEAD_OF_NIGHT])
def test_in_time_order_within_the_local_days(persona: Persona, until: datetime) -> None:
    moments = [moment(event) for event in month(persona, until)]
    assert moments == sorted(moments)
    assert moments[-1] <= until
    first_day = until.astimezone(ZONE).date() - timedelta(days=29)
    assert first_day <= moments[0].astimezone(ZONE).date() <= first_day + timedelta(days=6)


def test_few_days_are_few() -> None:
    events = list(days_of_browsing(named("amara.okafor"), AFTERNOON, days=3, timezone=ZONE, seed=7))
    days = {str(moment(event).astimezone(ZONE).date()) for event in events}
    assert "2026-04-15" in days
    assert days <= {"2026-04-13", "2026-04-14", "2026-04-15"}


@pytest.mark.parametrize("minute", range(0, 24 * 60, 97))
def test_nothing_after_the_end_at_any_time_of_day(minute: int) -> None:
    until = DEAD_OF_NIGHT + timedelta(minutes=minute)
    for persona in PERSONAS:
        assert all(moment(event) <= until for event in days_of_browsing(persona, until, days=2, timezone=ZONE, seed=7))


@EVERYONE
def test_every_event_keeps_the_contract(persona: Persona) -> None:
    events = month(persona)
    for event in events:
        click = event["type"] == "click"
        assert set(event) == {"sessionId", "ts", "type", "url"} | ({"x", "y"} if click else set())
        assert event["type"] in TYPES
        assert STAMP.fullmatch(str(event["ts"]))
        assert UUID(str(event["sessionId"])).version == 4
        assert isinstance(event["url"], str)
        assert "{" not in event["url"]
        for axis in ("x", "y") if click else ():
            assert type(at := event[axis]) is int
            assert 0 <= at <= 10_000
    assert {event["type"] for event in events} == TYPES


@EVERYONE
def test_a_sitting_is_one_stretch_that_starts_with_arriving_and_ends_with_leaving(persona: Persona) -> None:
    events = month(persona, DEAD_OF_NIGHT)
    borders = [(before, after) for before, after in pairwise(events) if before["sessionId"] != after["sessionId"]]
    assert len(borders) + 1 == len({event["sessionId"] for event in events}) > 50
    assert all(before["type"] == "pagehide" for before, _ in borders)
    assert all(after["type"] in {"pageshow", "focus"} for _, after in borders)


@EVERYONE
def test_idle_comes_after_minutes_of_nothing(persona: Persona) -> None:
    for before, after in pairwise(month(persona)):
        if after["type"] == "idle":
            assert moment(after) - moment(before) >= timedelta(minutes=2)


@EVERYONE
def test_looking_away_and_coming_back_to_the_same_page(persona: Persona) -> None:
    returns = Counter(
        (before["type"], after["type"])
        for before, after in pairwise(month(persona))
        if before["url"] == after["url"] and before["sessionId"] == after["sessionId"]
    )
    assert returns["blur", "focus"] > 10
    assert returns["visibility_hidden", "visibility_visible"] > 10


def test_odd_addresses_occur() -> None:
    urls = {str(event["url"]) for persona in PERSONAS for event in month(persona)}
    assert {"", "chrome://newtab/"} <= urls
    assert any(urlsplit(url).port for url in urls)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("until", [AFTERNOON, DEAD_OF_NIGHT])
def test_volume_loads_quickly_and_shows_something(until: datetime, seed: int) -> None:
    volumes = [len(month(persona, until, seed)) for persona in PERSONAS]
    assert all(2_000 <= volume <= 6_000 for volume in volumes)
    assert 20_000 <= sum(volumes) <= 30_000


def test_weekdays_are_busier_than_weekends_and_days_off_happen() -> None:
    per_weekday: Counter[int] = Counter()
    for persona in PERSONAS:
        days = [moment(event).astimezone(ZONE).date() for event in month(persona)]
        per_weekday.update(day.weekday() for day in days)
        assert len(set(days)) < 30
    busiest_weekend_day = max(per_weekday[5], per_weekday[6])
    assert min(per_weekday[day] for day in range(5)) > 1.5 * busiest_weekend_day > 0


def test_people_keep_their_hours() -> None:
    by_hour = {
        persona.username: Counter(moment(event).astimezone(ZONE).hour for event in month(persona))
        for persona in PERSONAS
    }
    assert by_hour["tomas.novak"][7] > 100
    assert by_hour["noor.haddad"][7] == 0
    assert by_hour["mei.tanaka"][22] > 100
    assert by_hour["noor.haddad"][22] == 0
    # The clock on the wall counts: the newcomer sets out about nine before and after the clocks change.
    newcomer = month(named("liam.byrne"))
    arrivals: dict[object, int] = {}
    for event in newcomer:
        local = moment(event).astimezone(ZONE)
        arrivals.setdefault(local.date(), local.hour)
    assert set(arrivals.values()) <= {8, 9}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_focused_work_deeply_and_the_switcher_switches(seed: int) -> None:
    blocks = {persona.username: deep_work(month(persona, seed=seed)) for persona in PERSONAS}
    rates = {persona.username: switches_per_hour(month(persona, seed=seed)) for persona in PERSONAS}
    assert blocks["noor.haddad"]["HIGH"] >= 30
    assert blocks["noor.haddad"]["HIGH"] > 3 * blocks["noor.haddad"]["MEDIUM"]
    assert blocks["amara.okafor"].total() <= 15
    assert blocks["amara.okafor"]["HIGH"] == 0
    assert blocks["tomas.novak"]["MEDIUM"] > blocks["tomas.novak"]["HIGH"]
    assert blocks["liam.byrne"].total() < blocks["noor.haddad"].total() / 2
    assert max(rates, key=lambda username: rates[username]) == "amara.okafor"
    assert rates["amara.okafor"] > 4 * rates["noor.haddad"]


def test_minutes_with_any_event_exceed_minutes_with_an_active_one() -> None:
    for persona in PERSONAS:
        events = month(persona)
        minutes = {str(event["ts"])[:16] for event in events}
        assert minutes > {str(event["ts"])[:16] for event in events if event["type"] not in PASSIVE}


@pytest.mark.parametrize("minute", range(0, 48 * 60, 101))
def test_who_checks_in_was_there_just_now_at_any_time(minute: int) -> None:
    until = DEAD_OF_NIGHT + timedelta(minutes=minute)
    for persona in ALWAYS_ON:
        *_, last = days_of_browsing(persona, until, days=2, timezone=ZONE, seed=7)
        assert until - moment(last) <= timedelta(hours=2)


def test_at_least_two_check_in_and_leave_again() -> None:
    assert len(ALWAYS_ON) >= 2
    for persona in ALWAYS_ON:
        last = month(persona, DEAD_OF_NIGHT)[-1]
        assert last["type"] == "pagehide"


def test_a_look_before_the_end_does_not_pass_the_end() -> None:
    # Now and then such a look ends in idle minutes that would: hence many seeds, over the few hours of one night.
    for persona in ALWAYS_ON:
        for seed in range(200):
            events = list(days_of_browsing(persona, DEAD_OF_NIGHT, days=1, timezone=ZONE, seed=seed))
            assert moment(events[-1]) <= DEAD_OF_NIGHT


def test_an_end_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        month(PERSONAS[0], datetime(2026, 4, 15, 13, 30))  # noqa: DTZ001 - what is refused
