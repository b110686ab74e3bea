"""The cookbook: every query in it fits the schema and runs; what some answer for a small world."""

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from graphql import OperationDefinitionNode, parse, validate

from core.categories import Category
from core.events import RawEvent
from core.goals import GoalInterval
from core.scope import Scope
from db.queries import extension_users, goals, organizations
from db.queries.goals import GoalSubject, GoalTerms
from schema.build import schema
from tests.rest.usage_exports import of_xlsx
from tests.schema.usage_queries import between
from tests.world import Asker, World, own_rules, raw

BOOK = Path(__file__).parents[2] / "docs" / "cookbook.md"
WEEK = between("2026-08-03", "2026-08-10")  # Monday to Monday


@dataclass(frozen=True)
class Recipe:
    """A question, its query and the variables it is shown with."""

    title: str
    query: str
    variables: dict[str, Any]

    @property
    def name(self) -> str:
        """The name of the operation."""
        [operation] = [part for part in parse(self.query).definitions if isinstance(part, OperationDefinitionNode)]
        assert operation.name is not None
        return operation.name.value


def recipes() -> list[Recipe]:
    """The recipes in the book."""
    pattern = r"^## (?P<title>.+?)$(?P<body>.*?)(?=^## |\Z)"
    found = []
    for section in re.finditer(pattern, BOOK.read_text(), re.MULTILINE | re.DOTALL):
        [query] = re.findall(r"^```graphql\n(.*?)^```$", section["body"], re.MULTILINE | re.DOTALL)
        variables = re.findall(r"^```json\n(.*?)^```$", section["body"], re.MULTILINE | re.DOTALL)
        found.append(Recipe(section["title"], query, json.loads(variables[0]) if variables else {}))
    return found


RECIPES = recipes()
BY_NAME = {recipe.name: recipe for recipe in RECIPES}


@dataclass(frozen=True)
class CookbookData:
    """An admin of the organization that the recipes are about, and whom they may be about."""

    admin: Asker
    ids: dict[str, str]

    async def run(self, name: str, **variables: Any) -> dict[str, Any]:
        """Return the answer to a recipe."""
        recipe = BY_NAME[name]
        return await self.admin.ask(
            recipe.query,
            **(recipe.variables | {k: v for k, v in self.ids.items() if k in recipe.variables} | variables),
        )


@pytest.fixture
async def cookbook_data(world: World) -> CookbookData:
    """Ada works on Monday (the example of metrics.md) and on Tuesday (deep work); Bob idles; Cyd is not seen.

    Somebody of another organization must not be in any answer.
    """
    acme = await world.organization("Acme")
    ada, bob = await world.recorded(acme, "ada"), await world.recorded(acme, "bob")
    await world.recorded(acme, "cyd")
    await world.browse(
        ada,
        raw("09:00:00", "pageshow", "https://a.com/1"),
        raw("09:00:30", "click", "https://a.com/1"),
        raw("09:02:00", "blur", "https://a.com/1"),
        raw("09:03:10", "focus", "https://b.com/"),
        raw("09:20:00", "click", "https://b.com/"),
        *(
            RawEvent(
                "s2",
                f"2026-08-04T10:{minute:02}:00Z",
                "keydown",
                "https://chat.example.com/" if minute == 14 else "https://docs.example.com/page",
            )
            for minute in range(0, 32, 2)
        ),
        *(RawEvent("s0", f"2026-07-27T10:0{minute}:00Z", "click", "https://a.com/1") for minute in (0, 5)),
    )
    await world.browse(bob, *(raw(f"14:0{minute}:00", "idle", "https://video.example.com/") for minute in range(3)))
    outsider = await world.recorded(await world.organization(), "outsider")
    await world.browse(outsider, *(raw(f"10:0{minute}:00", "click", "https://a.com/1") for minute in range(9)))
    return CookbookData(await world.member(acme), {"organization": str(acme.id), "person": str(ada.id)})


def test_the_book_answers_many_questions():
    assert len(RECIPES) >= 14
    assert len(BY_NAME) == len(RECIPES)
    assert BOOK.read_text().count("```graphql") == len(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
async def test_a_recipe_fits_the_schema_and_runs(cookbook_data: CookbookData, recipe: Recipe):
    assert validate(schema._schema, parse(recipe.query)) == []

    as_shown = await cookbook_data.run(recipe.name)
    with_events = await cookbook_data.run(recipe.name, period=WEEK)

    for answer in (as_shown, with_events):
        assert all(value is not None for value in answer.values())
    assert '"outsider"' not in json.dumps(with_events)


async def test_the_leaderboard(cookbook_data: CookbookData):
    answer = await cookbook_data.run("Leaderboard", period=WEEK, zone="UTC")

    nodes = answer["organization"]["usage"]["groups"]["nodes"]
    nothing = {"engagedMinutes": 0, "deepWorkSeconds": 0, "contextSwitches": 0}
    assert [(node["key"]["extensionUser"]["username"], node["measures"], node["previous"]) for node in nodes] == [
        (
            "ada",
            {"engagedMinutes": 19, "deepWorkSeconds": 1800, "contextSwitches": 3},
            {"engagedMinutes": 2, "deepWorkSeconds": 0, "contextSwitches": 0},
        ),
        ("bob", nothing, nothing),
    ]


async def test_when_the_team_is_most_focused(cookbook_data: CookbookData):
    answer = await cookbook_data.run("FocusMap", period=WEEK, zone="Asia/Kathmandu")

    cells = [
        (node["key"]["dayOfWeek"], node["key"]["hourOfDay"], node["measures"]["deepWorkSeconds"])
        for node in answer["organization"]["usage"]["groups"]["nodes"]
    ]
    assert [cell[:2] for cell in cells] == [(day, hour) for day in range(1, 8) for hour in range(24)]
    # Tuesday, 10:00 to 10:30 UTC, is 15:45 to 16:15
    assert [cell for cell in cells if cell[2]] == [(2, 15, 900), (2, 16, 900)]


async def test_the_split_of_time_by_category(world: World, cookbook_data: CookbookData):
    async with world.services.database.read() as db:
        found = await organizations.by_ids(db, Scope.everything(), [UUID(cookbook_data.ids["organization"])])
    [acme] = found.values()
    await own_rules(world, acme, {"a.com": Category.DEVELOPMENT, "b.com": Category.DISTRACTIONS})

    usage = (await cookbook_data.run("TimeSplit", period=WEEK, zone="UTC"))["organization"]["usage"]

    assert usage["total"] == {"activeSeconds": 1990}
    assert usage["previous"] == {"activeSeconds": 300}
    assert [tuple(node["key"].values()) + tuple(node["measures"].values()) for node in usage["groups"]["nodes"]] == [
        ("OTHER", 1800, 1800),
        ("DEVELOPMENT", 190, 0),
        ("DISTRACTIONS", 0, 0),
    ]
    assert [node["share"] for node in usage["groups"]["nodes"]] == [1800 / 1990, 190 / 1990, 0]
    assert [node["previous"]["activeSeconds"] for node in usage["groups"]["nodes"]] == [0, 300, 0]


async def test_which_sites_eat_the_idle_time(cookbook_data: CookbookData):
    answer = await cookbook_data.run("IdleSites", period=WEEK)

    nodes = answer["usage"]["groups"]["nodes"]
    assert [(node["key"]["domain"], node["measures"]["idleMinutes"]) for node in nodes[:3]] == [
        ("video.example.com", 3),
        ("a.com", 1),
        ("b.com", 0),
    ]
    assert nodes[0]["measures"] == {"idleMinutes": 3, "trackedMinutes": 3, "engagementRate": 0}


async def test_where_the_time_goes(cookbook_data: CookbookData):
    usage = (await cookbook_data.run("TopDomains", period=WEEK, top=3))["usage"]

    assert usage["total"] == {"activeSeconds": 1990}
    assert [(node["key"]["domain"], node["share"]) for node in usage["groups"]["nodes"]] == [
        ("docs.example.com", pytest.approx(1680 / 1990)),
        ("a.com", pytest.approx(190 / 1990)),
        ("chat.example.com", pytest.approx(120 / 1990)),
    ]
    assert usage["groups"]["other"] == {"activeSeconds": 0, "users": 2}
    assert usage["groups"]["totalCount"] == 5


async def test_which_way_people_go(cookbook_data: CookbookData):
    usage = (await cookbook_data.run("Ways", period=WEEK))["organization"]["usage"]

    assert usage["total"] == {"contextSwitches": 3}
    assert [tuple(node.values()) for node in usage["transitions"]["nodes"]] == [
        ("example.com", "example.com", 2, 1, 480),
        ("a.com", "b.com", 1, 1, 190),
    ]
    assert usage["transitions"]["totalCount"] == 2


async def test_a_person_among_too_few_people(cookbook_data: CookbookData):
    answer = await cookbook_data.run("ComparedWithWhom", period=WEEK)

    assert answer["extensionUser"]["usage"]["total"] == {"engagedMinutes": 19, "deepWorkSeconds": 1800}
    assert answer["organization"]["usage"] == {"engaged": None, "deep": None}


async def test_how_long_sessions_last(cookbook_data: CookbookData):
    usage = (await cookbook_data.run("SessionLengths", period=WEEK, zone="UTC"))["organization"]["usage"]

    lengths = {"average": 1040, "p50": 1200, "p95": pytest.approx(1740), "longest": 1800}
    assert usage["total"] == {"sessions": 3, "sessionSeconds": lengths}
    assert usage["previous"] == {"sessions": 0, "sessionSeconds": dict.fromkeys(lengths)}


async def test_who_has_not_been_seen(cookbook_data: CookbookData):
    answer = await cookbook_data.run("Unseen", period=WEEK)

    people = answer["organization"]["extensionUsers"]["nodes"]
    assert {person["username"]: person["usage"]["total"]["events"] for person in people} == {
        "ada": 21, "bob": 3, "cyd": 0,
    }  # fmt: skip


async def test_deep_work_with_and_without_chat(cookbook_data: CookbookData):
    [block] = (await cookbook_data.run("DeepWork", period=WEEK))["organization"]["deepWork"]["blocks"]["nodes"]
    found = (await cookbook_data.run("DeepWorkWithout", period=WEEK))["organization"]

    assert (block["extensionUser"]["username"], block["seconds"], block["focusLevel"]) == ("ada", 1800, "HIGH")
    assert found == {
        "all": {"sessionsCount": 1, "totalSeconds": 1800, "contextSwitches": 2},
        "without": {"sessionsCount": 1, "totalSeconds": 1680, "contextSwitches": 1},
    }


async def test_how_people_work(cookbook_data: CookbookData):
    answer = await cookbook_data.run("Insights", period=WEEK, zone="UTC")

    people = answer["organization"]["extensionUsers"]["nodes"]
    assert {person["username"]: person["insight"]["workPattern"] for person in people} == {
        "ada": "DEEP_FOCUSED", "bob": "INSUFFICIENT_DATA", "cyd": "INSUFFICIENT_DATA",
    }  # fmt: skip
    assert people[0]["insight"]["recommendations"][0]["evidence"]


async def test_how_many_people_are_active_each_day(cookbook_data: CookbookData):
    series = (await cookbook_data.run("ActivePeople", period=WEEK, zone="UTC"))["organization"]["usage"]["series"]

    assert [bucket["measures"]["users"] for bucket in series] == [2, 1, 0, 0, 0, 0, 0]


async def test_what_happened_on_these_days(world: World, cookbook_data: CookbookData):
    async with world.services.database.read() as db:
        found = await organizations.by_ids(db, Scope.everything(), [UUID(cookbook_data.ids["organization"])])
    [acme] = found.values()
    await world.annotation(acme, date(2026, 8, 4), date(2026, 8, 20), text="Summer school")
    await world.annotation(acme, date(2026, 8, 10), text="The day after")

    usage = (await cookbook_data.run("AnnotatedDays", period=WEEK, zone="UTC"))["organization"]["usage"]

    assert len(usage["series"]) == 7
    assert usage["annotations"]["nodes"] == [
        {"firstDay": "2026-08-04", "lastDay": "2026-08-20", "text": "Summer school"}
    ]


async def test_who_meets_their_goals(world: World, cookbook_data: CookbookData):
    async with world.services.database.read() as db:
        [ada] = (await extension_users.by_ids(db, Scope.everything(), [UUID(cookbook_data.ids["person"])])).values()
    subject = GoalSubject(ada.organization_id, ada.id)
    terms = GoalTerms(
        name="Deep work",
        measure="deep_work_seconds",
        conditions=None,
        interval=GoalInterval.DAY,
        at_least=1800,
        at_most=None,
        weekdays=(1, 2),
        timezone=ZoneInfo("UTC"),
    )
    async with world.services.database.write() as db:
        await goals.create(db, subject, terms)

    people = (await cookbook_data.run("GoalsOfPeople", period=WEEK))["organization"]["extensionUsers"]["nodes"]

    assert [len(person["goals"]["nodes"]) for person in people] == [1, 0, 0]
    [goal] = people[0]["goals"]["nodes"]
    assert (goal["progress"]["rate"], goal["progress"]["streak"]) == (0.5, 1)
    assert [bucket["met"] for bucket in goal["progress"]["buckets"]] == [False, True, *[None] * 5]


async def test_all_of_it_in_a_spreadsheet(cookbook_data: CookbookData):
    answer = await cookbook_data.run("Spreadsheet", period=WEEK, zone="UTC")

    download = await cookbook_data.admin.http.get(answer["exportUsage"]["download"]["url"])

    *ranked, last, least = [(row[0], row[2]) for row in of_xlsx(download)]
    assert ranked == [("username", "domain"), ("ada", "docs.example.com"), ("ada", "b.com"), ("ada", "a.com")]
    assert {last, least} == {("bob", "video.example.com"), ("ada", "chat.example.com")}, "of equal ones, by person's id"
