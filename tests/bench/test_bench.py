from pathlib import Path
from uuid import UUID

from bench.asking import ORGANIZATION, PERSON, ask_everybody
from bench.events import browsing, until
from bench.growth import grow
from bench.section import Bench, Options
from bench.storage import stored, stored_before
from core.event_types import EventType

EVENTS = 6_000


async def test_every_system_gives_the_same_figures(database_url: str, tmp_path: Path):
    # When answers differ, this fails.
    measured = await ask_everybody(database_url, tmp_path, EVENTS, {PERSON: 1, ORGANIZATION: 1})

    total = measured.answers[ORGANIZATION]["usage"]["total"]
    assert (total["events"], total["users"]) == (EVENTS, 40)
    assert 0 < measured.runs < EVENTS
    for answer in measured.answers.values():
        assert answer["usage"]["total"]["contextSwitches"] > 0
        assert answer["usage"]["total"]["deepWorkSessions"] == answer["deepWork"]["sessionsCount"] > 0
        assert len(answer["usage"]["series"]) == 30


def test_events_are_the_same_each_time_in_order_and_of_every_type():
    people, end = [UUID(int=number) for number in range(1, 41)], until()

    events = list(browsing(people, EVENTS, end))

    assert events == list(browsing(people, EVENTS, end))
    assert len(events) == EVENTS
    assert [event.ts for event in events] == sorted(event.ts for event in events)
    assert {event.type for event in events} == {kind.wire for kind in EventType}


async def test_a_table_grows_and_the_answers_about_others_do_not(database_url: str, tmp_path: Path):
    # When a dashboard changes while the table grows, this fails.
    grown = await grow(Bench(database_url, tmp_path, Options(growth=8_000)), runs=1)

    minutes = {size: asked.minutes for size, asked in grown.organizations}
    assert [events for events, _, _ in grown.tables] == sorted({events for events, _, _ in grown.tables})
    assert minutes[160] == 2 * minutes[80] == 4 * minutes[40] > 0  # they do the same, in twos and fours
    assert grown.days[0][1].work.rows < grown.days[-1][1].work.rows


async def test_what_an_event_takes_is_measured_on_real_tables(database_url: str, tmp_path: Path):
    found = await stored(database_url, tmp_path, EVENTS)

    assert found.events == EVENTS
    assert 0 < found.runs < EVENTS
    assert all(50 < size / EVENTS < 1500 for size in (found.table, found.key, found.rollups, found.log))
    assert len(found.lines()) == 5


async def test_what_an_event_took_before_is_measured_on_the_old_table(database_url: str):
    found = await stored_before(database_url, EVENTS)

    assert 100 < found.each < 1000
    assert found.indexes > 0
