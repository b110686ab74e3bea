"""Questions about people with a backlog of rollups wait for these, and only for these."""

import asyncio
from datetime import timedelta

import pytest

from core.clock import now
from db.queries.dirty_hours import Cutoff
from db.queries.rollups import lock_people
from resolvers.services import Services
from tests.db.test_rollup_maker import browsed, marked
from tests.world import Asker, Recorded, World

QUESTION = """query ($id: ID!) {
    organization(id: $id) { usage(period: {between: {start: "2026-08-01T00:00:00Z", end: "2026-09-01T00:00:00Z"}}) {
        total { events trackedMinutes }
        groups(by: [DOMAIN]) { totalCount }
    } }
}"""


async def surveyed(services: Services) -> None:
    """Let the service know of the backlogs now, instead of within five seconds."""
    at = now()
    await services.rollup_backlog.survey(Cutoff(at, at - timedelta(seconds=30), at))


async def with_backlog(world: World) -> tuple[Asker, Recorded]:
    """An admin and a person of an organization, with thirty marked hours of fifty events."""
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization)
    await browsed(world, person, hours=30, events=50)
    return admin, person


async def ask(admin: Asker, person: Recorded) -> object:
    answer = await admin.ask(QUESTION, id=str(person.row.organization_id))
    return answer["organization"]["usage"]


async def test_a_question_has_its_own_peoples_rollups_made_first(world: World, services: Services):
    admin, person = await with_backlog(world)
    _, stranger = await with_backlog(world)
    await surveyed(services)

    answer = await ask(admin, person)

    assert answer == {"total": {"events": 1500, "trackedMinutes": 1500}, "groups": {"totalCount": 7}}
    assert await marked(services, person) == []
    assert len(await marked(services, stranger)) == 30


async def test_the_answer_is_the_same_when_the_rollups_cannot_be_made_in_time(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(services.rollup_backlog, "wait_seconds", 0.2)
    admin, person = await with_backlog(world)
    await surveyed(services)

    async with services.database.write() as maker, asyncio.timeout(30):
        await lock_people(maker, [person.id])
        answer = await ask(admin, person)

    assert answer == {"total": {"events": 1500, "trackedMinutes": 1500}, "groups": {"totalCount": 7}}
    assert len(await marked(services, person)) == 30
