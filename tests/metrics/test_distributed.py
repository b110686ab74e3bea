"""Values that several people have in common are counted once, also if statements group by person until the end."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from core.events import RawEvent
from core.periods import TimeRange
from core.scope import Scope
from db.metrics.question import Question
from db.queries import deep_work
from db.queries.filters import EventFilter
from db.queries.people import Subject
from tests.metrics.cluster_statements import asking
from tests.world import World

DAY = TimeRange(datetime(2026, 8, 3, tzinfo=UTC), datetime(2026, 8, 4, tzinfo=UTC))


@pytest.mark.parametrize("cluster", [False, True])
async def test_domains_of_two_peoples_deep_work(world: World, cluster: bool):
    acme = await world.organization()
    work = [RawEvent("s", f"2026-08-03T10:{minute:02}:00Z", "keydown", "https://a.com/") for minute in range(0, 32, 2)]
    for _ in range(2):
        await world.browse(await world.recorded(acme), *work)

    async with asking(world, cluster=cluster) as db:
        question = Question(DAY, EventFilter(), ZoneInfo("UTC"), Subject.ORGANIZATION)
        found = await deep_work.unique_domains(db, Scope.everything(), [acme.id], question)

    assert found == {acme.id: 1}
