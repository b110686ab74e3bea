"""Teams: made, renamed and deleted by admins; people come and go; figures are of those who are in them now."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from core.ids import encode_node_id
from core.limits import LIST_INPUT, NAME_CHARACTERS
from core.roles import Role
from db.queries.teams import TeamRow
from resolvers import teams
from tests.conftest import StatementCounter
from tests.schema.sample_tenants import PERIOD, run
from tests.world import Asker, Recorded, World, raw

RESULT = "__typename ... on Error { message } ... on InvalidInput { field }"
TEAM = "team { id name people { totalCount nodes { username } } }"
CREATE = f"""mutation ($input: CreateTeamInput!) {{
    createTeam(input: $input) {{ {RESULT} ... on CreateTeamSuccess {{ {TEAM} }} }}
}}"""
RENAME = f"""mutation ($input: RenameTeamInput!) {{
    renameTeam(input: $input) {{ {RESULT} ... on RenameTeamSuccess {{ {TEAM} }} }}
}}"""
DELETE = """mutation ($input: DeleteTeamInput!) {
    deleteTeam(input: $input) { __typename ... on DeleteTeamSuccess { deletedId } }
}"""
ADD = f"""mutation ($input: AddTeamPeopleInput!) {{
    addTeamPeople(input: $input) {{ {RESULT} ... on AddTeamPeopleSuccess {{ added {TEAM} }} }}
}}"""
REMOVE = f"""mutation ($input: RemoveTeamPeopleInput!) {{
    removeTeamPeople(input: $input) {{ {RESULT} ... on RemoveTeamPeopleSuccess {{ removed {TEAM} }} }}
}}"""
NAMES = """query ($id: ID!, $after: String) { organization(id: $id) {
    teams(first: 2, after: $after) { totalCount nodes { name } pageInfo { hasNextPage endCursor } }
} }"""
LOG = "{ auditLog { nodes { action subjectId details { name value } } } }"
BY_TEAM = """query ($period: Period!) { usage(period: $period) {
    total { events } groups(by: TEAM, orderBy: { key: ASC }) {
        totalCount nodes { key { team { name } } share(of: EVENTS) measures { events users } }
    }
} }"""


def team_id(row: TeamRow) -> str:
    """The opaque id of a team."""
    return encode_node_id("Team", row.id.bytes)


def names_in(answer: dict[str, Any]) -> list[str]:
    """The usernames of the people in the team that a mutation answers with."""
    return [person["username"] for person in answer["team"]["people"]["nodes"]]


async def test_a_team_is_made_renamed_and_deleted(world: World):
    acme = await world.organization()
    admin = await world.member(acme)

    made = await run(admin, CREATE, organizationId=str(acme.id), name="  Sales ")
    renamed = await run(admin, RENAME, id=made["team"]["id"], name="Field sales")
    deleted = await run(admin, DELETE, id=made["team"]["id"])
    again = await run(admin, DELETE, id=made["team"]["id"])

    assert (made["team"]["name"], renamed["team"]["name"]) == ("Sales", "Field sales")
    assert deleted == {"__typename": "DeleteTeamSuccess", "deletedId": made["team"]["id"]}
    assert again["__typename"] == "NotFound"
    entries = (await admin.ask(LOG))["auditLog"]["nodes"]
    assert [entry["action"] for entry in entries] == ["TEAM_DELETED", "TEAM_RENAMED", "TEAM_CREATED"]
    assert {entry["details"][0]["name"] for entry in entries} == {"teamId"}


async def test_a_name_is_of_one_team_of_an_organization(world: World):
    acme, other = await world.organization(), await world.organization()
    admin = await world.member(acme)
    sales = await world.team(acme, name="Straße")
    await world.team(other, name="Support")

    taken = await run(admin, CREATE, organizationId=str(acme.id), name="STRASSE")
    free = await run(admin, CREATE, organizationId=str(acme.id), name="Support")
    own = await run(admin, RENAME, id=team_id(sales), name="STRASSE")
    of_another = await run(admin, RENAME, id=team_id(sales), name="support")

    assert [each["__typename"] for each in (taken, free, own, of_another)] == [
        "NameTaken",
        "CreateTeamSuccess",
        "RenameTeamSuccess",
        "NameTaken",
    ]
    assert taken["message"] == "Another team of the organization is called STRASSE. Choose another name."


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * (NAME_CHARACTERS + 1)])
async def test_a_name_that_is_none_is_refused(world: World, name: str):
    acme = await world.organization()
    admin, team = await world.member(acme), await world.team(acme)

    answers = [
        await run(admin, CREATE, organizationId=str(acme.id), name=name),
        await run(admin, RENAME, id=team_id(team), name=name),
    ]

    assert [(each["__typename"], each["field"]) for each in answers] == [("InvalidInput", "name")] * 2


async def test_an_organization_has_so_many_teams(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(teams, "TEAMS", 2)
    acme = await world.organization()
    admin = await world.member(acme)
    for _ in range(2):
        await world.team(acme)

    answer = await run(admin, CREATE, organizationId=str(acme.id), name="One more")

    assert answer["__typename"] == "TooManyTeams"
    assert answer["message"] == "An organization has at most 2 teams. Delete one first."


async def test_teams_are_listed_by_name_page_by_page(world: World):
    acme = await world.organization()
    member = await world.member(acme, Role.VIEWER)
    for name in ("émile", "Zebra", "alpha"):
        await world.team(acme, name=name)

    first = (await member.ask(NAMES, id=str(acme.id)))["organization"]["teams"]
    second = (await member.ask(NAMES, id=str(acme.id), after=first["pageInfo"]["endCursor"]))["organization"]["teams"]

    assert [node["name"] for node in first["nodes"] + second["nodes"]] == ["alpha", "Zebra", "émile"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    assert second["pageInfo"]["hasNextPage"] is False


async def test_people_are_put_in_and_taken_out(world: World):
    acme = await world.organization()
    admin = await world.member(acme)
    ada, bob = await world.recorded(acme, "ada"), await world.recorded(acme, "bob")
    team = await world.team(acme, ada)
    ids = [str(ada.id), encode_node_id("ExtensionUser", bob.id.bytes), str(bob.id)]

    added = await run(admin, ADD, teamId=team_id(team), extensionUserIds=ids)
    removed = await run(admin, REMOVE, teamId=str(team.id), extensionUserIds=[str(ada.id), str(uuid4())])

    assert (added["added"], names_in(added)) == (1, ["ada", "bob"])
    assert (removed["removed"], names_in(removed)) == (1, ["bob"])
    entries = (await admin.ask(LOG))["auditLog"]["nodes"]
    assert [(entry["action"], entry["subjectId"]) for entry in entries] == [
        ("TEAM_PERSON_REMOVED", str(ada.id)),
        ("TEAM_PERSON_ADDED", str(bob.id)),
    ]
    assert entries[0]["details"] == [{"name": "teamId", "value": str(team.id)}]


async def test_all_people_are_put_in_or_none(world: World):
    acme, other = await world.organization(), await world.organization()
    admin, ada, stranger = await world.member(acme), await world.recorded(acme), await world.recorded(other)
    team = await world.team(acme)

    for foreign in (str(stranger.id), str(uuid4()), "garbage"):
        answer = await run(admin, ADD, teamId=team_id(team), extensionUserIds=[str(ada.id), foreign])

        assert answer["__typename"] == "NotFound"
        assert answer["message"].startswith("1 of these are no extension users of the team's organization. Nobody was")
    async with world.services.database.read() as db:
        assert await db.scalar(text("SELECT count(*) FROM team_people")) == 0


@pytest.mark.parametrize("mutation", [ADD, REMOVE])
@pytest.mark.parametrize("count", [0, LIST_INPUT + 1])
async def test_lists_of_people_have_bounds(world: World, mutation: str, count: int):
    acme = await world.organization()
    admin, team = await world.member(acme), await world.team(acme)

    answer = await run(admin, mutation, teamId=team_id(team), extensionUserIds=[str(uuid4())] * count)

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "extensionUserIds")
    assert answer["message"] == "`extensionUserIds` takes 1 to 250 ids."


async def test_who_is_erased_is_in_no_team_any_more(world: World):
    acme = await world.organization()
    admin, ada, bob = await world.member(acme), await world.recorded(acme), await world.recorded(acme, "bob")
    team = await world.team(acme, ada, bob)

    await admin.ask("mutation ($id: ID!) { eraseExtensionUser(input: { id: $id }) { __typename } }", id=str(ada.id))

    answer = await run(admin, REMOVE, teamId=team_id(team), extensionUserIds=[str(ada.id)])
    assert (answer["removed"], names_in(answer)) == (0, ["bob"])


async def test_teams_go_with_their_organization(world: World):
    acme = await world.organization()
    admin = await world.member(acme)
    await world.team(acme, await world.recorded(acme))

    await admin.ask("mutation ($id: ID!) { deleteOrganization(input: { id: $id }) { __typename } }", id=str(acme.id))

    async with world.services.database.read() as db:
        assert await db.scalar(text("SELECT count(*) FROM teams")) == 0
        assert await db.scalar(text("SELECT count(*) FROM team_people")) == 0


@pytest.fixture
async def acme(world: World) -> tuple[Asker, dict[str, TeamRow], dict[str, Recorded]]:
    """An admin; ada is in sales and in support, bob in support, cleo in no team; they have one, two, three events."""
    organization = await world.organization("Acme")
    people = {name: await world.recorded(organization, name) for name in ("ada", "bob", "cleo")}
    found = {
        "sales": await world.team(organization, people["ada"], name="sales"),
        "support": await world.team(organization, people["ada"], people["bob"], name="support"),
    }
    for count, person in enumerate(people.values(), 1):
        await world.browse(person, *(raw(f"09:0{minute}:00", url="https://a.com/") for minute in range(count)))
    return await world.member(organization), found, people


def events_by_team(answer: dict[str, Any]) -> dict[str, tuple[int, int, float]]:
    """Events, users and share of each team."""
    nodes = answer["usage"]["groups"]["nodes"]
    return {
        node["key"]["team"]["name"]: (node["measures"]["events"], node["measures"]["users"], node["share"])
        for node in nodes
    }


async def test_somebody_in_two_teams_counts_for_both(acme: tuple[Asker, dict[str, TeamRow], dict[str, Recorded]]):
    admin, _, _ = acme

    answer = await admin.ask(BY_TEAM, period=PERIOD)

    assert answer["usage"]["total"]["events"] == 6
    assert events_by_team(answer) == {"sales": (1, 1, 1 / 6), "support": (3, 2, 0.5)}


async def test_what_is_left_counts_nobody_twice(acme: tuple[Asker, dict[str, TeamRow], dict[str, Recorded]]):
    admin, _, _ = acme
    query = """query ($period: Period!) { usage(period: $period) {
        groups(by: TEAM, first: 1) { nodes { key { team { name } } } other { events users } }
    } }"""

    groups = (await admin.ask(query, period=PERIOD))["usage"]["groups"]

    assert groups["nodes"] == [{"key": {"team": {"name": "support"}}}]
    assert groups["other"] == {"events": 1, "users": 1}


async def test_events_count_for_the_teams_that_their_person_is_in_now(
    acme: tuple[Asker, dict[str, TeamRow], dict[str, Recorded]],
):
    admin, found, people = acme

    await run(admin, ADD, teamId=team_id(found["sales"]), extensionUserIds=[str(people["cleo"].id)])
    await run(admin, REMOVE, teamId=team_id(found["support"]), extensionUserIds=[str(people["ada"].id)])

    by_team = events_by_team(await admin.ask(BY_TEAM, period=PERIOD))
    assert {name: figures[:2] for name, figures in by_team.items()} == {"sales": (4, 2), "support": (2, 1)}


async def test_a_team_is_asked_for_its_usage(acme: tuple[Asker, dict[str, TeamRow], dict[str, Recorded]]):
    admin, found, people = acme
    query = """query ($id: ID!, $period: Period!, $where: UsageFilter) { team(id: $id) {
        organization { name } usage(period: $period, where: $where) {
            total { events } groups(by: EXTENSION_USER, orderBy: { key: ASC }) { totalCount }
        } deepWork(period: $period) { sessionsCount }
    } }"""
    conditions: list[Any] = [
        None,
        {"extensionUserIds": [str(people["bob"].id)]},
        {"extensionUserIds": [str(people["cleo"].id)]},
        {"teamIds": [str(found["sales"].id)]},
    ]

    answers = [
        (await admin.ask(query, id=str(found["support"].id), period=PERIOD, where=where))["team"]
        for where in conditions
    ]

    assert [answer["usage"]["total"]["events"] for answer in answers] == [3, 2, 0, 1]
    assert [answer["usage"]["groups"]["totalCount"] for answer in answers] == [2, 1, 0, 1]
    assert answers[0]["organization"] == {"name": "Acme"}


async def test_every_list_and_figure_is_filtered_by_team(acme: tuple[Asker, dict[str, TeamRow], dict[str, Recorded]]):
    admin, found, _ = acme
    query = """query ($teams: [ID!], $period: Period!) {
        usage(period: $period, where: { teamIds: $teams }) { total { events } }
        others: usage(period: $period, where: { not: { teamIds: $teams } }) { total { events } }
        behaviors(where: { teamIds: $teams }) { nodes { extensionUser { username } } }
        sessions(period: $period, where: { teamIds: $teams }) { nodes { extensionUser { username } } }
        extensionUsers(where: { teamIds: $teams }) { nodes { username } totalCount }
    }"""

    def ask(*teams: str) -> Any:
        return admin.ask(query, teams=list(teams), period=PERIOD)

    support, nobody, unknown = (
        await ask(team_id(found["support"])),
        await ask(),
        await ask(str(uuid4()), "garbage", encode_node_id("Organization", found["sales"].id.bytes)),
    )

    assert (support["usage"]["total"]["events"], support["others"]["total"]["events"]) == (3, 3)
    assert sorted(node["extensionUser"]["username"] for node in support["behaviors"]["nodes"]) == ["ada", "bob", "bob"]
    assert sorted(node["extensionUser"]["username"] for node in support["sessions"]["nodes"]) == ["ada", "bob"]
    assert support["extensionUsers"] == {"nodes": [{"username": "ada"}, {"username": "bob"}], "totalCount": 2}
    for answer in (nobody, unknown):
        assert (answer["usage"]["total"]["events"], answer["others"]["total"]["events"]) == (0, 6)
        assert answer["behaviors"]["nodes"] == answer["sessions"]["nodes"] == answer["extensionUsers"]["nodes"] == []


async def test_teams_of_others_match_nothing(world: World, acme: tuple[Asker, dict[str, TeamRow], dict[str, Recorded]]):
    _, found, _ = acme
    outsider = await world.member(await world.organization())
    query = """query ($team: ID!, $period: Period!) {
        team(id: $team) { name } node(id: $team) { id } usage(period: $period, where: { teamIds: [$team] }) {
            total { events } groups(by: TEAM) { totalCount }
        } extensionUsers(where: { teamIds: [$team] }) { totalCount }
    }"""

    answer = await outsider.ask(query, team=team_id(found["sales"]), period=PERIOD)
    refused = [
        await run(outsider, RENAME, id=team_id(found["sales"]), name="Ours"),
        await run(outsider, DELETE, id=team_id(found["sales"])),
        await run(outsider, ADD, teamId=team_id(found["sales"]), extensionUserIds=[str(uuid4())]),
        await run(outsider, REMOVE, teamId=team_id(found["sales"]), extensionUserIds=[str(uuid4())]),
    ]

    assert answer == {
        "team": None,
        "node": None,
        "usage": {"total": {"events": 0}, "groups": {"totalCount": 0}},
        "extensionUsers": {"totalCount": 0},
    }
    assert [each["__typename"] for each in refused] == ["NotFound"] * 4


async def test_the_teams_of_many_people_are_one_statement(
    acme: tuple[Asker, dict[str, TeamRow], dict[str, Recorded]], statements: StatementCounter
):
    admin, _, _ = acme
    query = (
        "{ extensionUsers { nodes { username teams { nodes { name people { totalCount nodes { username } } } } } } }"
    )

    statements.clear()
    answer = await admin.ask(query)

    assert {
        node["username"]: [team["name"] for team in node["teams"]["nodes"]]
        for node in answer["extensionUsers"]["nodes"]
    } == {"ada": ["sales", "support"], "bob": ["support"], "cleo": []}
    assert len([each for each in statements.statements if "team_people" in each]) == 3  # teams, their people, how many
