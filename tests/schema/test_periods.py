"""Periods, zones, instants and durations as clients write them; the catalogues of presets and measures."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from graphql import GraphQLObjectType, get_named_type

from core.clock import now
from core.periods import PeriodPreset, preset
from execution.scalar_formats import format_instant, format_instants
from schema.build import schema
from tests.schema.sample_tenants import outcome
from tests.world import Asker, World

USAGE = "query ($period: Period!, $zone: TimeZone!) { usage(period: $period, timezone: $zone) { start end timezone } }"
RANGE = "query ($period: Period!) { usage(period: $period) { start end } }"


@pytest.fixture
async def asker(world: World) -> Asker:
    """Anybody, signed in."""
    return await world.sign_in(await world.user())


async def span(asker: Asker, period: dict[str, Any]) -> tuple[datetime, datetime]:
    """The instants that a period comes to."""
    found = (await asker.ask(RANGE, period=period))["usage"]
    return datetime.fromisoformat(found["start"]), datetime.fromisoformat(found["end"])


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"])
async def test_presets_are_seen_from_the_zone_asked_for(asker: Asker, zone: str):
    before = now()
    answers = {key: (await asker.ask(USAGE, period={"preset": key.name}, zone=zone))["usage"] for key in PeriodPreset}
    after = now()

    for key, answer in answers.items():
        possible = [preset(key, moment, ZoneInfo(zone)) for moment in (before, after)]  # midnight may lie in between
        spans = [(format_instant(each.start), format_instant(each.end)) for each in possible]
        assert (answer["start"], answer["end"]) in spans
        assert answer["timezone"] == zone


async def test_the_catalogue_of_presets_agrees_with_what_presets_mean(asker: Asker):
    query = """query ($zone: TimeZone!) { periodPresets(timezone: $zone) { key label description start end } }"""

    infos = (await asker.ask(query, zone="Asia/Kathmandu"))["periodPresets"]

    assert [info["key"] for info in infos] == [key.name for key in PeriodPreset]
    assert {info["label"] for info in infos} >= {"Today", "Last 7 days", "This year"}
    for info in infos:
        answer = (await asker.ask(USAGE, period={"preset": info["key"]}, zone="Asia/Kathmandu"))["usage"]
        assert (answer["start"], answer["end"]) == (info["start"], info["end"])
        assert info["start"].endswith("18:15:00.000Z")


async def test_instants_are_written_in_utc_with_milliseconds(asker: Asker):
    period = {"between": {"start": "2026-08-03t11:00:00.1239+02:00", "end": "2026-08-03 16:00+05:45"}}

    answer = (await asker.ask(RANGE, period=period))["usage"]

    assert answer == {"start": "2026-08-03T09:00:00.123Z", "end": "2026-08-03T10:15:00.000Z"}


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P7D", timedelta(days=7)),
        ("PT1H", timedelta(hours=1)),
        ("P1DT2H30M", timedelta(days=1, hours=2, minutes=30)),
        ("PT90M", timedelta(minutes=90)),
        ("PT0.5S", timedelta(seconds=0.5)),
        ("P2W", timedelta(weeks=2)),
        ("P400D", timedelta(days=400)),
    ],
)
async def test_durations_end_now(asker: Asker, text: str, length: timedelta):
    before = now()
    start, end = await span(asker, {"last": text})
    after = now()

    assert abs(end - start - length) <= timedelta(milliseconds=1)  # each is written to the millisecond
    assert before - timedelta(milliseconds=1) <= end <= after


@pytest.mark.parametrize(
    "period",
    [
        {"between": {"start": "2026-08-03T09:00:00", "end": "2026-08-03T10:00:00Z"}},
        {"between": {"start": "2026-08-03", "end": "2026-08-03T10:00:00Z"}},
        {"between": {"start": "2026-02-30T09:00:00Z", "end": "2026-08-03T10:00:00Z"}},
        {"between": {"start": "2026-08-03T24:30:00Z", "end": "2026-08-04T10:00:00Z"}},
        {"between": {"start": "0000-01-01T00:00:00Z", "end": "0001-01-01T00:00:00Z"}},
        {"between": {"start": "0001-01-01T00:00:00+01:00", "end": "0001-01-02T00:00:00Z"}},
        {"between": {"start": "9999-12-31T00:00:00Z", "end": "9999-12-31T23:59:59-01:00"}},
        {"between": {"start": "10000-01-01T00:00:00Z", "end": "10000-01-02T00:00:00Z"}},
        {"between": {"start": 1785747600, "end": "2026-08-03T10:00:00Z"}},
        {"between": {"start": "2026-08-03T10:00:00Z", "end": "2026-08-03T09:00:00Z"}},
        {"between": {"start": "2026-08-03T10:00:00Z", "end": "2026-08-03T10:00:00Z"}},
        {"between": {"start": "2025-01-01T00:00:00Z", "end": "2026-02-05T00:00:01Z"}},
        {"between": {"start": "2026-08-03T10:00:00Z"}},
        {"last": "P401D"},
        {"last": "P0D"},
        {"last": "-PT1H"},
        {"last": "P1M"},
        {"last": "P1Y"},
        {"last": "P99999999999D"},
        {"last": "P9999W"},
        {"last": ""},
        {"last": 3600},
        {"preset": "FOREVER"},
    ],
    ids=str,
)
async def test_periods_that_make_no_sense_are_refused(asker: Asker, period: dict[str, Any]):
    error = await asker.refused(RANGE, period=period)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"]


@pytest.mark.parametrize("year", ["0001", "9999"])
async def test_the_ends_of_time_are_periods_without_events(asker: Asker, year: str):
    period = {"between": {"start": f"{year}-01-01T00:00:00Z", "end": f"{year}-12-31T23:59:59.999999Z"}}
    questions = ("usage(period: $period) { total { events } }", "sessions(period: $period) { nodes { sessionId } }")

    got = [await outcome(asker, f"{{ {question} }}", period=period) for question in questions]

    assert got == [0, []]


HOURS = """query ($period: Period!, $zone: TimeZone!) {
    usage(period: $period, timezone: $zone) {
        series(every: HOUR) { start } groups(by: [HOUR_OF_DAY, DAY_OF_WEEK]) { nodes { measures { events } } }
    }
}"""
FIRST_DAY = {"between": {"start": "0001-01-01T00:00:00Z", "end": "0001-01-02T00:00:00Z"}}
LAST_DAY = {"between": {"start": "9999-12-31T00:00:00Z", "end": "9999-12-31T23:59:59.999999Z"}}


@pytest.mark.parametrize(("period", "zone"), [(FIRST_DAY, "UTC"), (LAST_DAY, "UTC"), (LAST_DAY, "America/New_York")])
async def test_the_ends_of_time_have_hours(asker: Asker, period: dict[str, Any], zone: str):
    series = (await asker.ask(HOURS, period=period, zone=zone))["usage"]["series"]

    assert series[0]["start"] == period["between"]["start"].replace("Z", ".000Z")
    assert len(series) == 24


@pytest.mark.parametrize(("period", "zone"), [(FIRST_DAY, "America/New_York"), (LAST_DAY, "Asia/Kathmandu")])
async def test_hours_beyond_the_ends_of_time_are_refused(asker: Asker, period: dict[str, Any], zone: str):
    error = await asker.refused(HOURS, period=period, zone=zone)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert f"In the time zone {zone} the period reaches beyond the years 1 to 9999" in error["message"]


@pytest.mark.parametrize(
    "zone",
    [
        *("", "Berlin", "europe/berlin", "+02:00", "../etc/passwd", "/etc/localtime", 2, None, ["UTC"], {}),
        # Files beside the zones: the machine's own, a template, copies with and without leap seconds.
        *(
            "localtime",
            "Factory",
            "posixrules",
            "posix/Europe/Berlin",
            "right/Europe/Berlin",
            "tzdata.zi",
            "leapseconds",
        ),
    ],
    ids=str,
)
async def test_unknown_zones_are_refused(asker: Asker, zone: object):
    error = await asker.refused(USAGE, period={"last": "P1D"}, zone=zone)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert zone is None or "A TimeZone is a name of the IANA database" in error["message"]


async def test_the_catalogue_of_measures_names_the_fields_of_usage_measures(asker: Asker):
    measures = schema._schema.type_map["UsageMeasures"]
    assert isinstance(measures, GraphQLObjectType)

    catalogue = (await asker.ask("{ measures { name definition unit } }"))["measures"]

    assert [info["name"] for info in catalogue] == list(measures.fields)
    assert [info["definition"] for info in catalogue] == [field.description for field in measures.fields.values()]
    for info in catalogue:
        kind = str(get_named_type(measures.fields[info["name"]].type))
        assert kind in {"Float", "SessionSeconds"} or info["unit"] not in {"SECONDS", "PERCENT"}


def test_instants_before_1970_are_written_alike():
    assert format_instant(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00.000Z"


def test_many_instants_are_written_as_each_is():
    summer = timezone(timedelta(hours=2))
    instants = [
        datetime(2026, 8, 1, 9, 0, 0, 123456, tzinfo=UTC),
        datetime(2026, 8, 1, 9, tzinfo=UTC),
        datetime(2026, 8, 1, 9, 0, 0, 123456, tzinfo=summer),
        datetime(2026, 8, 1, 9, tzinfo=summer),
        datetime(1, 1, 1, tzinfo=UTC),
    ]

    assert format_instants(instants) == [format_instant(instant) for instant in instants]
