"""Insight over GraphQL: what it says, that every figure in it is the API's own, and what it costs."""

import asyncio
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from typing import Any

import pytest

from core.events import RawEvent
from core.ids import encode_node_id
from db.queries.organizations import OrganizationRow
from tests.conftest import StatementCounter
from tests.schema.usage_queries import between, metrics_statements
from tests.world import Asker, Recorded, World, raw

DAY = between("2026-08-03", "2026-08-04")
EVIDENCE = "evidence { id measure start end value unit domain category hourOfDay extensionUser { id } }"
SENTENCE = f"{{ text {EVIDENCE} }}"
PART = "{ category totalSeconds domains { domain seconds } }"
INSIGHT = f"""insight(period: $period, timezone: $zone, language: $language) {{
    start end timezone language focusLevel focusInsight {SENTENCE} workPattern
    productivityScore {{ overall focus efficiency balance explanation {EVIDENCE} }}
    domainBreakdown {{
        workTools {PART} development {PART} research {PART} communication {PART} distractions {PART} other {PART}
    }}
    keyFindings {SENTENCE} behaviorInsights {SENTENCE} recommendations {SENTENCE}
    {EVIDENCE} method model generatedAt asOf
}}"""
LISTS = ("keyFindings", "behaviorInsights", "recommendations")
# What evidence may be about: everything, a domain, a category, an hour, a person; and deep work.
FIGURES = """
    usage(period: $period, timezone: $zone) {
        total { MEASURES }
        domain: groups(by: DOMAIN, first: 200) { nodes { key { domain } measures { activeSeconds } } }
        category: groups(by: CATEGORY) { nodes { key { category } measures { activeSeconds } } }
        hourOfDay: groups(by: HOUR_OF_DAY, first: 24) {
            nodes { key { hourOfDay } measures { trackedMinutes deepWorkSeconds } }
        }
        extensionUser: groups(by: EXTENSION_USER) { nodes { key { extensionUser { id } } measures { uniqueDomains } } }
    }
    deepWork(period: $period, timezone: $zone) { longestSeconds focusLevels { high medium low } }
""".replace(
    "MEASURES",
    "trackedMinutes engagedMinutes activeSeconds uniqueDomains contextSwitches deepWorkSessions deepWorkSeconds",
)


@dataclass(frozen=True)
class Subject:
    """Somebody or an organization to have an insight about."""

    asker: Asker
    field: str
    id: str

    async def asked(self, selection: str, **variables: Any) -> dict[str, Any]:
        """Return the answer to a selection of the insight."""
        given = {"period": DAY, "zone": "UTC"} | variables
        types = {"period": "Period!", "zone": "TimeZone!", "language": "Language!"}
        declared = ", ".join(f"${name}: {types[name]}" for name in given)
        query = f"query ($id: ID!, {declared}) {{ {self.field}(id: $id) {{ {selection} }} }}"
        found: dict[str, Any] = (await self.asker.ask(query, id=self.id, **given))[self.field]
        return found

    async def insight(self, **variables: Any) -> dict[str, Any]:
        """The whole insight."""
        found: dict[str, Any] = (await self.asked(INSIGHT, language="EN", **variables))["insight"]
        return found

    async def figures(self, evidence: list[dict[str, Any]], zone: str) -> dict[str, Any]:
        """Return the API's values of the evidence, by its id."""
        periods = {(each["start"], each["end"]) for each in evidence}
        answers = {ends: await self.asked(FIGURES, period=between(*ends), zone=zone) for ends in periods}
        return {each["id"]: figure(each, answers[each["start"], each["end"]]) for each in evidence}


def figure(evidence: dict[str, Any], answer: dict[str, Any]) -> Any:
    """The figure in an answer to FIGURES that evidence names."""
    name, *path = evidence["measure"].split(".")
    if path:
        return reduce(getitem, path, answer[name])
    for key in ("domain", "category", "hourOfDay", "extensionUser"):
        if evidence[key] is not None:
            [group] = [node for node in answer["usage"][key]["nodes"] if node["key"][key] == evidence[key]]
            return group["measures"][name]
    return answer["usage"]["total"][name]


def work(day: str = "2026-08-03") -> list[RawEvent]:
    """Two blocks of deep work of different calm, an hour of videos late in the evening, a page without an address."""
    urls = ("https://github.com/a", "https://docs.python.org/3/", "https://app.slack.com/client")

    def at(hour: int, minute: int, url: str, kind: str = "keydown") -> RawEvent:
        return RawEvent(f"s{hour}", f"{day}T{hour:02}:{minute:02}:17.125Z", kind, url)

    return [
        *(at(9, minute, urls[0]) for minute in range(44)),
        *(at(14, minute, urls[minute // 2 % 3], "click") for minute in range(0, 58, 2)),
        *(at(20, minute, "https://www.youtube.com/watch", "click") for minute in (*range(0, 25, 2), *range(30, 53, 2))),
        *(at(20, minute, "https://www.youtube.com/watch", "idle") for minute in (27, 55)),
        at(20, 59, "", "click"),
    ]


@pytest.fixture
async def organization(world: World) -> OrganizationRow:
    """An organization."""
    return await world.organization()


@pytest.fixture
async def ada(world: World, organization: OrganizationRow) -> Recorded:
    """A person who has worked on two days."""
    ada = await world.recorded(organization, "ada")
    await world.browse(ada, *work(), *work("2026-08-02")[20:])
    return ada


@pytest.fixture
async def person(world: World, organization: OrganizationRow, ada: Recorded) -> Subject:
    """Ada, seen by a member."""
    return Subject(await world.member(organization), "extensionUser", encode_node_id("ExtensionUser", ada.id.bytes))


@pytest.fixture
async def team(world: World, organization: OrganizationRow, ada: Recorded) -> Subject:
    """Ada's organization, in which two others are at fewer sites."""
    assert ada.row.organization_id == organization.id
    bob, cyd = await world.recorded(organization, "bob"), await world.recorded(organization, "cyd")
    await world.browse(bob, *work()[:50])
    await world.browse(cyd, raw("10:00:00"))
    return Subject(
        await world.member(organization), "organization", encode_node_id("Organization", organization.id.bytes)
    )


async def test_what_is_said_about_a_person(person: Subject):
    insight = await person.insight()

    assert (insight["focusLevel"], insight["workPattern"]) == ("MEDIUM", "DISTRACTED")
    assert (insight["method"], insight["model"], insight["language"]) == ("HEURISTIC", None, "EN")
    assert insight["start"] == "2026-08-03T00:00:00.000Z" < insight["end"] < insight["asOf"] <= insight["generatedAt"]
    assert all(insight[each] for each in LISTS)
    assert insight["recommendations"][0]["text"].startswith(
        "Keep www.youtube.com to set breaks: distractions took 46 min, 32%"
    )
    assert insight["productivityScore"]["explanation"].startswith(f"Overall {insight['productivityScore']['overall']}:")


async def test_where_the_time_went(person: Subject):
    breakdown = (await person.insight())["domainBreakdown"]

    seconds = {part["category"]: part["totalSeconds"] for part in breakdown.values()}
    assert seconds == {
        "WORK_TOOLS": 0,
        "DEVELOPMENT": 43 * 60 + 38 * 60,
        "RESEARCH": 0,
        "COMMUNICATION": 18 * 60,
        "DISTRACTIONS": (24 + 22) * 60,
        "OTHER": 0,
    }
    assert breakdown["development"]["domains"] == [
        {"domain": "github.com", "seconds": 43 * 60 + 20 * 60},
        {"domain": "docs.python.org", "seconds": 18 * 60},
    ]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
@pytest.mark.parametrize("of", ["person", "team"])
async def test_every_figure_is_what_the_api_returns(person: Subject, team: Subject, of: str, zone: str):
    subject = {"person": person, "team": team}[of]
    insight = await subject.insight(zone=zone, period=between("2026-08-03T00:00:00.1234567Z", "2026-08-04T03:00:00Z"))

    said = [insight["focusInsight"], *(sentence for each in LISTS for sentence in insight[each])]
    found = await subject.figures(insight["evidence"], zone)

    assert {each["id"]: each["value"] for each in insight["evidence"]} == found
    assert len({each["start"] for each in insight["evidence"]}) == 2  # the period and the one before
    cited = [each["id"] for part in [*said, insight["productivityScore"]] for each in part["evidence"]]
    assert set(cited) == set(found)
    assert all(sentence["evidence"] for sentence in said)
    kinds = {
        key for each in insight["evidence"] for key in ("domain", "category", "hourOfDay") if each[key] is not None
    }
    assert kinds == {"domain", "category", "hourOfDay"}


async def test_an_organization_goes_by_its_median_person(team: Subject):
    insight = await team.insight()

    [cited] = [each for each in insight["evidence"] if each["measure"] == "uniqueDomains"]
    assert "3 domains for the median person" in insight["focusInsight"]["text"]
    assert cited["value"] == 3
    assert cited["extensionUser"] is not None


async def test_what_is_said_in_russian(person: Subject):
    insight = (await person.asked(INSIGHT, language="RU"))["insight"]

    assert insight["language"] == "RU"
    assert insight["focusInsight"]["text"].startswith("Внимание отчасти рассеивается: 4 домена, 12 переключений в час")


@pytest.mark.parametrize("of", ["person", "team"])
async def test_without_data_there_is_nothing_to_say(person: Subject, team: Subject, of: str):
    subject = {"person": person, "team": team}[of]

    insight = await subject.insight(period=between("2025-08-03", "2025-08-04"))

    assert (insight["focusLevel"], insight["workPattern"], insight["productivityScore"]) == (
        None,
        "INSUFFICIENT_DATA",
        None,
    )
    assert [insight[each] for each in LISTS] == [[], [], []]
    assert insight["focusInsight"]["text"].startswith("Too little data for an insight: 0 min of active time")
    assert [each["value"] for each in insight["evidence"]] == [0]
    assert {part["totalSeconds"] for part in insight["domainBreakdown"].values()} == {0}


async def test_a_period_up_to_now_ends_on_a_millisecond(person: Subject):
    insight = await person.insight(period={"last": "P7D"})

    assert insight["start"] < insight["asOf"] <= insight["generatedAt"]
    assert insight["evidence"][0]["start"] == insight["start"]
    assert insight["evidence"][0]["end"] == insight["end"]


@pytest.mark.parametrize(
    "ends", [("9999-06-01T00:00:00Z", "9999-12-31T00:00:00.000001Z"), ("0001-01-01T00:00:00Z", "0001-06-01T00:00:00Z")]
)
async def test_there_is_nothing_to_say_at_the_ends_of_time_either(person: Subject, ends: tuple[str, str]):
    insight = await person.insight(period=between(*ends))

    assert insight["workPattern"] == "INSUFFICIENT_DATA"


PEOPLE = f"""query ($period: Period!, $zone: TimeZone! = "UTC", $language: Language! = EN) {{
    extensionUsers(first: 100) {{ nodes {{ {INSIGHT} }} }}
}}"""
# The whole, the period before, deep work, domains, categories, hours.
STATEMENTS = 6


async def test_insights_about_many_cost_the_same_number_of_statements(
    world: World, organization: OrganizationRow, statements: StatementCounter
):
    asker = await world.member(organization)
    events = work()

    costs = {}
    for number in (5, 15):
        people = [await world.recorded(organization) for _ in range(number)]
        await asyncio.gather(*(world.browse(person, *events) for person in people))
        statements.clear()
        nodes = (await asker.ask(PEOPLE, period=DAY))["extensionUsers"]["nodes"]
        costs[len(nodes)] = (len(metrics_statements(statements)), len(statements))

    assert costs == {5: (STATEMENTS, STATEMENTS + 2), 20: (STATEMENTS, STATEMENTS + 2)}  # the sign-in and the people
    assert {node["insight"]["workPattern"] for node in nodes} == {"DISTRACTED"}


async def test_insights_about_organizations_cost_the_same_number_of_statements(
    world: World, statements: StatementCounter
):
    asker = await world.super_admin()
    for _ in range(3):
        await world.browse(await world.recorded(await world.organization()), *work())
    query = PEOPLE.replace("extensionUsers", "organizations").replace("extensionUser { id }", "__typename")
    statements.clear()

    nodes = (await asker.ask(query, period=DAY))["organizations"]["nodes"]

    assert {node["insight"]["workPattern"] for node in nodes} == {"DISTRACTED"}
    assert len(metrics_statements(statements)) == STATEMENTS + 1  # people's domains
