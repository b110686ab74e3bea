"""Every row of access.txt holds, as asked by everybody; and the table has every row."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from graphql import GraphQLSchema, build_schema
from httpx import Response

from core.roles import Role
from db.queries import memberships
from schema.build import schema, sdl
from tests.access.access_table import Row, differences, read, routed
from tests.access.sample_objects import (
    PARTS,
    SampleObjects,
    another_tenant,
    create_sample_objects,
    fingerprint,
    in_short,
    owners_named,
)
from tests.access.schema_queries import SchemaQueries
from tests.rest_requests import event
from tests.schema.sample_tenants import outcome
from tests.world import Asker, World

TABLE = read()
QUESTIONS = SchemaQueries(schema._schema)

RULE = '{name: "Silence", window: "PT1H", condition: {comparison: NO_DATA}}'

# What each mutation is given; `$ours`, `$olga` and so on are an organization and people of the row's own.
INPUTS = {
    "updateOrganization": '{id: $ours, name: "Renamed"}',
    "deleteOrganization": "{id: $ours}",
    "addMember": "{organizationId: $ours, username: $newcomer, role: ADMIN}",
    "withdrawMembershipOffer": "{id: $offer}",
    "inviteMember": '{organizationId: $ours, email: "new@example.com", role: ADMIN}',
    "revokeInvitation": "{id: $invitation}",
    "openInvitation": "{token: $linkToken}",
    "acceptInvitation": "{token: $linkToken}",
    "requestPasswordReset": "{username: $newcomer}",
    "resetPassword": '{token: "x", newPassword: "a long enough password"}',
    "changeEmail": '{email: "new@example.com", currentPassword: "x"}',
    "confirmEmail": '{token: "x"}',
    "acceptMembership": "{id: $offer}",
    "declineMembership": "{id: $offer}",
    "updateMemberRole": "{organizationId: $ours, userId: $colleague, role: ADMIN}",
    "removeMember": "{organizationId: $ours, userId: $colleague}",
    "leaveOrganization": "{organizationId: $ours}",
    "setCategoryRules": '{organizationId: $ours, rules: [{pattern: "a.com", category: RESEARCH}]}',
    "deleteCategoryRules": '{organizationId: $ours, patterns: ["ours.test"]}',
    "createAnnotation": '{organizationId: $ours, firstDay: "2026-08-03", text: "A release"}',
    "updateAnnotation": '{id: $annotation, text: "Another release"}',
    "deleteAnnotation": "{id: $annotation}",
    "createAlertRule": "{organizationId: $ours, rule: " + RULE + "}",
    "updateAlertRule": "{id: $rule, rule: " + RULE + "}",
    "deleteAlertRule": "{id: $rule}",
    "createGoal": '{subject: {organizationId: $ours}, name: "Goal", measure: EVENTS, every: DAY, atLeast: 1}',
    "updateGoal": '{id: $goal, name: "Renamed"}',
    "deleteGoal": "{id: $goal}",
    "saveQuery": '{organizationId: $ours, name: "Query", document: "{ viewer { username } }"}',
    "updateSavedQuery": '{id: $saved, name: "Renamed"}',
    "deleteSavedQuery": "{id: $saved}",
    "createTeam": '{organizationId: $ours, name: "Team"}',
    "renameTeam": '{id: $team, name: "Renamed"}',
    "deleteTeam": "{id: $team}",
    "addTeamPeople": "{teamId: $team, extensionUserIds: [$paul]}",
    "removeTeamPeople": "{teamId: $team, extensionUserIds: [$olga]}",
    "appointTeamLead": "{teamId: $team, userId: $apprentice}",
    "dismissTeamLead": "{teamId: $team, userId: $leading}",
    "createExtensionUser": '{organizationId: $ours, username: "otto"}',
    "createExtensionUsers": '{organizationId: $ours, people: [{username: "otto"}, {username: "olga"}]}',
    "updateExtensionUser": "{id: $olga, isActive: false}",
    "regenerateApiKey": "{id: $olga}",
    "deleteExtensionUser": "{id: $olga}",
    "eraseExtensionUser": "{id: $olga}",
    "deleteBehavior": "{id: $event}",
    "deleteBehavior of nobody's": "{id: $nobodys}",
    "createUser": '{username: $somebody, password: "a long enough password"}',
    "createOrganization": '{name: "Another"}',
    "exportExtensionUser": "{id: $olga}",
    "exportBehaviors": "{format: CSV}",
    "createWebhook": '{organizationId: $ours, name: "hook", url: "https://example.com/", eventTypes: [EXPORT_MADE]}',
    "updateWebhook": '{id: $webhook, name: "another"}',
    "rotateWebhookSecret": "{id: $webhook}",
    "testWebhook": "{id: $webhook}",
    "redeliver": "{id: $delivery}",
    "deleteWebhook": "{id: $webhook}",
    "createServiceAccount": '{organizationId: $ours, name: "Grafana", scopes: [EXPORT]}',
    "createPersonalAccessToken": '{name: "script", scopes: [EXPORT]}',
    "revokeToken": "{id: $robot}",
    "endSignIn": '{signInId: "unknown"}',
    "endOtherSignIns": "",
    "exportUsage": """{format: CSV, subject: {organizationId: $ours}, rows: {groups: {by: [DOMAIN]}}, measures: [USERS],
        period: {between: {start: "2026-08-01T00:00:00Z", end: "2026-09-01T00:00:00Z"}}}""",
    "changePassword": '{currentPassword: "x", newPassword: "short"}',
    "login": '{username: "nobody", password: "x"}',
    "refreshSession": '{refreshToken: "x"}',
    "ingestBehaviors": '{events: [{sessionId: "s", ts: "2026-08-03T21:00:00Z", type: FOCUS, eventId: $somebody}]}',
    "logout": "",
}
STRINGS = {"newcomer", "somebody", "linkToken"}


def test_the_table_has_every_field_node_and_mutation():
    assert differences(TABLE, schema._schema) == set()


async def test_the_table_has_every_route(app: FastAPI):
    rows = {what for what in TABLE if what.startswith(("GET /", "POST /"))}

    assert rows ^ routed(app) == {"POST /graphql", "DELETE /graphql"} & routed(app)


def extended(place: str, addition: str) -> GraphQLSchema:
    """A copy of the schema with something more in it."""
    assert sdl().count(f"\n{place}\n") == 1
    return build_schema(sdl().replace(f"\n{place}\n", f"\n{place}\n{addition}\n"))


@pytest.mark.parametrize(
    ("place", "addition", "row"),
    [
        ("type Query {", "secrets: [Behavior!]!", "Query.secrets"),
        ("type Query {", "secret: String", "Query: secret"),
        ("type Mutation {", "spoil: LogoutResult!", "Mutation.spoil"),
        ("type Organization implements Node {", "rivals: OrganizationConnection!", "Organization.rivals"),
        ("type Session {", "owner: User", "Session.owner"),
        ("type UsageKey {", "person: ExtensionUser", "UsageKey.person"),
    ],
)
def test_a_field_without_a_row_is_noticed(place: str, addition: str, row: str):
    assert differences(TABLE, extended(place, addition)) == {row}


def test_a_leaf_without_a_row_is_noticed():
    noticed = differences(TABLE, extended("type Membership {", "salary: Int"))

    assert noticed == {"Membership: bySso joinedAt role", "Membership: bySso joinedAt role salary"}


def test_a_kind_of_node_without_a_row_is_noticed():
    copy = build_schema(sdl().replace("type Session {", "type Session implements Node {"))

    with pytest.raises(AssertionError, match="Session"):
        differences(TABLE, copy)


@pytest.mark.parametrize("row", ["Query.usage", "node: Behavior", "Mutation.login", "ExtensionUser.behaviors"])
def test_a_row_that_is_taken_away_is_noticed(row: str):
    table = {what: outcomes for what, outcomes in TABLE.items() if what != row}

    assert differences(table, schema._schema) == {row}


async def asked(asker: Asker, question: str, variables: dict[str, Any]) -> dict[str, Any]:
    """The answer to a question with the variables that stand in it."""
    used = {name: value for name, value in variables.items() if f"${name}" in question}
    types = {name: "Period!" if name == "period" else "String!" if name in STRINGS else "ID!" for name in used}
    declared = ", ".join(f"${name}: {kind}" for name, kind in types.items())
    kind, brace, rest = question.partition("{")
    return await asker.post(f"{kind or 'query '}{f'({declared})' if used else ''} {brace}{rest}", **used)


async def test_everybody_is_shown_what_the_table_says(world: World):
    samples = await create_sample_objects(world)

    got: dict[str, Row] = {}
    for what, question in QUESTIONS.queries.items():
        answers = await asyncio.gather(
            *(asked(asker, question, samples.tenants.variables) for asker in samples.askers.values())
        )
        got[what] = dict(zip(samples.askers, map(samples.outcome, answers), strict=True))

    assert got == {what: TABLE[what] for what in got}


async def change(samples: SampleObjects, part: str, name: str, variables: dict[str, Any]) -> str:
    """The outcome of a mutation: `changes`, `answers` without a change, or a refusal."""
    mutation = QUESTIONS.mutations[name.partition(" ")[0]] % INPUTS[name]
    before = await fingerprint(samples.world)
    answer = await asked(samples.askers[part], mutation, variables | {"somebody": f"{part} of {name}"})
    changed = await fingerprint(samples.world) != before
    kind = answer["data"][name.partition(" ")[0]]["__typename"] if "errors" not in answer else ""
    if not kind.endswith("Success"):
        refusal = samples.outcome(answer) if not kind else {"NotFound": "missing"}.get(kind, "refused")
        return f"{refusal}, but changes" if changed else refusal
    return "changes" if changed else "answers"


async def test_everybody_changes_what_the_table_says(world: World):
    samples = await create_sample_objects(world)
    assert list(INPUTS)[-1] == "logout", "nobody can do anything after it"

    got: dict[str, Row] = {}
    for name in INPUTS:
        tenant = await another_tenant(samples)
        outcomes = got[f"Mutation.{name}"] = {}
        for part in PARTS:
            outcomes[part] = await change(samples, part, name, tenant)
            if outcomes[part] == "changes":
                tenant = await another_tenant(samples)  # what has been changed cannot be changed again

    assert got == {what: row for what, row in TABLE.items() if what.startswith("Mutation.")}


async def test_what_does_not_exist_is_missing_for_super_admins_too(world: World):
    samples = await create_sample_objects(world)
    tenant = await another_tenant(samples)
    nothing = "00000000-0000-4000-8000-000000000000"
    others = {
        "team": "olga",
        "annotation": "olga",
        "rule": "olga",
        "goal": "olga",
        "webhook": "olga",
        "delivery": "olga",
        "saved": "olga",
        "ours": "olga",
        "olga": "ours",
        "event": "olga",
        "nobodys": "olga",
        "offer": "olga",
        "invitation": "olga",
        "robot": "olga",
    }  # ids of other kinds of things

    got = {}
    for name, text in INPUTS.items():
        subject = next((each for each in others if f"${each}" in text), None)
        if subject:
            for identifier in (tenant[others[subject]], nothing):
                got[name, identifier] = await change(samples, "super_admin", name, tenant | {subject: identifier})

    assert len(got) == 2 * 50
    assert set(got.values()) == {"missing"}


async def test_routes_let_in_whom_the_table_says(world: World):
    samples = await create_sample_objects(world)
    got: dict[str, Row] = {}
    for what in TABLE:
        method, _, path = what.partition(" ")
        if path.startswith("the ticket of "):
            mutation = path.removeprefix("the ticket of ")
            got[what] = {part: await by_ticket(samples, part, mutation) for part in PARTS}
        elif path.startswith("/"):
            got[what] = {part: shown(await requested(samples, part, method, path)) for part in PARTS}

    assert got == {what: TABLE[what] for what in got}


async def requested(samples: SampleObjects, part: str, method: str, path: str) -> Response:
    """The answer to somebody's request of a route."""
    token = samples.askers[part].token
    headers = {"Accept": "text/html"} | ({"Authorization": f"Bearer {token}"} if token else {})
    body = {"events": [event()]} if path.endswith("/batch") else event()
    address = path.format(extension_user_id=samples.tenants.ours.person.id)
    address += "/swagger.js" if path == "/static" else ""
    return await samples.world.http.request(method, address, headers=headers, json=body if method == "POST" else None)


async def by_ticket(samples: SampleObjects, part: str, mutation: str) -> str:
    """The outcome of a download without a sign-in, at the address that another's mutation returned."""
    question = QUESTIONS.mutations[mutation] % INPUTS[mutation]
    answer = await asked(samples.askers[part], question, samples.tenants.variables)
    told = (answer.get("data") or {}).get(mutation, {})
    if "download" in told:
        return shown(await samples.world.http.get(told["download"]["url"]))
    return "missing" if told.get("__typename") == "NotFound" else samples.outcome(answer)


def shown(response: Response) -> str:
    """The outcome of the answer to a route."""
    refusals = {401: "sign-in", 403: "forbidden", 404: "missing"}
    if response.status_code in refusals:
        return refusals[response.status_code]
    assert response.status_code in {200, 201, 307}, response.text
    return in_short(owners_named(response.text))


async def test_a_colleagues_other_organizations_stay_hidden(world: World):
    samples = await create_sample_objects(world)
    tenants = samples.tenants
    assert tenants.member.user is not None
    async with world.services.database.write() as db:
        await memberships.add(db, tenants.theirs.organization.id, tenants.member.user.id, Role.VIEWER)
    query = "{ organization(id: $ours) { members { nodes { user { memberships { organization { name } } } } } } }"

    by_admin = await outcome(tenants.admin, query, **tenants.variables)
    by_themselves = await outcome(tenants.member, query, **tenants.variables)

    assert by_admin == ["Ours"] * 4
    assert sorted(by_themselves) == ["Ours"] * 4 + ["Theirs"]
