"""Random streams of events and of category rules, stored with the rollups in any state."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text

from core.categories import Category
from core.category_list import built_in_rules
from core.event_types import EventType
from core.events import ANONYMOUS, RawEvent
from core.ids import BehaviorKey
from core.periods import TimeRange
from core.scope import Scope
from db.models import Behavior, CategoryRule, Team, TeamPerson
from db.queries import behaviors, organizations
from db.queries.organizations import OrganizationRow
from db.queries.sessions import SessionKey
from db.rollups import refresh_all
from tests.metrics import reference
from tests.metrics.cluster_statements import statements_of
from tests.metrics.reference_categories import category
from tests.world import Recorded, World, own_rules

# A zone of each kind, and a local day on which its clocks change.
DAYS = {
    "UTC": "2026-03-29",
    "Europe/Berlin": "2026-03-29",
    "America/New_York": "2026-11-01",
    "Asia/Kathmandu": "2026-03-29",
    "Australia/Lord_Howe": "2026-04-05",
    "America/St_Johns": "2026-03-08",
}
PAUSES = [0, 0.000001, 1, 20, 59.999999, 60, 299.999999, 300, 300.000001, 900, 1500, 7200, 90_000]
TYPES = ["pageshow", "click", "keydown", "blur", "idle", "visibility_hidden"]
URLS = [
    "https://a.com/1",
    "https://a.com/2",
    "https://b.com/",
    "https://c.com:8443/x",
    "https://gist.github.com/",
    "https://docs.a.com/",
    "",
]
PATTERNS = ["a.com", ".com", ".b.com", "c.com", "*.com", "b*.com", ".github.com", "gist.*.com"]
TEAMS = {UUID(int=1): (0, 1), UUID(int=2): (0,), UUID(int=3): (2,)}
"""The teams, and which of the people are in them: the first is in two, the last in none."""
BUILT_IN = {rule.pattern: rule.category.value for rule in built_in_rules()}


@dataclass(frozen=True)
class Step:
    """An event of a random stream: so long after the one before."""

    pause: float
    person: int
    session: str
    kind: str
    url: str


steps = st.builds(
    Step,
    pause=st.sampled_from(PAUSES),
    person=st.integers(0, 3),
    session=st.sampled_from(["s", "t"]),
    kind=st.sampled_from(TYPES),
    url=st.sampled_from(URLS),
)
# Somebody at work without a pause: what blocks of deep work are made of.
busy = st.builds(
    lambda person, urls: [Step(190, person, "s", "keydown", url) for url in urls],
    st.integers(0, 1),
    st.lists(st.sampled_from(URLS), min_size=10, max_size=14),
)
own_rules_of = st.dictionaries(st.sampled_from(PATTERNS), st.sampled_from(Category), max_size=4)


@dataclass(frozen=True)
class Stream:
    """Events, and the rules that each of the two organizations has of its own."""

    steps: list[Step]
    rules: tuple[dict[str, Category], dict[str, Category]]


streams = st.builds(
    lambda before, work, after, *rules: Stream(before + work + after, rules),
    st.lists(steps, max_size=20),
    st.one_of(st.just([]), busy),
    st.lists(steps, max_size=20),
    own_rules_of,
    own_rules_of,
)


@pytest.fixture
async def people(world: World) -> list[Recorded | None]:
    acme, umbrella = await world.organization("Acme"), await world.organization("Umbrella")
    people = [await world.recorded(acme), await world.recorded(acme), await world.recorded(umbrella)]
    async with world.services.database.write() as db:
        for team, members in TEAMS.items():
            organization_id = people[members[0]].row.organization_id
            names = {"name": str(team), "normalized_name": str(team)}
            await db.execute(insert(Team).values(id=team, organization_id=organization_id, **names))
            for member in members:
                await db.execute(insert(TeamPerson).values(team_id=team, extension_user_id=people[member].id))
    return [*people, None]


class State(Enum):
    """The rollups that are up to date when the question comes."""

    EVENTS_ALONE = "rollups are not read"
    NOTHING = "every hour is marked"
    EVERYTHING = "no hour is marked"
    HALF = "events came late and one was deleted, since the rollups were made"


async def store(
    world: World, people: list[Recorded | None], stream: Stream, start: datetime, state: State, *, cluster: bool
) -> None:
    """The stream, stored by the way of all events, the latest first, and rollups in this state."""
    async with world.services.database.write() as db:
        for table in ("behaviors", "runs", "hours", "dirty_hours"):
            await db.execute(text(f"DELETE FROM {table}"))
    for organization, rules in zip(await organizations_of(world, people), stream.rules, strict=True):
        await own_rules(world, organization, rules)
    moment = start
    events: list[tuple[int, RawEvent]] = []
    for step in stream.steps:
        moment += timedelta(seconds=step.pause)
        events.append((step.person, RawEvent(step.session, moment.isoformat(), step.kind, step.url)))
    late = events[::3] if state is State.HALF else []
    await browse(world, people, [event for event in events if event not in late])
    if state in {State.EVERYTHING, State.HALF}:
        with statements_of(world, cluster=cluster):
            await refresh_all(world.services.database)
    await browse(world, people, late)
    if state is State.HALF and events:
        async with world.services.database.write() as db:
            key = (await db.execute(select(Behavior.user_id, Behavior.ts, Behavior.id).limit(1))).one()
            await behaviors.remove(db, BehaviorKey(*key))


async def browse(world: World, people: list[Recorded | None], events: list[tuple[int, RawEvent]]) -> None:
    for person in {person for person, _ in events}:
        await world.browse(people[person], *(event for who, event in reversed(events) if who == person))


async def organizations_of(world: World, people: list[Recorded | None]) -> list[OrganizationRow]:
    """The organizations of the people, in their order."""
    ids = list(dict.fromkeys(person.row.organization_id for person in people if person is not None))
    async with world.services.database.read() as db:
        found = await organizations.by_ids(db, Scope.everything(), ids)
    return [found[organization_id] for organization_id in ids]


async def stored(world: World) -> list[reference.Event]:
    """Return the stored events as the reference's."""
    own: dict[UUID | None, dict[str, str]] = defaultdict(dict)
    async with world.services.database.read() as db:
        rows = (await db.execute(select(Behavior.__table__))).all()
        for rule in await db.execute(select(CategoryRule.__table__).where(CategoryRule.until.is_(None))):
            own[rule.organization_id][rule.pattern] = rule.category
        teams: dict[UUID, set[str]] = defaultdict(set)
        for member in await db.execute(select(TeamPerson.__table__)):
            teams[member.extension_user_id].add(str(member.team_id))
    return [
        reference.Event(
            None if row.user_id == ANONYMOUS else str(row.user_id),
            None if row.organization_id is None else str(row.organization_id),
            row.ts.astimezone(UTC),
            row.id,
            row.session_id,
            EventType(row.type).wire,
            row.url,
            row.domain,
            row.domain and category(row.domain, own[row.organization_id], BUILT_IN),
            frozenset(teams[row.user_id]),
        )
        for row in rows
    ]


def within(events: list[reference.Event], time_range: TimeRange) -> list[reference.Event]:
    """The events of the range."""
    return [event for event in events if time_range.start <= event.ts < time_range.end]


def key_for_reference(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """A group's key as the reference has it."""
    return tuple(_reference_value(value) for value in key)


def _reference_value(value: Any) -> Any:
    if isinstance(value, EventType):
        return value.wire
    if isinstance(value, SessionKey):
        return (None if value.user_id == ANONYMOUS else str(value.user_id), value.session_id)
    if isinstance(value, Category):
        return value.value
    return str(value) if isinstance(value, UUID) else value


# Hypothesis runs many examples in one test: each begins by emptying the table.
examples = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
zones = st.sampled_from(sorted(DAYS))
states = st.sampled_from(State)
either = st.booleans()


def period(zone_name: str) -> tuple[TimeRange, ZoneInfo, datetime]:
    """Two and a half days around the change of clocks, and when the stream begins in them."""
    zone = ZoneInfo(zone_name)
    change = datetime.fromisoformat(f"{DAYS[zone_name]}T00:00:00").replace(tzinfo=zone).astimezone(UTC)
    start = change - timedelta(hours=3, minutes=7)
    return TimeRange(start, start + timedelta(hours=60)), zone, change - timedelta(minutes=35)
