"""What a lead is shown does not depend on anything of the organization beyond their teams, whatever they ask."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

from core.ids import BehaviorKey, encode_node_id
from core.roles import Role
from tests.access.sample_objects import SampleObjects, another_tenant, create_sample_objects
from tests.access.test_access import INPUTS, QUESTIONS, TABLE, asked, change
from tests.world import Recorded, World, moment, raw

_OF_NOW = {"asOf", "generatedAt", "lastUsedAt", "start", "end", "cursor", "startCursor", "endCursor"}
_THEIRS_ALONE = {"olga", "ourTeam", "team", "event"}


def timeless(value: Any) -> Any:
    """An answer without what tells when the question was asked."""
    if isinstance(value, dict):
        return {name: timeless(part) for name, part in value.items() if name not in _OF_NOW}
    return [timeless(part) for part in value] if isinstance(value, list) else value


async def answers(samples: SampleObjects) -> dict[str, Any]:
    """What the lead is answered, to every question of the table of access."""
    got = {}
    for what, question in QUESTIONS.queries.items():
        answer = await asked(samples.lead, question, samples.tenants.variables)
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        got[what] = (timeless(answer.get("data")), codes)
    return got


async def beside_the_team(samples: SampleObjects) -> dict[str, str]:
    """Much more of `Ours`, none of it the lead's: the ids of somebody in it, of their team, and of an event."""
    world, ours = samples.world, samples.tenants.ours
    strangers = [await world.recorded(ours.organization, f"olga-{number}") for number in range(3)]
    # Olga is in this team, too; the lead must not learn of it.
    team = await world.team(ours.organization, ours.person, *strangers, name="all of ours")
    await world.team(ours.organization, name="ours, empty")
    for hour, stranger in enumerate(strangers, 12):
        for session in ("s-ours", "s-strange"):
            clocks = (f"{hour}:{minute:02}:00" for minute in range(0, 60, 3))
            work = [raw(clock, "keydown", "https://ours.com/", session) for clock in clocks]
            await world.browse(stranger, *work)
    await world.alert_rule(ours.organization, strangers[0], "watch over a stranger")
    await world.goal(ours.organization)
    for role in Role:
        await world.member(ours.organization, role)
    await world.lead(ours.organization, ours.team, team)
    await world.annotation(ours.organization, moment("09:00:00").date())
    await world.annotation(ours.organization, (moment("09:00:00") + timedelta(days=1)).date())
    team_id = encode_node_id("Team", team.id.bytes)
    event = await event_of(world, strangers[0])
    return {"olga": id_of(strangers[0]), "ourTeam": team_id, "team": team_id, "event": event}


def id_of(person: Recorded) -> str:
    """The opaque id of a person."""
    return encode_node_id("ExtensionUser", person.id.bytes)


async def event_of(world: World, person: Recorded) -> str:
    """The id of an event of somebody."""
    [event] = (await world.browse(person, raw("21:00:00", session=str(uuid4())))).accepted
    return BehaviorKey(person.id, moment("21:00:00"), event.id).node_id


def named(text: str) -> Iterator[str]:
    """The variables in a question that name a person, a team or an event."""
    yield from (name for name in _THEIRS_ALONE if f"${name}" in text)


async def test_the_rest_of_the_organization_changes_no_answer(world: World):
    samples = await create_sample_objects(world)

    before = await answers(samples)
    await beside_the_team(samples)
    after = await answers(samples)

    assert {what: answer for what, answer in after.items() if answer != before[what]} == {}
    assert sum(not codes for _, codes in after.values()) > len(after) / 2, "most questions are answered"


async def test_a_stranger_asked_for_by_id_is_missing(world: World):
    samples = await create_sample_objects(world)
    variables = samples.tenants.variables | await beside_the_team(samples)

    got = {
        what: samples.outcome(await asked(samples.lead, question, variables))
        for what, question in QUESTIONS.queries.items()
        if any(named(question)) and TABLE[what]["lead"] != "forbidden"  # that is said of their own people, too
    }

    assert len(got) > 15
    assert set(got.values()) == {"missing"}


async def test_a_stranger_is_missing_for_mutations_too(world: World):
    samples = await create_sample_objects(world)
    tenant = await another_tenant(samples)
    strangers = await beside_the_team(samples)

    got = {}
    for name, text in INPUTS.items():
        if any(named(text)):
            got[name] = await change(samples, "lead", name, tenant | strangers)

    assert len(got) > 10
    assert set(got.values()) == {"missing"}


def test_of_what_is_no_teams_a_lead_sees_no_more_than_its_name_and_settings():
    seen = {what for what, row in TABLE.items() if what.startswith("Organization") and row["lead"] != "forbidden"}

    assert seen == {
        "Organization.extensionUsers",
        "Organization.teams",
        "Organization: createdAt description id name requiresApiKey retentionDays updatedAt uuid viewerRole weekStart",
    }
