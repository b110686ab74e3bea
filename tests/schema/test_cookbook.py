"""The cookbook: every query in it fits the schema and runs; what some answer for a small world."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from graphql import OperationDefinitionNode, parse, validate

from core.categories import Category
from core.events import RawEvent
from core.scope import Scope
from db.queries import organization as organizations
from schema.build import schema
from tests.schema.usage_questions import between
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
class Stage:
    """An admin of the organization that the recipes are about, and whom they may be about."""

    admin: Asker
    ids: dict[str, str]

    async def run(self, name: str, **variables: Any) -> dict[str, Any]:
        """What a recipe answers."""
        recipe = BY_NAME[name]
        return await self.admin.ask(
            recipe.query,
            **(recipe.variables | {k: v for k, v in self.ids.items() if k in recipe.variables} | variables),
        )


@pytest.fixture
async def stage(world: World) -> Stage:
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
    return Stage(await world.member(acme), {"organization": str(acme.id), "person": str(ada.id)})


def test_the_book_answers_many_questions():
    assert len(RECIPES) >= 14
    assert len(BY_NAME) == len(RECIPES)
    assert BOOK.read_text().count("```graphql") == len(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
async def test_a_recipe_fits_the_schema_and_runs(stage: Stage, recipe: Recipe):
    assert validate(schema._schema, parse(recipe.query)) == []

    as_shown = await stage.run(recipe.name)
    with_events = await stage.run(recipe.name, period=WEEK)

    for answer in (as_shown, with_events):
        assert all(value is not None for value in answer.values())
    assert '"outsider"' not in json.dumps(with_events)


async def test_the_leaderboard(stage: Stage):
    answer = await stage.run("Leaderboard", period=WEEK, zone="UTC")

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


async def test_when_the_team_is_most_focused(stage: Stage):
    answer = await stage.run("FocusMap", period=WEEK, zone="Asia/Kathmandu")

    cells = [
        (node["key"]["dayOfWeek"], node["key"]["hourOfDay"], node["measures"]["deepWorkSeconds"])
        for node in answer["organization"]["usage"]["groups"]["nodes"]
    ]
    # Tuesday, 10:00 to 10:30 UTC, is 15:45 to 16:15
    assert sorted(cells[:2]) == [(2, 15, 900), (2, 16, 900)]
    assert {seconds for _, _, seconds in cells[2:]} == {0}


async def test_the_split_of_time_by_category(world: World, stage: Stage):
    async with world.services.database.read() as db:
        found = await organizations.by_ids(db, Scope.everything(), [UUID(stage.ids["organization"])])
    [acme] = found.values()
    await own_rules(world, acme, {"a.com": Category.DEVELOPMENT, "b.com": Category.DISTRACTIONS})

    usage = (await stage.run("TimeSplit", period=WEEK, zone="UTC"))["organization"]["usage"]

    assert usage["total"] == {"trackedSeconds": 3120}
    assert usage["previous"] == {"trackedSeconds": 300}
    assert [tuple(node["key"].values()) + tuple(node["measures"].values()) for node in usage["groups"]["nodes"]] == [
        ("OTHER", 1920, 1800),
        ("DISTRACTIONS", 1010, 0),
        ("DEVELOPMENT", 190, 0),
    ]
    assert [node["share"] for node in usage["groups"]["nodes"]] == [1920 / 3120, 1010 / 3120, 190 / 3120]
    assert [node["previous"]["trackedSeconds"] for node in usage["groups"]["nodes"]] == [0, 0, 300]


async def test_which_sites_eat_the_idle_time(stage: Stage):
    answer = await stage.run("IdleSites", period=WEEK)

    nodes = answer["usage"]["groups"]["nodes"]
    assert [(node["key"]["domain"], node["measures"]["idleMinutes"]) for node in nodes[:3]] == [
        ("video.example.com", 3),
        ("a.com", 1),
        ("b.com", 0),
    ]
    assert nodes[0]["measures"] == {"idleMinutes": 3, "trackedMinutes": 3, "engagementRate": 0}


async def test_where_the_time_goes(stage: Stage):
    usage = (await stage.run("TopDomains", period=WEEK, top=3))["usage"]

    assert usage["total"] == {"trackedSeconds": 3120}
    assert [(node["key"]["domain"], node["share"]) for node in usage["groups"]["nodes"]] == [
        ("docs.example.com", pytest.approx(1680 / 3120)),
        ("b.com", pytest.approx(1010 / 3120)),
        ("a.com", pytest.approx(190 / 3120)),
    ]
    assert usage["groups"]["other"] == {"trackedSeconds": 240, "users": 2}
    assert usage["groups"]["totalCount"] == 5


async def test_how_long_sessions_last(stage: Stage):
    usage = (await stage.run("SessionLengths", period=WEEK, zone="UTC"))["organization"]["usage"]

    lengths = {"average": 1040, "p50": 1200, "p95": pytest.approx(1740), "longest": 1800}
    assert usage["total"] == {"sessions": 3, "sessionSeconds": lengths}
    assert usage["previous"] == {"sessions": 0, "sessionSeconds": dict.fromkeys(lengths)}


async def test_who_has_not_been_seen(stage: Stage):
    answer = await stage.run("Unseen", period=WEEK)

    people = answer["organization"]["extensionUsers"]["nodes"]
    assert {person["username"]: person["usage"]["total"]["events"] for person in people} == {
        "ada": 21, "bob": 3, "cyd": 0,
    }  # fmt: skip


async def test_deep_work_with_and_without_chat(stage: Stage):
    [block] = (await stage.run("DeepWork", period=WEEK))["organization"]["deepWork"]["blocks"]["nodes"]
    found = (await stage.run("DeepWorkWithout", period=WEEK))["organization"]

    assert (block["extensionUser"]["username"], block["seconds"], block["focusLevel"]) == ("ada", 1800, "HIGH")
    assert found == {
        "all": {"sessionsCount": 1, "totalSeconds": 1800, "contextSwitches": 2},
        "without": {"sessionsCount": 1, "totalSeconds": 1800, "contextSwitches": 0},
    }


async def test_how_people_work(stage: Stage):
    answer = await stage.run("Insights", period=WEEK, zone="UTC")

    people = answer["organization"]["extensionUsers"]["nodes"]
    assert {person["username"]: person["insight"]["workPattern"] for person in people} == {
        "ada": "DEEP_FOCUSED", "bob": "INSUFFICIENT_DATA", "cyd": "INSUFFICIENT_DATA",
    }  # fmt: skip
    assert people[0]["insight"]["recommendations"][0]["evidence"]


async def test_how_many_people_are_active_each_day(stage: Stage):
    series = (await stage.run("ActivePeople", period=WEEK, zone="UTC"))["organization"]["usage"]["series"]

    assert [bucket["measures"]["users"] for bucket in series] == [2, 1, 0, 0, 0, 0, 0]
