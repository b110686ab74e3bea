"""Usage: the measures of a set of events; whole, compared, in buckets, in groups."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from graphql.execution.values import get_argument_values

from core.dimensions import Dimension
from core.measures import BY_NAME, MEASURES
from db.metrics.question import Question
from db.metrics.values import MeasureValues
from db.metrics.values import SessionSeconds as SessionSecondsValues
from db.queries.extension_user import ExtensionUserRow
from db.queries.metrics import EVERYBODY, Measures, Order
from db.queries.organization import OrganizationRow
from db.queries.people import Subject
from resolvers import category_rule as category_rules
from resolvers import extension_user as extension_users
from resolvers import organization as organizations
from resolvers import usage as usages
from resolvers.usage import GroupsArguments
from resolvers.usage import Usage as UsageQuestion
from resolvers.usage import UsageBucket as BucketRow
from resolvers.usage import UsageGroup as GroupRow
from resolvers.usage import UsageGroups as GroupsRow
from resolvers.usage import UsageKey as KeyRow
from schema.connection import After, PageInfo
from schema.context import Info
from schema.enums import Category, Direction, EventType, Granularity, Shift, UsageDimension, UsageMeasure
from schema.filters import UsageFilter
from schema.period import Period
from schema.scalars import BigInt
from schema.selection import selected, selected_names, variables

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser
    from schema.organization import Organization

PeriodArgument = Annotated[Period, strawberry.argument(description="The time to look at.")]
UsageFilterArgument = Annotated[
    UsageFilter | None, strawberry.argument(description="Which events count; all, without it.")
]
TimeZoneArgument = Annotated[
    ZoneInfo,
    strawberry.argument(description="Whose days, weeks and hours are meant. Minutes are UTC minutes everywhere."),
]
ShiftArgument = Annotated[Shift, strawberry.argument(description="Which earlier period.")]
EveryArgument = Annotated[Granularity, strawberry.argument(description="How long the buckets are.")]

_BY_FIELD = {measure.field: measure.name for measure in MEASURES}


def _measure(name: str) -> str:
    return BY_NAME[name].definition


@strawberry.type(description="How long sessions last, in seconds; null without any.")
class SessionSeconds:
    """Shows db.metrics.values.SessionSeconds."""

    average: float | None = strawberry.field(description="The mean.")
    p50: float | None = strawberry.field(description="The median.")
    p95: float | None = strawberry.field(description="What 95 of 100 do not exceed.")
    longest: float | None = strawberry.field(description="The longest.")


@strawberry.type(description="The measures of a set of events. What is selected is what is measured.")
class UsageMeasures:
    """Shows MeasureValues."""

    events: BigInt = strawberry.field(description=_measure("events"))
    active_events: BigInt = strawberry.field(description=_measure("active_events"))
    users: BigInt = strawberry.field(description=_measure("users"))
    sessions: BigInt = strawberry.field(description=_measure("sessions"))
    unique_domains: BigInt = strawberry.field(description=_measure("unique_domains"))
    unique_urls: BigInt = strawberry.field(description=_measure("unique_urls"))
    tracked_minutes: BigInt = strawberry.field(description=_measure("tracked_minutes"))
    engaged_minutes: BigInt = strawberry.field(description=_measure("engaged_minutes"))
    idle_minutes: BigInt = strawberry.field(description=_measure("idle_minutes"))
    engagement_rate: float | None = strawberry.field(description=_measure("engagement_rate"))
    tracked_seconds: float = strawberry.field(description=_measure("tracked_seconds"))
    session_seconds: SessionSecondsValues = strawberry.field(
        graphql_type=SessionSeconds, description=_measure("session_seconds")
    )
    context_switches: BigInt = strawberry.field(description=_measure("context_switches"))
    deep_work_sessions: BigInt = strawberry.field(description=_measure("deep_work_sessions"))
    deep_work_seconds: float = strawberry.field(description=_measure("deep_work_seconds"))
    deep_work_rate: float | None = strawberry.field(description=_measure("deep_work_rate"))


@strawberry.type(description="A stretch of a series, and what was measured in it.")
class UsageBucket:
    """Shows a resolvers.usage.UsageBucket."""

    start: datetime = strawberry.field(description="The first instant of the bucket.")
    end: datetime = strawberry.field(description="The first instant after the bucket.")
    measures: MeasureValues = strawberry.field(
        graphql_type=UsageMeasures, description="The measures of the bucket; zero where nothing happened."
    )

    @strawberry.field(
        graphql_type=UsageMeasures,
        description="The measures of its counterpart in an earlier period: the bucket, moved as the whole period is.",
    )
    async def previous(
        root: strawberry.Parent[BucketRow], info: Info, by: ShiftArgument = Shift.PRECEDING
    ) -> MeasureValues:
        return await usages.bucket_previous(info.context.caller, root, by, _measures(info))


@strawberry.type(description="A group's value for each dimension it was grouped by; null for the others.")
class UsageKey:
    """Shows a resolvers.usage.UsageKey."""

    @strawberry.field(description="The domain.")
    def domain(root: strawberry.Parent[KeyRow]) -> str | None:
        return root.values.get(Dimension.DOMAIN)

    @strawberry.field(
        description="The category; of a group by domain the domain's. Null where organizations whose events it may "
        "have put the domain into different ones."
    )
    async def category(root: strawberry.Parent[KeyRow], info: Info) -> Category | None:
        return await category_rules.category_of_group(info.context.caller, root)

    @strawberry.field(description="The url.")
    def url(root: strawberry.Parent[KeyRow]) -> str | None:
        return root.values.get(Dimension.URL)

    @strawberry.field(description="The type of event.")
    def event_type(root: strawberry.Parent[KeyRow]) -> EventType | None:
        return root.values.get(Dimension.EVENT_TYPE)

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None,
        description="The person; also whose session it is.",
    )
    async def extension_user(root: strawberry.Parent[KeyRow], info: Info) -> ExtensionUserRow | None:
        session = root.values.get(Dimension.SESSION)
        user_id: UUID | None = root.values.get(Dimension.EXTENSION_USER) or (session and session.user_id)
        return None if user_id is None else await extension_users.extension_user(info.context.caller, user_id)

    @strawberry.field(
        graphql_type=Annotated["Organization", strawberry.lazy("schema.organization")] | None,
        description="The organization.",
    )
    async def organization(root: strawberry.Parent[KeyRow], info: Info) -> OrganizationRow | None:
        organization_id: UUID | None = root.values.get(Dimension.ORGANIZATION)
        if organization_id is None:
            return None
        return await organizations.organization(info.context.caller, organization_id)

    @strawberry.field(description="The session's id.")
    def session_id(root: strawberry.Parent[KeyRow]) -> str | None:
        session = root.values.get(Dimension.SESSION)
        return None if session is None else session.session_id

    @strawberry.field(description="The hour on the clock, 0 to 23.")
    def hour_of_day(root: strawberry.Parent[KeyRow]) -> int | None:
        return root.values.get(Dimension.HOUR_OF_DAY)

    @strawberry.field(description="The day of the week, 1 (Monday) to 7 (Sunday).")
    def day_of_week(root: strawberry.Parent[KeyRow]) -> int | None:
        return root.values.get(Dimension.DAY_OF_WEEK)


@strawberry.type(description="The events with the same values for the dimensions asked for, and their measures.")
class UsageGroup:
    """Shows a resolvers.usage.UsageGroup."""

    key: KeyRow = strawberry.field(graphql_type=UsageKey, description="What tells the group apart.")
    measures: MeasureValues = strawberry.field(graphql_type=UsageMeasures, description="The measures of the group.")

    @strawberry.field(
        description="The group's part of the whole usage, from 0 to 1; null when the whole is nothing. Parts of "
        "distinct counts may add up to more than 1."
    )
    async def share(
        root: strawberry.Parent[GroupRow],
        info: Info,
        of: Annotated[UsageMeasure, strawberry.argument(description="Of which measure.")],
    ) -> float | None:
        return await usages.share(info.context.caller, root, _name(of))

    @strawberry.field(graphql_type=UsageMeasures, description="The measures of the same group in an earlier period.")
    async def previous(
        root: strawberry.Parent[GroupRow], info: Info, by: ShiftArgument = Shift.PRECEDING
    ) -> MeasureValues:
        return await usages.group_previous(info.context.caller, root, by, _measures(info))

    @strawberry.field(graphql_type=list[UsageBucket], description="The measures of the group, bucket by bucket.")
    async def series(root: strawberry.Parent[GroupRow], info: Info, every: EveryArgument) -> list[BucketRow]:
        return await usages.group_series(info.context.caller, root, every, _measures(info, "measures"))


@strawberry.type(description="A group, with its place.")
class UsageGroupEdge:
    """Shows a resolvers.usage.UsageGroupEdge."""

    node: GroupRow = strawberry.field(graphql_type=UsageGroup, description="The group.")
    cursor: str = strawberry.field(description="Its place: what `after` takes.")


@strawberry.type(description="A page of groups.")
class UsageGroupConnection:
    """Shows a resolvers.usage.UsageGroups."""

    nodes: list[UsageGroup] = strawberry.field(description="The groups of the page.")
    edges: list[UsageGroupEdge] = strawberry.field(description="The groups with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")
    total_count: BigInt = strawberry.field(description="How many groups there are in all.")

    @strawberry.field(
        graphql_type=UsageMeasures, description="The measures of all groups that are not on this page, taken together."
    )
    async def other(root: strawberry.Parent[GroupsRow], info: Info) -> MeasureValues:
        return await usages.other(info.context.caller, root, _measures(info))


@strawberry.input(description="How groups are sorted. Equal ones are sorted by their keys.")
class UsageOrder:
    """A measure and a direction."""

    measure: UsageMeasure = strawberry.field(description="By which measure.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which end comes first.")


@strawberry.type(description="What people did in a period.")
class Usage:
    """Shows a resolvers.usage.Usage: a question, answered as far as its fields are selected."""

    start: datetime = strawberry.field(description="The first instant of the period.")
    end: datetime = strawberry.field(description="The first instant after the period.")
    timezone: ZoneInfo = strawberry.field(description="The time zone asked for.")

    @strawberry.field(graphql_type=UsageMeasures, description="The measures of the whole period.")
    async def total(root: strawberry.Parent[UsageQuestion], info: Info) -> MeasureValues:
        return await usages.total(info.context.caller, root, _measures(info))

    @strawberry.field(graphql_type=UsageMeasures, description="The measures of an earlier period, to compare with.")
    async def previous(
        root: strawberry.Parent[UsageQuestion], info: Info, by: ShiftArgument = Shift.PRECEDING
    ) -> MeasureValues:
        return await usages.previous(info.context.caller, root, by, _measures(info))

    @strawberry.field(
        graphql_type=list[UsageBucket],
        description="The measures bucket by bucket, without gaps; the first and last bucket end with the period. "
        "At most 2000.",
    )
    async def series(root: strawberry.Parent[UsageQuestion], info: Info, every: EveryArgument) -> list[BucketRow]:
        return await usages.series(info.context.caller, root, every, _measures(info, "measures"))

    @strawberry.field(
        graphql_type=UsageGroupConnection,
        description="The measures group by group. Sequences are found over all events before they are grouped, so the "
        "parts of what can be added up to the whole.",
    )
    async def groups(
        root: strawberry.Parent[UsageQuestion],
        info: Info,
        by: Annotated[
            list[UsageDimension], strawberry.argument(description="What tells groups apart: 1 to 3 dimensions.")
        ],
        order_by: Annotated[
            UsageOrder | None,
            strawberry.argument(description="How to sort them; by events, the most first, without it."),
        ] = None,
        first: Annotated[int, strawberry.argument(description="How many to return, at most 200.")] = 20,
        after: After = None,
    ) -> GroupsRow:
        order = None if order_by is None else Order(_name(order_by.measure), order_by.direction is Direction.DESC)
        arguments = GroupsArguments(tuple(by), order, first, after)
        return await usages.groups(info.context.caller, root, arguments, _group_measures(info))


def question(
    info: Info,
    period: Period,
    where: UsageFilter | None,
    timezone: ZoneInfo,
    subject: Subject | None = None,
    subject_id: UUID = EVERYBODY,
) -> UsageQuestion:
    """The question that a field's arguments ask."""
    conditions = (where or UsageFilter()).conditions()
    rollups = info.context.services.rollups_enabled
    return UsageQuestion(Question(period.resolve(timezone), conditions, timezone, subject, rollups), subject_id)


def _measures(info: Info, *path: str) -> Measures:
    """The measures that are selected at a path below the field."""
    return frozenset(_BY_FIELD[name] for name in selected_names(info, *path))


def _group_measures(info: Info) -> Measures:
    """The measures that the groups of a page must bring: those selected on them, and those shares are taken of."""
    wanted: set[str] = set()
    for path in (("nodes",), ("edges", "node")):
        wanted |= _measures(info, *path, "measures")
        for field in selected(info, *path):
            if field.name.value == "share":
                raw = info._raw_info  # noqa: SLF001 - Strawberry's own way to graphql-core's
                definition = raw.schema.type_map["UsageGroup"].fields["share"]  # type: ignore[attr-defined]
                wanted.add(_name(get_argument_values(definition, field, variables(raw))["of"]))
    return frozenset(wanted)


def _name(measure: object) -> str:
    """A measure's name in Python's spelling."""
    return str(getattr(measure, "value", measure))
