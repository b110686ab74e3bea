"""The engine against the reference: every measure by every split it goes with, on random streams of events."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import combinations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.calendar import buckets
from core.categories import Category
from core.category_list import built_in_rules
from core.dimensions import Dimension, Granularity
from core.event_types import EventType
from core.events import ANONYMOUS, RawEvent
from core.ids import BehaviorKey
from core.measures import MEASURES
from core.periods import TimeRange
from core.scope import Scope
from db.cluster import kind_of
from db.metrics.question import Question, Split
from db.metrics.values import NOTHING, MeasureValues
from db.models import Behavior, CategoryRule
from db.queries import behavior as behaviors
from db.queries import metrics
from db.queries import organization as organizations
from db.queries.filters import CategoryFilter, EventFilter, TextFilter
from db.queries.metrics import EVERYBODY, GroupsPage, Order
from db.queries.organization import OrganizationRow
from db.queries.people import Subject
from db.queries.session import SessionKey
from db.rollups import refresh_all
from tests.metrics import reference
from tests.metrics.reference_categories import category
from tests.world import Recorded, World, own_rules

NAMES = frozenset(measure.name for measure in MEASURES)
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
URLS = ["https://a.com/1", "https://a.com/2", "https://b.com/", "https://c.com:8443/x", "https://gist.github.com/", ""]
PATTERNS = ["a.com", ".com", ".b.com", "c.com", "*.com", "b*.com", ".github.com", "gist.*.com"]
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
    return [await world.recorded(acme), await world.recorded(acme), await world.recorded(umbrella), None]


class State(Enum):
    """What of the rollups is up to date when the question comes."""

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
    """What is stored, for the reference."""
    own: dict[UUID | None, dict[str, str]] = defaultdict(dict)
    async with world.services.database.read() as db:
        rows = (await db.execute(select(Behavior.__table__))).all()
        for rule in await db.execute(select(CategoryRule.__table__).where(CategoryRule.until.is_(None))):
            own[rule.organization_id][rule.pattern] = rule.category
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
        )
        for row in rows
    ]


def same(found: MeasureValues, expected: dict[str, Any]) -> bool:
    """Whole numbers are equal; times to the microsecond."""
    for name, value in expected.items():
        actual: Any = getattr(found, name)
        if name == "session_seconds":
            actual = {part: getattr(actual, part) for part in ("average", "p50", "p95", "longest")}
        assert actual == pytest.approx(value, abs=1e-6), (name, actual, value)
    return True


def question(time_range: TimeRange, zone: ZoneInfo, state: State, where: EventFilter | None = None) -> Question:
    return Question(time_range, where or EventFilter(), zone, rollups=state is not State.EVENTS_ALONE)


def supported(dimensions: Iterable[Dimension], *, by_time: bool) -> frozenset[str]:
    """The measures that can be split so."""
    return frozenset(
        measure.name
        for measure in MEASURES
        if measure.dimensions.issuperset(dimensions) and (measure.by_time or not by_time)
    )


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


@asynccontextmanager
async def asking(world: World, *, cluster: bool) -> AsyncIterator[AsyncConnection]:
    """A connection to ask for answers."""
    with statements_of(world, cluster=cluster):
        async with world.services.database.read() as db:
            yield db


@contextmanager
def statements_of(world: World, *, cluster: bool) -> Iterator[None]:
    """Statements are those of a cluster where so chosen, as they always are on one: any PostgreSQL answers them."""
    kind = kind_of(world.services.database.engine.sync_engine)
    before = kind.is_cluster
    kind.is_cluster = cluster or before
    try:
        yield
    finally:
        kind.is_cluster = before


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


def within(events: list[reference.Event], time_range: TimeRange) -> list[reference.Event]:
    return [event for event in events if time_range.start <= event.ts < time_range.end]


@given(stream=streams, zone_name=zones, state=states, cluster=either)
@examples
async def test_totals_are_the_references(
    world: World, people: list[Recorded | None], stream: Any, zone_name: str, state: State, cluster: bool
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    events = within(await stored(world), time_range)
    filters = {
        EventFilter(): events,
        EventFilter(domain=TextFilter(eq="a.com")): [event for event in events if event.domain == "a.com"],
        EventFilter(event_types=(EventType.CLICK, EventType.BLUR)): [
            event for event in events if event.type in {"click", "blur"}
        ],
        EventFilter(category=CategoryFilter((Category.OTHER, Category.RESEARCH))): [
            event for event in events if event.category in {"other", "research"}
        ],
        EventFilter(
            any_of=(
                EventFilter(not_=EventFilter(category=CategoryFilter((Category.DEVELOPMENT,)))),
                EventFilter(all_of=(EventFilter(event_types=(EventType.CLICK,)),)),
            )
        ): [event for event in events if event.category != "development" or event.type == "click"],
        EventFilter(not_=EventFilter(session_ids=("t",))): [event for event in events if event.session != "t"],
    }

    async with asking(world, cluster=cluster) as db:
        for where, chosen in filters.items():
            asked = question(time_range, zone, state, where)
            found = await metrics.totals(db, Scope.everything(), [EVERYBODY], asked, NAMES)
            assert same(found.get(EVERYBODY, NOTHING), reference.measure(chosen, NAMES))


@given(stream=streams, zone_name=zones, state=states, cluster=either)
@examples
async def test_subjects_are_measured_each_for_itself(
    world: World, people: list[Recorded | None], stream: Any, zone_name: str, state: State, cluster: bool
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    events = within(await stored(world), time_range)

    async with asking(world, cluster=cluster) as db:
        for subject in Subject:
            persons = [person.row for person in people if person is not None]
            ids = {row.id if subject is Subject.USER else row.organization_id for row in persons}
            asked = Question(time_range, EventFilter(), zone, subject, state is not State.EVENTS_ALONE)
            found = await metrics.totals(db, Scope.everything(), ids, asked, NAMES)
            for each in ids:
                own = [event for event in events if str(each) in {event.user, event.organization}]
                assert same(found.get(each, NOTHING), reference.measure(own, NAMES))


@given(stream=streams, zone_name=zones, state=states, cluster=either, every=st.sampled_from(list(Granularity)))
@examples
async def test_series_are_the_references(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    every: Granularity,
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    events = within(await stored(world), time_range)
    names = supported((), by_time=True)
    cut = tuple(buckets(time_range, every, zone))

    async with asking(world, cluster=cluster) as db:
        found = await metrics.series(
            db, Scope.everything(), [(EVERYBODY, ())], question(time_range, zone, state), Split(buckets=cut), names
        )

    expected = reference.series(events, time_range.start, time_range.end, every.name, zone, names)
    assert [(bucket.start, bucket.end) for bucket in cut] == [(begin, end) for begin, end, _ in expected]
    by_number = found.get((EVERYBODY, ()), {})
    for number, (_, _, values) in enumerate(expected):
        assert same(by_number.get(number, NOTHING), values)


@given(stream=streams, zone_name=zones, state=states, cluster=either, data=st.data())
@examples
async def test_groups_are_the_references(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    data: st.DataObject,
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    events = within(await stored(world), time_range)
    splits = [split for size in (1, 2, 3) for split in combinations(Dimension, size)]
    chosen = data.draw(st.lists(st.sampled_from(splits), min_size=4, max_size=4))
    by_category = data.draw(st.sampled_from([split for split in splits if Dimension.CATEGORY in split]))

    async with asking(world, cluster=cluster) as db:
        for dimensions in (*chosen, by_category):
            names = supported(dimensions, by_time=False)
            page = GroupsPage(Split(dimensions), Order("events"), 0, 10_000)
            pages = await metrics.groups(
                db, Scope.everything(), [EVERYBODY], question(time_range, zone, state), page, names
            )
            expected = reference.groups(events, tuple(each.name for each in dimensions), zone, names)
            rows = pages[EVERYBODY].rows if pages else ()
            assert {key_for_reference(group.key) for group in rows} == set(expected)
            for group in rows:
                assert same(group.values, expected[key_for_reference(group.key)])
            counts = [group.values.events for group in rows]
            assert counts == sorted(counts, reverse=True)


@given(
    stream=streams,
    zone_name=zones,
    state=states,
    cluster=either,
    dimension=st.sampled_from([Dimension.DOMAIN, Dimension.CATEGORY, Dimension.EXTENSION_USER]),
)
@examples
async def test_series_of_groups_and_the_rest_add_up(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    dimension: Dimension,
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    asked, split = question(time_range, zone, state), Split((dimension,))
    names = frozenset({"events", "tracked_seconds", "deep_work_seconds"})
    cut = tuple(buckets(time_range, Granularity.HOUR, zone))

    async with asking(world, cluster=cluster) as db:
        everything = Scope.everything()
        page = GroupsPage(split, Order("events"), 0, 2)
        pages = await metrics.groups(db, everything, [EVERYBODY], asked, page, names)
        rows = pages[EVERYBODY].rows if pages else ()
        keys = [(EVERYBODY, group.key) for group in rows]
        named = tuple(group.key for group in rows)
        whole_page = GroupsPage(split, Order("events"), 0, 10_000)
        everything_grouped = await metrics.groups(db, everything, [EVERYBODY], asked, whole_page, names)
        rest = await metrics.without_groups(db, everything, [(EVERYBODY, named)], asked, (dimension,), names)
        if keys:
            series = await metrics.series(db, everything, keys, asked, Split((dimension,), cut), names)
            again = await metrics.group_values(db, everything, keys, asked, split, names)

    for group in rows:
        pieces = series[EVERYBODY, group.key].values()
        for name in names:
            assert sum(getattr(piece, name) for piece in pieces) == pytest.approx(getattr(group.values, name))
        assert again[EVERYBODY, group.key] == group.values
    others = [group.values for group in everything_grouped[EVERYBODY].rows[2:]] if rows else []
    for name in names:
        expected = sum(getattr(values, name) for values in others)
        assert getattr(rest.get((EVERYBODY, named), NOTHING), name) == pytest.approx(expected)
