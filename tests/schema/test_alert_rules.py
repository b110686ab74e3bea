"""Alert rules in GraphQL: made, replaced and deleted by admins, tried out before, and the alerts that they fire."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.clock import now
from core.events import RawEvent
from core.ids import encode_node_id
from core.limits import ALERT_RULES
from core.roles import Role
from db.alert_evaluator import GRACE, AlertEvaluator
from resolvers import alert_rules
from schema.stored_filters import conditions_of
from tests.schema.sample_tenants import run
from tests.world import Asker, Recorded, World

RULE = """alertRule {
    id name measure where window interval hold isEnabled isFiring evaluatedAt problem
    condition { comparison limit clearAt } quietHours { from to weekdays timezone }
    extensionUser { username } team { name } organization { name }
}"""
FAILURE = "__typename ... on Error { message } ... on InvalidInput { field }"
CREATE = f"""mutation ($input: CreateAlertRuleInput!) {{
    createAlertRule(input: $input) {{ {FAILURE} ... on CreateAlertRuleSuccess {{ {RULE} }} }}
}}"""
UPDATE = f"""mutation ($input: UpdateAlertRuleInput!) {{
    updateAlertRule(input: $input) {{ {FAILURE} ... on UpdateAlertRuleSuccess {{ {RULE} }} }}
}}"""
DELETE = """mutation ($input: DeleteAlertRuleInput!) {
    deleteAlertRule(input: $input) { __typename ... on DeleteAlertRuleSuccess { deletedId } }
}"""
PREVIEW = """query ($input: AlertRulePreviewInput!) { alertRulePreview(input: $input) {
    step count alerts { firedAt resolvedAt }
} }"""
ALERTS = """query ($id: ID!, $state: AlertState) { organization(id: $id) {
    alerts(state: $state) { nodes { state value valueBefore firedAt resolvedAt rule { name isFiring } } }
    alertRules { totalCount nodes { name alerts(first: 1) { nodes { state } } } }
} }"""
LOG = "{ auditLog { nodes { action details { name } } } }"
SILENCE = {"name": "Silence", "window": "PT1H", "condition": {"comparison": "NO_DATA"}}
BUSY = {"name": "Busy", "window": "PT1H", "measure": "EVENTS", "condition": {"comparison": "ABOVE", "limit": 2}}


async def admin_of(world: World) -> tuple[Asker, str, Recorded]:
    """An admin, the id of their organization, and somebody who is recorded."""
    organization = await world.organization()
    return (
        await world.member(organization),
        encode_node_id("Organization", organization.id.bytes),
        await world.recorded(organization),
    )


async def evaluate(world: World, at: datetime) -> None:
    """Evaluate the rules that are due at an instant."""
    await AlertEvaluator(world.services.database, conditions_of, clock=lambda: at).work_round()


async def test_a_rule_is_made_replaced_and_deleted(world: World):
    admin, organization, person = await admin_of(world)
    rule = BUSY | {
        "subject": {"extensionUserId": str(person.id)},
        "where": {"domain": {"under": "a.com"}, "eventTypes": ["CLICK"]},
        "condition": {"comparison": "ABOVE", "limit": 2, "clearAt": 1},
        "hold": "PT10M",
        "quietHours": {"from": "22:00", "to": "07:30", "weekdays": [5, 1], "timezone": "Europe/Berlin"},
    }

    made = await run(admin, CREATE, organizationId=organization, rule=rule)
    replaced = await run(admin, UPDATE, id=made["alertRule"]["id"], rule=SILENCE | {"isEnabled": False})
    deleted = await run(admin, DELETE, id=made["alertRule"]["id"])
    again = await run(admin, DELETE, id=made["alertRule"]["id"])

    assert made["alertRule"] == {
        "id": made["alertRule"]["id"],
        "name": "Busy",
        "measure": "EVENTS",
        "where": rule["where"],
        "window": "PT1H",
        "interval": "PT5M",
        "hold": "PT10M",
        "isEnabled": True,
        "isFiring": False,
        "evaluatedAt": None,
        "problem": None,
        "condition": {"comparison": "ABOVE", "limit": 2.0, "clearAt": 1.0},
        "quietHours": {"from": "22:00", "to": "07:30", "weekdays": [1, 5], "timezone": "Europe/Berlin"},
        "extensionUser": {"username": person.row.username},
        "team": None,
        "organization": made["alertRule"]["organization"],
    }
    assert (replaced["alertRule"]["measure"], replaced["alertRule"]["isEnabled"]) == (None, False)
    assert replaced["alertRule"]["condition"] == {"comparison": "NO_DATA", "limit": None, "clearAt": None}
    assert deleted == {"__typename": "DeleteAlertRuleSuccess", "deletedId": made["alertRule"]["id"]}
    assert again["__typename"] == "NotFound"
    entries = (await admin.ask(LOG))["auditLog"]["nodes"]
    assert [entry["action"] for entry in entries] == ["ALERT_RULE_DELETED", "ALERT_RULE_CHANGED", "ALERT_RULE_CREATED"]
    assert {detail["name"] for entry in entries for detail in entry["details"]} == {"ruleId"}


@pytest.mark.parametrize(
    ("change", "kind", "field"),
    [
        ({"name": " "}, "InvalidInput", "name"),
        ({"window": "PT4M"}, "InvalidInput", "window"),
        ({"window": "P32D"}, "InvalidInput", "window"),
        ({"hold": "P8D"}, "InvalidInput", "hold"),
        ({"measure": None}, "InvalidInput", "measure"),
        ({"condition": {"comparison": "ABOVE"}}, "InvalidInput", "condition.limit"),
        ({"condition": {"comparison": "NO_DATA"}}, "InvalidInput", "measure"),
        ({"condition": {"comparison": "ABOVE", "limit": 1, "clearAt": 2}}, "InvalidInput", "condition.clearAt"),
        ({"quietHours": {"from": "22:00", "to": "07:00", "weekdays": [8]}}, "InvalidInput", "quietHours.weekdays"),
        ({"where": {"domain": {"matches": "*"}}}, "InvalidInput", "domain"),
        ({"subject": {"extensionUserId": str(uuid4())}}, "NotFound", None),
        ({"subject": {"teamId": str(uuid4())}}, "NotFound", None),
        ({"subject": {"teamId": "nonsense"}}, "NotFound", None),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(
    world: World, change: dict[str, Any], kind: str, field: str | None
):
    admin, organization, _ = await admin_of(world)

    answer = await run(admin, CREATE, organizationId=organization, rule=BUSY | change)

    assert (answer["__typename"], answer.get("field")) == (kind, field)


async def test_a_measure_of_several_people_does_not_go_with_one(world: World):
    admin, organization, person = await admin_of(world)
    rule = BUSY | {"measure": "USERS", "subject": {"extensionUserId": str(person.id)}}

    answer = await run(admin, CREATE, organizationId=organization, rule=rule)

    assert answer["message"] == "`USERS` counts people: it goes with a team or the whole organization."


async def test_people_and_teams_of_others_are_no_subjects(world: World):
    admin, organization, _ = await admin_of(world)
    _, _, stranger = await admin_of(world)
    other = await world.organization()
    team = await world.team(other)

    for subject in ({"extensionUserId": str(stranger.id)}, {"teamId": str(team.id)}):
        for question in (CREATE, UPDATE):
            made = await run(admin, CREATE, organizationId=organization, rule=BUSY | {"name": str(uuid4())})
            place = {"organizationId": organization} if question is CREATE else {"id": made["alertRule"]["id"]}
            answer = await run(admin, question, **place, rule=SILENCE | {"subject": subject})
            assert answer["__typename"] == "NotFound"


async def test_names_and_numbers_are_limited(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(alert_rules, "ALERT_RULES", 1)
    admin, organization, _ = await admin_of(world)
    await run(admin, CREATE, organizationId=organization, rule=SILENCE)

    full = await run(admin, CREATE, organizationId=organization, rule=BUSY)
    monkeypatch.setattr(alert_rules, "ALERT_RULES", ALERT_RULES)
    taken = await run(admin, CREATE, organizationId=organization, rule=SILENCE | {"name": "SILENCE"})

    assert full["message"] == "An organization has at most 1 alert rules. Delete one first."
    assert taken["__typename"] == "NameTaken"


async def test_an_alert_is_shown_until_its_rule_is_changed(world: World):
    admin, organization, _ = await admin_of(world)
    made = await run(admin, CREATE, organizationId=organization, rule=SILENCE)
    await evaluate(world, now() + GRACE)

    firing = (await admin.ask(ALERTS, id=organization, state="FIRING"))["organization"]
    await run(admin, UPDATE, id=made["alertRule"]["id"], rule=SILENCE | {"isEnabled": False})
    after = [
        (await admin.ask(ALERTS, id=organization, state=state))["organization"]["alerts"]["nodes"]
        for state in ("FIRING", "RESOLVED", None)
    ]

    [alert] = firing["alerts"]["nodes"]
    assert (alert["state"], alert["value"], alert["resolvedAt"]) == ("FIRING", 0, None)
    assert alert["rule"] == {"name": "Silence", "isFiring": True}
    assert firing["alertRules"] == {
        "totalCount": 1,
        "nodes": [{"name": "Silence", "alerts": {"nodes": [{"state": "FIRING"}]}}],
    }
    assert [len(alerts) for alerts in after] == [0, 1, 1]
    assert after[1][0]["rule"]["isFiring"] is False


async def test_preview_tells_what_would_have_fired(world: World):
    admin, organization, person = await admin_of(world)
    noon = now().astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
    burst = (noon + timedelta(minutes=number) for number in range(3))
    await world.browse(person, *(RawEvent("s", each.isoformat(), "click", "https://a.com/") for each in burst))

    busy = (await admin.ask(PREVIEW, input={"organizationId": organization, "rule": BUSY}))["alertRulePreview"]
    rare = BUSY | {"condition": {"comparison": "ABOVE", "limit": 3}}
    never = (await admin.ask(PREVIEW, input={"organizationId": organization, "rule": rare}))["alertRulePreview"]
    rise = BUSY | {"condition": {"comparison": "RISE", "limit": 10}}
    change = (await admin.ask(PREVIEW, input={"organizationId": organization, "rule": rise}))["alertRulePreview"]

    [alert] = busy["alerts"]
    assert (busy["count"], busy["step"]) == (1, "PT30M")
    fired, over = (datetime.fromisoformat(alert[name]) for name in ("firedAt", "resolvedAt"))
    assert timedelta(0) < fired - noon <= timedelta(minutes=33)
    assert over - fired in {timedelta(minutes=30), timedelta(hours=1)}
    assert (never["count"], never["alerts"], change["count"]) == (0, [], 0)


async def test_preview_is_of_organizations_in_sight(world: World):
    admin, organization, _ = await admin_of(world)
    outsider, _, _ = await admin_of(world)
    wanted = {"organizationId": organization, "rule": SILENCE}

    assert (await outsider.ask(PREVIEW, input=wanted))["alertRulePreview"] is None
    assert (await admin.ask(PREVIEW, input=wanted))["alertRulePreview"]["count"] == 1
    refused = await admin.refused(PREVIEW, input=wanted | {"rule": SILENCE | {"subject": {"teamId": str(uuid4())}}})
    assert refused["extensions"]["code"] == "NOT_FOUND"


async def test_readers_see_rules_and_change_none(world: World):
    organization = await world.organization()
    admin, reader = await world.member(organization), await world.member(organization, Role.VIEWER)
    place = encode_node_id("Organization", organization.id.bytes)
    made = await run(admin, CREATE, organizationId=place, rule=SILENCE)

    seen = (await reader.ask(ALERTS, id=place))["organization"]["alertRules"]["nodes"]
    refused = await reader.refused(UPDATE, input={"id": made["alertRule"]["id"], "rule": BUSY})

    assert [rule["name"] for rule in seen] == ["Silence"]
    assert refused["extensions"]["code"] == "FORBIDDEN"
