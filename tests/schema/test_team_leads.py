"""Leads of teams: appointed and dismissed by admins; who their people are is decided anew with each request."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from core.categories import Category
from core.roles import Role
from core.token_scopes import TokenScope
from db.queries import memberships, sign_ins
from db.queries.organizations import OrganizationRow
from db.queries.teams import TeamRow
from resolvers import team_leads
from tests.auth.test_api_tokens import personal
from tests.conftest import StatementCounter
from tests.rest.export_requests import TICKET, fetched, lines
from tests.rest.usage_exports import EXPORT, address_of, downloaded, of_csv
from tests.schema.sample_tenants import PERIOD, run, user_id
from tests.schema.test_teams import ADD, DELETE, REMOVE, team_id
from tests.world import Asker, Recorded, World, own_rules, raw

RESULT = "__typename ... on Error { message } ... on InvalidInput { field }"
OUTCOME = "team { name leads { username } } membership { user { username } role ledTeams { name } }"
APPOINT = f"""mutation ($input: AppointTeamLeadInput!) {{
    appointTeamLead(input: $input) {{ {RESULT} ... on AppointTeamLeadSuccess {{ {OUTCOME} }} }}
}}"""
DISMISS = f"""mutation ($input: DismissTeamLeadInput!) {{
    dismissTeamLead(input: $input) {{
        __typename ... on Error {{ message }} ... on DismissTeamLeadSuccess {{ {OUTCOME} }}
    }}
}}"""
ROLE = """mutation ($input: UpdateMemberRoleInput!) { updateMemberRole(input: $input) {
    __typename ... on UpdateMemberRoleSuccess { membership { role ledTeams { name } } }
} }"""
REMOVE_MEMBER = "mutation ($input: RemoveMemberInput!) { removeMember(input: $input) { __typename } }"
LOG = "{ auditLog { nodes { action subjectId organizationId details { name value } } } }"
SEEN = "{ extensionUsers { totalCount nodes { username } } }"
FIGURES = """query ($period: Period!, $where: UsageFilter) { usage(period: $period, where: $where) {
    total { events users }
    groups(by: TEAM, orderBy: { key: ASC }) { nodes { key { team { name } } measures { events } } }
} }"""


class Office:
    """Acme: ada and bob are in sales, bob and cyd in support, dan in no team. They have one to four events."""

    def __init__(
        self, organization: OrganizationRow, admin: Asker, people: dict[str, Recorded], teams: dict[str, TeamRow]
    ) -> None:
        self.organization = organization
        self.admin = admin
        self.people = people
        self.teams = teams


@pytest.fixture
async def office(world: World) -> Office:
    acme = await world.organization("Acme")
    people = {name: await world.recorded(acme, name) for name in ("ada", "bob", "cyd", "dan")}
    teams = {
        "sales": await world.team(acme, people["ada"], people["bob"], name="sales"),
        "support": await world.team(acme, people["bob"], people["cyd"], name="support"),
    }
    for count, (name, person) in enumerate(people.items(), 1):
        await world.browse(person, *(raw(f"09:0{minute}:00", url=f"https://{name}.com/") for minute in range(count)))
    return Office(acme, await world.member(acme), people, teams)


async def seen_by(asker: Asker) -> list[str]:
    """The people whom somebody sees."""
    found = (await asker.ask(SEEN))["extensionUsers"]
    names = [node["username"] for node in found["nodes"]]
    assert found["totalCount"] == len(names)
    return names


async def test_a_member_is_appointed_and_dismissed(world: World, office: Office):
    lead = await world.member(office.organization, Role.LEAD)
    assert lead.user
    wanted = {"teamId": team_id(office.teams["sales"]), "userId": user_id(lead)}

    nothing = await seen_by(lead)
    appointed = await run(office.admin, APPOINT, **wanted)
    again = await run(office.admin, APPOINT, **wanted)
    seen = await seen_by(lead)
    dismissed = await run(office.admin, DISMISS, **wanted)
    twice = await run(office.admin, DISMISS, **wanted)

    username = lead.user.username
    assert (nothing, seen, await seen_by(lead)) == ([], ["ada", "bob"], [])
    assert appointed == again
    assert appointed == {
        "__typename": "AppointTeamLeadSuccess",
        "team": {"name": "sales", "leads": [{"username": username}]},
        "membership": {"user": {"username": username}, "role": "LEAD", "ledTeams": [{"name": "sales"}]},
    }
    assert dismissed["team"]["leads"] == dismissed["membership"]["ledTeams"] == []
    assert (twice["__typename"], twice["message"]) == ("NotFound", "The member does not lead this team.")
    entries = (await office.admin.ask(LOG))["auditLog"]["nodes"]
    assert [entry["action"] for entry in entries] == ["TEAM_LEAD_DISMISSED", "TEAM_LEAD_APPOINTED"]
    assert {entry["subjectId"] for entry in entries} == {str(lead.user.id)}
    assert entries[0]["details"] == [{"name": "teamId", "value": str(office.teams["sales"].id)}]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.VIEWER])
async def test_whoever_sees_the_organization_leads_no_team(world: World, office: Office, role: Role):
    member = await world.member(office.organization, role)

    answer = await run(office.admin, APPOINT, teamId=team_id(office.teams["sales"]), userId=user_id(member))

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "userId")
    assert answer["message"].startswith(f"They are {role.name}, and so see every team already.")


async def test_strangers_and_teams_of_others_are_not_found(world: World, office: Office):
    other = await world.organization()
    foreign_team, foreign_lead = await world.team(other), await world.member(other, Role.LEAD)
    lead = await world.lead(office.organization)
    sales = team_id(office.teams["sales"])
    wrong = [
        (sales, user_id(foreign_lead)),
        (sales, str(uuid4())),
        (sales, "garbage"),
        (team_id(foreign_team), user_id(lead)),
        (str(uuid4()), user_id(lead)),
    ]

    for mutation in (APPOINT, DISMISS):
        answers = [await run(office.admin, mutation, teamId=team, userId=user) for team, user in wrong]
        assert [answer["__typename"] for answer in answers] == ["NotFound"] * len(wrong)


async def test_leads_and_led_teams_have_bounds(world: World, office: Office, monkeypatch: pytest.MonkeyPatch):
    first, second = await world.lead(office.organization), await world.lead(office.organization)
    sales, support = (team_id(office.teams[name]) for name in ("sales", "support"))
    monkeypatch.setattr(team_leads, "TEAM_LEADS", 1)
    monkeypatch.setattr(team_leads, "TEAMS_LED", 1)

    answers = [
        await run(office.admin, APPOINT, teamId=team, userId=user_id(asker))
        for asker, team in ((first, sales), (second, sales), (first, support), (second, support))
    ]

    assert [answer["__typename"] for answer in answers] == [
        "AppointTeamLeadSuccess",
        "TooManyTeamLeads",
        "TooManyTeamLeads",
        "AppointTeamLeadSuccess",
    ]
    assert answers[1]["message"] == "A team has at most 1 leads. Dismiss one first."
    assert answers[2]["message"].startswith("A member leads at most 1 teams.")


async def test_a_role_takes_and_gives(world: World, office: Office):
    lead = await world.lead(office.organization, office.teams["sales"])
    member = {"organizationId": str(office.organization.id), "userId": user_id(lead)}

    promoted = await run(office.admin, ROLE, **member, role="VIEWER")
    seen = await seen_by(lead)
    narrowed = await run(office.admin, ROLE, **member, role="LEAD")

    assert promoted["membership"] == {"role": "VIEWER", "ledTeams": []}
    assert narrowed["membership"] == {"role": "LEAD", "ledTeams": []}
    assert (seen, await seen_by(lead)) == (["ada", "bob", "cyd", "dan"], [])


async def test_the_last_admin_becomes_no_lead(office: Office):
    member = {"organizationId": str(office.organization.id), "userId": user_id(office.admin)}

    assert (await run(office.admin, ROLE, **member, role="LEAD"))["__typename"] == "LastAdmin"


async def test_a_lead_is_invited_and_sees_the_organizations_name_alone(world: World, office: Office):
    invite = """mutation ($input: InviteMemberInput!) { inviteMember(input: $input) {
        ... on InviteMemberSuccess { link invitation { role } }
    } }"""
    accept = "mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { __typename } }"
    newcomer = await world.sign_in(await world.user())
    query = "{ organizations { nodes { name viewerRole teams { totalCount } extensionUsers { totalCount } } } }"

    wanted = {"organizationId": str(office.organization.id), "email": "lea@example.com", "role": "LEAD"}
    invited = await run(office.admin, invite, **wanted)
    await run(newcomer, accept, token=invited["link"].rpartition("=")[2].rpartition("#")[2])

    assert invited["invitation"] == {"role": "LEAD"}
    assert (await newcomer.ask(query))["organizations"]["nodes"] == [
        {"name": "Acme", "viewerRole": "LEAD", "teams": {"totalCount": 0}, "extensionUsers": {"totalCount": 0}}
    ]


async def test_lists_show_the_people_of_the_teams_and_their_teams(world: World, office: Office):
    lead = await world.lead(office.organization, office.teams["sales"])
    query = """query ($organization: ID!, $support: ID!) {
        found: extensionUsers(where: { search: "b" }) { totalCount }
        hidden: extensionUsers(where: { search: "c" }) { totalCount }
        ofSupport: extensionUsers(where: { teamIds: [$support] }) { totalCount }
        organization(id: $organization) {
            extensionUsers { totalCount nodes { username teams { totalCount nodes { name } } } }
            teams { totalCount nodes { name people { totalCount nodes { username } } } }
        }
        viewer { memberships { role ledTeams { name } organization { name } } }
    }"""

    answer = await lead.ask(query, organization=str(office.organization.id), support=team_id(office.teams["support"]))

    sales = {"totalCount": 1, "nodes": [{"name": "sales"}]}
    people = [{"username": name, "teams": sales} for name in ("ada", "bob")]
    assert [answer[name]["totalCount"] for name in ("found", "hidden", "ofSupport")] == [1, 0, 0]
    assert answer["organization"]["extensionUsers"] == {"totalCount": 2, "nodes": people}
    [team] = answer["organization"]["teams"]["nodes"]
    assert (team["name"], team["people"]["totalCount"]) == ("sales", 2)
    assert answer["viewer"]["memberships"] == [
        {"role": "LEAD", "ledTeams": [{"name": "sales"}], "organization": {"name": "Acme"}}
    ]


async def test_filters_by_team_tell_nothing_of_other_teams(world: World, office: Office):
    lead = await world.lead(office.organization, office.teams["sales"])
    support = {"teamIds": [team_id(office.teams["support"])]}
    lists = """query ($period: Period!, $where: UsageFilter, $filter: BehaviorFilter) {
        behaviors(where: $filter) { nodes { domain } }
        sessions(period: $period, where: $where) { nodes { extensionUser { username } domains } }
        deepWork(period: $period, where: $where) { sessionsCount }
    }"""

    found = {
        name: (await lead.ask(FIGURES, period=PERIOD, where=where))["usage"]
        for name, where in {
            "all": None,
            "support": support,
            "either": {"anyOf": [support, {"domain": {"eq": "ada.com"}}]},
            "not": {"not": support},
            "narrowed": {"allOf": [{"not": {"anyOf": [support]}}, {"eventTypes": ["FOCUS"]}]},
            "organization": {"organizationIds": [str(office.organization.id)]},
        }.items()
    }
    listed = await lead.ask(lists, period=PERIOD, where={"not": support}, filter={"not": support})

    sales = [{"key": {"team": {"name": "sales"}}, "measures": {"events": 3}}]
    assert {name: usage["total"]["events"] for name, usage in found.items()} == {
        "all": 3,
        "support": 0,
        "either": 1,
        "not": 3,
        "narrowed": 3,
        "organization": 3,
    }
    assert found["all"]["groups"]["nodes"] == found["not"]["groups"]["nodes"] == sales
    assert sorted(node["domain"] for node in listed["behaviors"]["nodes"]) == ["ada.com", "bob.com", "bob.com"]
    assert {session["extensionUser"]["username"] for session in listed["sessions"]["nodes"]} == {"ada", "bob"}


async def test_a_person_who_leaves_the_team_is_out_of_sight_at_once(world: World, office: Office):
    lead = await world.lead(office.organization, office.teams["sales"])
    token, _ = await personal(lead, *(scope.name for scope in TokenScope))
    wanted = {"teamId": team_id(office.teams["sales"]), "extensionUserIds": [str(office.people["bob"].id)]}

    removed = await run(office.admin, REMOVE, **wanted)
    without = [await seen_by(asker) for asker in (lead, token)]
    figures = (await token.ask(FIGURES, period=PERIOD))["usage"]["total"]
    await run(office.admin, ADD, teamId=wanted["teamId"], extensionUserIds=[str(office.people["dan"].id)])

    assert removed["removed"] == 1
    assert without == [["ada"], ["ada"]]
    assert figures == {"events": 1, "users": 1}
    assert await seen_by(token) == ["ada", "dan"]


@pytest.mark.parametrize("end", ["dismissed", "demoted", "removed", "team deleted"])
async def test_whoever_leads_no_longer_sees_nothing_at_once(world: World, office: Office, end: str):
    lead = await world.lead(office.organization, office.teams["sales"])
    token, _ = await personal(lead, *(scope.name for scope in TokenScope))
    address = (await run(lead, TICKET, format="NDJSON"))["download"]["url"]
    usage = await address_of(lead, rows={"groups": {"by": ["TEAM"]}}, measures=["EVENTS"])
    before = [await seen_by(asker) for asker in (lead, token)]
    sales, user = team_id(office.teams["sales"]), user_id(lead)
    member = {"organizationId": str(office.organization.id), "userId": user}

    if end == "dismissed":
        await run(office.admin, DISMISS, teamId=sales, userId=user)
    elif end == "demoted":  # somebody who has another role for a moment has lost the team
        await run(office.admin, ROLE, **member, role="VIEWER")
        await run(office.admin, ROLE, **member, role="LEAD")
    elif end == "removed":
        await run(office.admin, REMOVE_MEMBER, **member)
    else:
        await run(office.admin, DELETE, id=sales)

    assert before == [["ada", "bob"], ["ada", "bob"]]
    assert [await seen_by(asker) for asker in (lead, token)] == [[], []]
    assert (await token.ask(FIGURES, period=PERIOD))["usage"]["total"]["events"] == 0
    assert await lines(Asker(world.http), address) == []
    assert len(of_csv(await fetched(Asker(world.http), usage))) == 0


async def test_exports_hold_the_people_of_the_teams(world: World, office: Office):
    lead = await world.lead(office.organization, office.teams["sales"])
    everything = {"rows": {"groups": {"by": ["EXTENSION_USER", "TEAM"]}}, "measures": ["EVENTS"]}
    acme = {"subject": {"organizationId": str(office.organization.id)}}

    events = await lines(lead)
    of_support = await lines(lead, teamId=str(office.teams["support"].id))
    rows = of_csv(await downloaded(lead, **everything))
    refused = await lead.refused(EXPORT, input={"format": "CSV", "period": PERIOD, **everything, **acme})

    assert sorted(event["domain"] for event in events) == ["ada.com", "bob.com", "bob.com"]
    assert of_support == []
    assert sorted((row["username"], row["team"]) for row in rows) == [("ada", "sales"), ("bob", "sales")]
    assert refused["extensions"]["code"] == "FORBIDDEN"
    entries = (await office.admin.ask(LOG))["auditLog"]["nodes"]
    assert [entry["action"] for entry in entries] == ["USAGE_EXPORTED", "BEHAVIORS_EXPORTED", "BEHAVIORS_EXPORTED"]


async def test_a_lead_may_see_the_whole_of_another_organization(world: World, office: Office):
    umbrella = await world.organization("Umbrella")
    una = await world.recorded(umbrella, "una")
    research = await world.team(umbrella, una, name="research")
    await world.browse(una, raw("10:00:00"))
    lead = await world.lead(office.organization, office.teams["sales"])
    assert lead.user
    async with world.services.database.write() as db:
        await memberships.add(db, umbrella.id, lead.user.id, Role.MEMBER)
    of_teams = {name: {"teamIds": [team_id(team)]} for name, team in {**office.teams, "research": research}.items()}

    total = (await lead.ask(FIGURES, period=PERIOD))["usage"]
    by_filter = {
        name: (await lead.ask(FIGURES, period=PERIOD, where=where))["usage"]["total"]["events"]
        for name, where in of_teams.items()
    }
    counts = {name: len(await lines(lead, teamId=where["teamIds"][0])) for name, where in of_teams.items()}
    asked = """query ($acme: ID!, $umbrella: ID!) {
        whole: organization(id: $umbrella) { members { totalCount } extensionUserCounts { total } }
        part: organization(id: $acme) { members { totalCount } }
    }"""
    answer = await lead.post(asked, acme=str(office.organization.id), umbrella=str(umbrella.id))

    assert await seen_by(lead) == ["ada", "bob", "una"]
    assert total["total"] == {"events": 4, "users": 3}
    names = {node["key"]["team"]["name"] for node in total["groups"]["nodes"]}
    assert names == {"sales", "research"}
    assert by_filter == counts == {"sales": 3, "support": 0, "research": 1}
    assert answer["data"]["whole"] == {"members": {"totalCount": 1}, "extensionUserCounts": {"total": 1}}
    assert answer["data"]["part"] == {"members": None}
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert answer["errors"][0]["message"].startswith("Leads see the people of their teams, not the whole organization.")


async def test_domains_have_the_categories_of_the_organizations_rules(world: World, office: Office):
    await own_rules(world, office.organization, {"ada.com": Category.RESEARCH})
    lead = await world.lead(office.organization, office.teams["sales"])
    query = """query ($period: Period!, $ada: ID!) { usage(period: $period, where: { extensionUserIds: [$ada] }) {
        groups(by: DOMAIN) { nodes { key { domain category } } }
        categories: groups(by: CATEGORY) { nodes { key { category } } }
    } }"""

    usage = (await lead.ask(query, period=PERIOD, ada=str(office.people["ada"].id)))["usage"]

    assert usage["groups"]["nodes"] == [{"key": {"domain": "ada.com", "category": "RESEARCH"}}]
    assert usage["categories"]["nodes"] == [{"key": {"category": "RESEARCH"}}]


async def test_a_lead_leaves(world: World, office: Office):
    lead = await world.lead(office.organization, office.teams["sales"])
    leave = "mutation ($input: LeaveOrganizationInput!) { leaveOrganization(input: $input) { __typename } }"

    answer = await run(lead, leave, organizationId=str(office.organization.id))

    assert answer["__typename"] == "LeaveOrganizationSuccess"
    async with world.services.database.read() as db:
        assert await db.scalar(text("SELECT count(*) FROM team_leads")) == 0


async def test_statements_of_full_members_know_nothing_of_leads(
    world: World, office: Office, statements: StatementCounter
):
    member = await world.member(office.organization, Role.MEMBER)
    query = """query ($period: Period!) {
        extensionUsers { totalCount nodes { username } } behaviors { nodes { domain } }
        sessions(period: $period) { nodes { events domains } }
        usage(period: $period) { total { events sessions } groups(by: DOMAIN) { nodes { key { category } } } }
        deepWork(period: $period) { sessionsCount }
    }"""

    statements.clear()
    await member.ask(query, period=PERIOD)
    await lines(member)

    concerned = [each for each in statements.statements if "team_people" in each or "team_leads" in each]
    assert set(concerned) == {sign_ins._account_statement().sql}


async def test_the_teams_of_other_roles_are_not_even_looked_up(world: World, office: Office):
    plans = {}
    for role in (Role.MEMBER, Role.LEAD):
        asker = await world.member(office.organization, role)
        assert asker.user
        async with world.services.database.read() as db:
            statement = sign_ins._account_statement()
            sign_in = await db.scalar(text("SELECT id FROM sign_ins WHERE user_id = :user"), {"user": asker.user.id})
            values: dict[str, Any] = {**statement.fixed, "sign_in_id": sign_in, "user_id": asker.user.id}
            driver: Any = (await db.get_raw_connection()).driver_connection
            arguments = [values[name] for name in statement.names]
            rows = await driver.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) {statement.sql}", *arguments)
            plans[role] = "\n".join(row[0] for row in rows)

    assert "never executed" in plans[Role.MEMBER].partition("SubPlan")[2]
    assert "never executed" not in plans[Role.LEAD].partition("SubPlan")[2]
