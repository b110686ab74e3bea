"""Exports of usage say what GraphQL says of the same question, in every format, to whoever may ask."""

import csv
import io
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from httpx import Response

from core import limits
from core.dimensions import Dimension
from core.text import camel_case
from db.metrics.measures import MEASURES
from resolvers import usage_exports as exports
from rest import usage_exports as routes
from rest.workbooks import CELL_CHARACTERS, SHEET_ROWS, Sheet, StreamedWorkbook, Value
from tests.rest.usage_exports import downloaded, of_csv, of_ndjson, of_xlsx, refused
from tests.schema.sample_tenants import PERIOD
from tests.world import Asker, World, raw

LENGTHS = ("average", "p50", "p95", "longest")
BERLIN = ZoneInfo("Europe/Berlin")


async def busy(world: World) -> Asker:
    """A member who may see two people with sessions on two domains, on two days."""
    organization = await world.organization()
    for name, start in (("olga", 8), ("otto", 9)):
        person = await world.recorded(organization, name)
        times = [f"{start + place // 20:02}:{place % 20 * 3:02}:10.5" for place in range(30)]
        events = [raw(at, "keydown", f"https://{'ab'[place % 2]}.com/") for place, at in enumerate(times)]
        await world.browse(person, *events)
        await world.team(organization, person, name=f"team of {name}")
    return await world.member(organization)


def selection(measures: list[Any]) -> str:
    """The fields of measures."""
    return " ".join(each.field if each.is_number else f"{each.field} {{ {' '.join(LENGTHS)} }}" for each in measures)


def flat(measures: dict[str, Any]) -> dict[str, Any]:
    """Measures as an export names them."""
    return {
        name if parts is None else f"{name}.{part}": value if parts is None else parts[part]
        for name, value in measures.items()
        for parts in ([value] if isinstance(value, dict) else [None])
        for part in parts or [""]
    }


@pytest.mark.parametrize("dimension", list(Dimension), ids=lambda each: each.name)
async def test_groups_are_those_of_the_question_in_every_format(world: World, dimension: Dimension):
    asker = await busy(world)
    measures = [each for each in MEASURES if dimension in each.dimensions]
    rows = {"groups": {"by": [dimension.name], "orderBy": {"measure": "EVENTS", "direction": "ASC"}}}
    wanted = {"rows": rows, "measures": [each.name.upper() for each in measures]}
    asked = (await asker.ask(
        f"""query ($period: Period!) {{ usage(period: $period) {{
            groups(by: {dimension.name}, orderBy: {{ measure: EVENTS, direction: ASC }}, first: 200) {{
                totalCount
                nodes {{ key {{ domain site category url eventType hourOfDay dayOfWeek sessionId
                    extensionUser {{ username extensionUserId: uuid }} organization {{ organization: name }}
                    team {{ team: name }} }}
                    measures {{ {selection(measures)} }} }} }} }} }}""",
        period=PERIOD,
    ))["usage"]["groups"]  # fmt: skip

    lines, table = [of_ndjson(await downloaded(asker, format="NDJSON", **wanted)),
                    of_csv(await downloaded(asker, format="CSV", **wanted))]  # fmt: skip
    sheet = of_xlsx(await downloaded(asker, format="XLSX", **wanted))

    assert len(lines) == asked["totalCount"] > 0
    names = list(lines[0])
    for line, node in zip(lines, asked["nodes"], strict=True):
        key = {
            **node["key"],
            **(node["key"]["extensionUser"] or {}),
            **(node["key"]["organization"] or {}),
            **(node["key"]["team"] or {}),
        }
        expected = key | flat(node["measures"])
        assert {name: value for name, value in line.items() if name not in {"organizationId", "teamId"}} == {
            name: expected[name] for name in names if name not in {"organizationId", "teamId"}
        }
    assert [list(row.values()) for row in table] == [
        ["" if value is None else str(value) for value in line.values()] for line in lines
    ]
    assert sheet[1:] == [list(line.values()) for line in lines]
    assert sheet[0] == list(table[0])
    units = {f"{each.field} ({each.unit.value})" for each in measures if each.is_number}
    assert units <= set(table[0])
    assert names[0] in {camel_case(dimension.value), "username", "organization", "sessionId"}


async def test_a_heat_map_has_a_row_for_every_hour_of_the_week(world: World):
    asker = await busy(world)
    asked = (await asker.ask(
        """query ($period: Period!) { usage(period: $period, weekStart: SUNDAY) {
            groups(by: [DAY_OF_WEEK, HOUR_OF_DAY], fill: true, first: 168) {
                nodes { key { dayOfWeek hourOfDay } measures { trackedSeconds } } } } }""",
        period=PERIOD,
    ))["usage"]["groups"]["nodes"]  # fmt: skip
    groups = {"by": ["DAY_OF_WEEK", "HOUR_OF_DAY"], "fill": True}
    longest = groups | {"orderBy": {"measure": "TRACKED_SECONDS", "direction": "DESC"}}
    wanted = {"measures": ["TRACKED_SECONDS"], "format": "NDJSON", "weekStart": "SUNDAY"}

    lines = of_ndjson(await downloaded(asker, rows={"groups": groups}, **wanted))
    sorted_lines = of_ndjson(await downloaded(asker, rows={"groups": longest}, **wanted | {"measures": ["EVENTS"]}))
    message = await refused(asker, rows={"groups": groups | {"by": ["HOUR_OF_DAY", "DOMAIN"]}}, **wanted)

    assert lines == [each["key"] | each["measures"] for each in asked]
    assert len(lines) == 168
    busiest = max(asked, key=lambda each: each["measures"]["trackedSeconds"])["key"]
    assert {name: sorted_lines[0][name] for name in busiest} == busiest
    assert len(sorted_lines) == 168
    assert "HOUR_OF_DAY" in message


async def test_a_series_is_that_of_the_question_with_its_instants_in_the_zone(world: World):
    asker = await busy(world)
    measures = [each for each in MEASURES if each.by_time]
    wanted = {
        "rows": {"series": {"every": "HOUR"}}, "timezone": "Europe/Berlin",
        "measures": [each.name.upper() for each in measures],
    }  # fmt: skip
    asked = (await asker.ask(
        f"""query ($period: Period!) {{ usage(period: $period, timezone: "Europe/Berlin") {{
            series(every: HOUR) {{ start end measures {{ {selection(measures)} }} }} }} }}""",
        period=PERIOD,
    ))["usage"]["series"]  # fmt: skip

    lines = of_ndjson(await downloaded(asker, format="NDJSON", **wanted))
    response = await downloaded(asker, format="CSV", **wanted)
    sheet = of_xlsx(await downloaded(asker, format="XLSX", **wanted))

    assert [line | {name: datetime.fromisoformat(line[name]) for name in ("start", "end")} for line in lines] == [
        {"start": datetime.fromisoformat(each["start"]), "end": datetime.fromisoformat(each["end"]), **each["measures"]}
        for each in asked
    ]
    assert lines[0]["start"] == "2026-08-03T02:00:00+02:00"
    assert of_csv(response)[0]["start"] == "2026-08-03T02:00:00+02:00"
    assert [row[0].replace(tzinfo=BERLIN) for row in sheet[1:]] == [
        datetime.fromisoformat(line["start"]) for line in lines
    ]
    assert [row[2:] for row in sheet[1:]] == [list(line.values())[2:] for line in lines]


async def test_a_person_stands_there_once_and_the_csv_may_have_a_mark(world: World):
    asker = await busy(world)
    wanted = {"rows": {"groups": {"by": ["SESSION", "EXTENSION_USER"]}}, "measures": ["SESSION_SECONDS"]}

    response = await downloaded(asker, byteOrderMark=True, **wanted)

    assert response.content.startswith(
        b"\xef\xbb\xbfsessionId,username,extensionUserId,sessionSeconds.average (seconds),"
    )
    assert response.headers["content-disposition"] == 'attachment; filename="usage.csv"'
    assert response.headers["x-total-count"] == "2"
    assert (response.headers["content-type"], response.headers["cache-control"]) == (
        "text/csv; charset=utf-8",
        "no-store",
    )


HOSTILE = (
    "=1+1", "@SUM(A1)", "＝1", " \t-1", "+1\r\n", '"a","b"\n', "<r><t>=1</t></r>", "<is>&amp;]]>", "\x01\x0b\x1f\r",
    "_x0041_ _x000d_", "\ufffe\uffff", "  space  ", "0123", "1e5", "😀" * 100,
)  # fmt: skip


async def test_texts_that_mean_ill_are_texts(world: World):
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization)
    await world.browse(person, *(raw("09:00:00", session=each) for each in HOSTILE))
    wanted = {"rows": {"groups": {"by": ["SESSION"]}}, "measures": ["EVENTS"]}

    lines = of_ndjson(await downloaded(admin, format="NDJSON", **wanted))
    sheet = of_xlsx(await downloaded(admin, format="XLSX", **wanted))
    table = of_csv(await downloaded(admin, format="CSV", **wanted))

    assert {line["sessionId"] for line in lines} == set(HOSTILE)
    assert {row[0] for row in sheet[1:]} == set(HOSTILE)
    assert {row["sessionId"] for row in table} == {f"'{each}" for each in HOSTILE[:5]} | set(HOSTILE[5:])


def test_a_cell_holds_so_much_and_a_sheet_all_groups():
    workbook = StreamedWorkbook(Sheet(["text"], BERLIN, {}))
    texts: list[Value] = ["x" * CELL_CHARACTERS, "x" * (CELL_CHARACTERS + 1), "😀" * CELL_CHARACTERS]
    ancient = datetime(1850, 1, 1, tzinfo=BERLIN)

    content = workbook.begin() + workbook.rows([[each] for each in (*texts, ancient)]) + workbook.end()

    [_, *cells] = [row[0] for row in of_xlsx(Response(200, content=content))]
    assert cells == [
        texts[0], "x" * (CELL_CHARACTERS - 1) + "…", "😀" * (CELL_CHARACTERS // 2) + "…", "1849-12-31T23:06:32+00:00"
    ]  # fmt: skip
    assert max(len(each.encode("utf-16-le")) // 2 for each in cells) == CELL_CHARACTERS
    assert limits.USAGE_EXPORT_GROUPS + 1 < SHEET_ROWS


async def test_of_too_many_groups_the_first_are_exported_and_the_client_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exports, "USAGE_EXPORT_GROUPS", 5)
    monkeypatch.setattr(routes, "USAGE_EXPORT_GROUPS", 5)
    monkeypatch.setattr(exports, "USAGE_EXPORT_PAGE", 2)
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization)
    for number in range(7):
        await world.browse(person, *(raw(f"09:00:{place:02}", session=f"s{number}") for place in range(number + 1)))
    wanted = {"rows": {"groups": {"by": ["SESSION"]}}, "measures": ["EVENTS"]}

    response = await downloaded(admin, **wanted)
    workbook = await downloaded(admin, format="XLSX", **wanted)

    assert [(row["sessionId"], row["events (count)"]) for row in of_csv(response)] == [
        (f"s{number}", str(number + 1)) for number in (6, 5, 4, 3, 2)
    ]
    assert response.headers["content-disposition"] == 'attachment; filename="usage-first-5-of-7.csv"'
    assert response.headers["x-total-count"] == "7"
    assert of_xlsx(workbook, "about") == [
        ["start", "2026-08-03T00:00:00Z"], ["end", "2026-08-04T00:00:00Z"], ["timezone", "UTC"],
        ["groups", 7], ["groups on the sheet", 5],
    ]  # fmt: skip


async def test_a_series_in_autumn_tells_the_hour_that_comes_twice_apart(world: World):
    admin = await world.member(await world.organization())
    period = {"between": {"start": "2026-10-24T23:00:00Z", "end": "2026-10-25T03:00:00Z"}}
    wanted = {
        "period": period,
        "timezone": "Europe/Berlin",
        "rows": {"series": {"every": "HOUR"}},
        "measures": ["EVENTS"],
    }

    response = await downloaded(admin, **wanted)

    starts = [row[0] for row in csv.reader(io.StringIO(response.text, newline=""))][1:]
    assert starts == [f"2026-10-25T{hour}:00:00+{offset}:00" for hour, offset in
                      (("01", "02"), ("02", "02"), ("02", "01"), ("03", "01"))]  # fmt: skip
