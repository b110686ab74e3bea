"""Usage: the measures of a set of events; whole, compared, in buckets, in groups."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from graphql.execution.values import get_argument_values
from strawberry.tools import create_type

from core.comparison import ComparedPeriods
from core.dimensions import Dimension
from core.domain_display import domain_display
from core.errors import InvalidInput
from core.periods import TimeRange as TimeRangeRow
from core.sites import site_of
from db.metrics.measure import Measure, Reads
from db.metrics.measures import BY_FIELD, MEASURES
from db.metrics.measures.sequences import SessionSecondsRow
from db.metrics.question import Question
from db.metrics.values import MeasureValues
from db.queries.annotations import AnnotationRow
from db.queries.distributions import DistributionRow
from db.queries.extension_users import ExtensionUserRow
from db.queries.filters import EventFilter
from db.queries.metrics import EVERYBODY, Measures, Order
from db.queries.organizations import OrganizationRow
from db.queries.people import Subject
from db.queries.teams import TeamRow
from db.queries.transitions import TransitionOrder, TransitionRow
from execution.context import Info
from execution.declarations import priced
from execution.selection import selected, selected_names, variables
from resolvers import annotations, category_rules, extension_users, organizations, teams, transitions, usage_measures
from resolvers.pages import ConnectionRow
from resolvers.transitions import TransitionsArguments
from resolvers.usage import (
    ComparisonArguments,
    GroupsArguments,
    UsageBucketRow,
    UsageGroupRow,
    UsageGroupsRow,
    UsageKeyRow,
    UsageQuery,
)
from resolvers.week_starts import week_start_of
from schema.annotation import Annotation
from schema.connection import After, Connection, CountedConnection, First, PageInfo
from schema.domain_display import DOMAIN_DISPLAY
from schema.enums import (
    Alignment,
    Category,
    Direction,
    EventType,
    Granularity,
    Population,
    Shift,
    TransitionDimension,
    UsageDimension,
    UsageMeasure,
    WeekStart,
)
from schema.filters import UsageFilter
from schema.period import LocalTime, Period
from schema.scalars import BigInt
from schema.transition import UsageTransition, UsageTransitionOrder

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser
    from schema.organization import Organization
    from schema.team import Team

UsageFilterArgument = Annotated[
    UsageFilter | None, strawberry.argument(description="A filter of what is measured; without it everything is.")
]
ShiftArgument = Annotated[Shift, strawberry.argument(description="The earlier period to compare with.")]
AlignArgument = Annotated[
    Alignment,
    strawberry.argument(description="The part of the earlier period to compare an unfinished one with."),
]
EveryArgument = Annotated[Granularity, strawberry.argument(description="The length of the buckets.")]


@strawberry.type(description="The length of sessions, in seconds; null without any.")
class SessionSeconds:
    """Shows db.metrics.measures.sequences.SessionSecondsRow."""

    average: float | None = strawberry.field(description="The mean.")
    p50: float | None = strawberry.field(description="The median.")
    p95: float | None = strawberry.field(description="The 95th percentile.")
    longest: float | None = strawberry.field(description="The longest.")


_GRAPHQL_TYPES: dict[object, Any] = {int: BigInt, SessionSecondsRow: SessionSeconds}
"""The GraphQL types of measures, where they differ from the Python types."""


def _measure_field(measure: Measure) -> Any:
    graphql_type = _GRAPHQL_TYPES.get(measure.type, measure.type)
    price = priced(measures=1, from_events=measure.reads is Reads.EVENTS, of_parent=True)
    field: Any = strawberry.field(graphql_type=graphql_type, description=measure.definition, metadata=price)
    field.python_name = measure.name
    return field


UsageMeasures: Any = create_type(
    "UsageMeasures",
    [_measure_field(measure) for measure in MEASURES],
    description="The measures of a set of events. Only selected measures are computed.",
)


@strawberry.type(description="The time from one instant to another.")
class TimeRange:
    """Shows a core.periods.TimeRange."""

    start: datetime = strawberry.field(description="The first instant that belongs to it.")
    end: datetime = strawberry.field(
        description="The first instant after it; the same as `start` where there is nothing to compare."
    )


@strawberry.type(description="The two ranges of a comparison.")
class ComparisonPeriods:
    """Shows a core.comparison.ComparedPeriods."""

    current: TimeRangeRow = strawberry.field(
        graphql_type=TimeRange, description="As much of the period as is compared: to the present moment, or all of it."
    )
    previous: TimeRangeRow = strawberry.field(
        graphql_type=TimeRange, description="The range that `previous` measures with the same arguments."
    )


@strawberry.type(description="A bucket of a series, and its measures.")
class UsageBucket:
    """Shows a resolvers.usage.UsageBucketRow."""

    start: datetime = strawberry.field(description="The first instant of the bucket.")
    end: datetime = strawberry.field(description="The first instant after the bucket.")
    measures: MeasureValues = strawberry.field(
        graphql_type=UsageMeasures, description="The measures of the bucket; zero where nothing happened."
    )

    @strawberry.field(
        graphql_type=UsageMeasures | None,
        description="The measures of its counterpart in an earlier period: the bucket, moved as the whole period is.",
    )
    async def previous(
        root: strawberry.Parent[UsageBucketRow],
        info: Info,
        by: ShiftArgument = Shift.PRECEDING,
        align: AlignArgument = Alignment.TO_DATE,
    ) -> MeasureValues:
        comparison = ComparisonArguments(by, align)
        return await usage_measures.bucket_previous(info.context.caller, root, comparison, _measures(info))

    @strawberry.field(
        graphql_type=ComparisonPeriods, description="The bucket and its counterpart in an earlier period, as ranges."
    )
    def comparison_periods(
        root: strawberry.Parent[UsageBucketRow],
        by: ShiftArgument = Shift.PRECEDING,
        align: AlignArgument = Alignment.TO_DATE,
    ) -> ComparedPeriods:
        return root.series.compared(ComparisonArguments(by, align))[root.number]


@strawberry.type(description="A group's value for each dimension it was grouped by; null for the others.")
class UsageKey:
    """Shows a resolvers.usage.UsageKeyRow."""

    @strawberry.field(description="The domain.")
    def domain(root: strawberry.Parent[UsageKeyRow]) -> str | None:
        return root.values.get(Dimension.DOMAIN)

    @strawberry.field(description=DOMAIN_DISPLAY)
    def domain_display(root: strawberry.Parent[UsageKeyRow]) -> str | None:
        domain = root.values.get(Dimension.DOMAIN)
        return None if domain is None else domain_display(domain)

    @strawberry.field(description="The site; of a group by domain the domain's.")
    def site(root: strawberry.Parent[UsageKeyRow]) -> str | None:
        site: str | None = root.values.get(Dimension.SITE)
        domain: str | None = root.values.get(Dimension.DOMAIN)
        return site_of(domain) if site is None and domain is not None else site

    @strawberry.field(
        description="The category; of a group by domain the domain's. Null where organizations whose events it may "
        "have put the domain into different ones."
    )
    async def category(root: strawberry.Parent[UsageKeyRow], info: Info) -> Category | None:
        return await category_rules.category_of_group(info.context.caller, root)

    @strawberry.field(description="The url.")
    def url(root: strawberry.Parent[UsageKeyRow]) -> str | None:
        return root.values.get(Dimension.URL)

    @strawberry.field(description="The type of event.")
    def event_type(root: strawberry.Parent[UsageKeyRow]) -> EventType | None:
        return root.values.get(Dimension.EVENT_TYPE)

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None,
        description="The person; also whose session it is.",
    )
    async def extension_user(root: strawberry.Parent[UsageKeyRow], info: Info) -> ExtensionUserRow | None:
        session = root.values.get(Dimension.SESSION)
        user_id: UUID | None = root.values.get(Dimension.EXTENSION_USER) or (session and session.user_id)
        return None if user_id is None else await extension_users.extension_user(info.context.caller, user_id)

    @strawberry.field(
        graphql_type=Annotated["Organization", strawberry.lazy("schema.organization")] | None,
        description="The organization.",
    )
    async def organization(root: strawberry.Parent[UsageKeyRow], info: Info) -> OrganizationRow | None:
        organization_id: UUID | None = root.values.get(Dimension.ORGANIZATION)
        if organization_id is None:
            return None
        return await organizations.organization(info.context.caller, organization_id)

    @strawberry.field(
        graphql_type=Annotated["Team", strawberry.lazy("schema.team")] | None,
        description="The team.",
    )
    async def team(root: strawberry.Parent[UsageKeyRow], info: Info) -> TeamRow | None:
        team_id: UUID | None = root.values.get(Dimension.TEAM)
        return None if team_id is None else await teams.team(info.context.caller, team_id)

    @strawberry.field(description="The session's id.")
    def session_id(root: strawberry.Parent[UsageKeyRow]) -> str | None:
        session = root.values.get(Dimension.SESSION)
        return None if session is None else session.session_id

    @strawberry.field(description="The hour on the clock, 0 to 23.")
    def hour_of_day(root: strawberry.Parent[UsageKeyRow]) -> int | None:
        return root.values.get(Dimension.HOUR_OF_DAY)

    @strawberry.field(description="The day of the week, 1 (Monday) to 7 (Sunday).")
    def day_of_week(root: strawberry.Parent[UsageKeyRow]) -> int | None:
        return root.values.get(Dimension.DAY_OF_WEEK)


@strawberry.type(description="The events with the same values for the dimensions asked for, and their measures.")
class UsageGroup:
    """Shows a resolvers.usage.UsageGroupRow."""

    key: UsageKeyRow = strawberry.field(
        graphql_type=UsageKey, description="The values that the events of the group have in common."
    )
    measures: MeasureValues = strawberry.field(graphql_type=UsageMeasures, description="The measures of the group.")

    @strawberry.field(
        description="The group's part of the whole usage, from 0 to 1; null when the whole is nothing. Parts of "
        "distinct counts may add up to more than 1.",
        metadata=priced(measures=1),
    )
    async def share(
        root: strawberry.Parent[UsageGroupRow],
        info: Info,
        of: Annotated[UsageMeasure, strawberry.argument(description="The measure to take the share of.")],
    ) -> float | None:
        return await usage_measures.share(info.context.caller, root, _name(of))

    @strawberry.field(
        graphql_type=UsageMeasures | None, description="The measures of the same group in an earlier period."
    )
    async def previous(
        root: strawberry.Parent[UsageGroupRow],
        info: Info,
        by: ShiftArgument = Shift.PRECEDING,
        align: AlignArgument = Alignment.TO_DATE,
    ) -> MeasureValues:
        comparison = ComparisonArguments(by, align)
        return await usage_measures.group_previous(info.context.caller, root, comparison, _measures(info))

    @strawberry.field(graphql_type=list[UsageBucket] | None, description="The measures of the group, bucket by bucket.")
    async def series(root: strawberry.Parent[UsageGroupRow], info: Info, every: EveryArgument) -> list[UsageBucketRow]:
        return await usage_measures.group_series(info.context.caller, root, every, _measures(info, "measures"))


@strawberry.type(description="A group, with its cursor.")
class UsageGroupEdge:
    """Shows a resolvers.usage.UsageGroupEdgeRow."""

    node: UsageGroupRow = strawberry.field(graphql_type=UsageGroup, description="The group.")
    cursor: str = strawberry.field(description="Its cursor, for `after`.")


@strawberry.type(description="A page of groups.")
class UsageGroupConnection:
    """Shows a resolvers.usage.UsageGroupsRow."""

    nodes: list[UsageGroup] = strawberry.field(description="The groups of the page.")
    edges: list[UsageGroupEdge] = strawberry.field(description="The groups with their cursors.")
    page_info: PageInfo = strawberry.field(description="The place of the page in the list.")
    total_count: BigInt = strawberry.field(description="The number of groups in all.")

    @strawberry.field(
        graphql_type=UsageMeasures | None,
        description="The measures of all groups that are not on this page, taken together.",
    )
    async def other(root: strawberry.Parent[UsageGroupsRow], info: Info) -> MeasureValues:
        return await usage_measures.other(info.context.caller, root, _measures(info))

    @strawberry.field(
        description="The part of the whole usage that `other` is, from 0 to 1, like the `share` of a group; null when "
        "the whole is nothing.",
        metadata=priced(measures=2),
    )
    async def other_share(
        root: strawberry.Parent[UsageGroupsRow],
        info: Info,
        of: Annotated[UsageMeasure, strawberry.argument(description="The measure to take the share of.")],
    ) -> float | None:
        return await usage_measures.other_share(info.context.caller, root, _name(of))


@strawberry.input(
    description="The order of groups: by a measure, equal ones by their keys; or by their keys. Exactly one of "
    "`measure` and `key` is given."
)
class UsageOrder:
    """A measure and a direction, or the direction of keys."""

    measure: UsageMeasure | None = strawberry.field(default=strawberry.UNSET, description="The measure to sort by.")
    direction: Direction | None = strawberry.field(
        default=strawberry.UNSET, description="The direction of the order by `measure`; DESC unless it says otherwise."
    )
    key: Direction | None = strawberry.field(
        default=strawberry.UNSET,
        description="The direction of the order by key: by the first dimension of `by`, then the next. Days of the "
        "week begin with the first day of weeks; people, teams and organizations are in the order of their `uuid`.",
    )

    def order(self) -> Order:
        """The order as queries take it. InvalidInput unless it is by either measure or key."""
        if bool(self.measure) == bool(self.key):
            raise InvalidInput("`orderBy` takes either `measure` or `key`: give one of them.", "orderBy")
        if self.key and self.direction:
            raise InvalidInput(
                "`direction` goes with `measure`. To sort by key, write `key: ASC` or `key: DESC`.", "orderBy"
            )
        descending = (self.key or self.direction or Direction.DESC) is Direction.DESC
        return Order(_name(self.measure) if self.measure else None, descending)


@strawberry.type(description="How the values of a measure lie among people; percentiles lie between neighbours.")
class UsageDistribution:
    """Shows a db.queries.distributions.DistributionRow."""

    n: BigInt = strawberry.field(description="The number of people, each with one value.")
    min: float = strawberry.field(description="The least value.")
    p25: float = strawberry.field(description="The 25th percentile: a quarter of the people have less.")
    p50: float = strawberry.field(description="The median.")
    p75: float = strawberry.field(description="The 75th percentile.")
    p90: float = strawberry.field(description="The 90th percentile.")
    max: float = strawberry.field(description="The greatest value.")


@strawberry.type(description="The measures of the events of a period.")
class Usage:
    """Shows a resolvers.usage.UsageQuery: only the selected fields are computed."""

    start: datetime = strawberry.field(description="The first instant of the period.")
    end: datetime = strawberry.field(description="The first instant after the period.")
    as_of: datetime = strawberry.field(
        description="The time up to which all events count: every event acknowledged before is in the figures."
    )
    timezone: ZoneInfo = strawberry.field(description="The time zone asked for.")

    @strawberry.field(description="The day that weeks begin on: the one asked for, or the default.")
    async def week_start(root: strawberry.Parent[UsageQuery], info: Info) -> WeekStart:
        return await week_start_of(info.context.caller, root)

    @strawberry.field(graphql_type=UsageMeasures | None, description="The measures of the whole period.")
    async def total(root: strawberry.Parent[UsageQuery], info: Info) -> MeasureValues:
        return await usage_measures.total(info.context.caller, root, _measures(info))

    @strawberry.field(
        graphql_type=UsageMeasures | None, description="The measures of an earlier period, to compare with."
    )
    async def previous(
        root: strawberry.Parent[UsageQuery],
        info: Info,
        by: ShiftArgument = Shift.PRECEDING,
        align: AlignArgument = Alignment.TO_DATE,
    ) -> MeasureValues:
        return await usage_measures.previous(info.context.caller, root, ComparisonArguments(by, align), _measures(info))

    @strawberry.field(
        graphql_type=ComparisonPeriods,
        description="The ranges that a comparison with an earlier period is of: what is compared of this period, and "
        "what `previous` measures with the same arguments.",
    )
    def comparison_periods(
        root: strawberry.Parent[UsageQuery],
        by: ShiftArgument = Shift.PRECEDING,
        align: AlignArgument = Alignment.TO_DATE,
    ) -> ComparedPeriods:
        return root.comparison(ComparisonArguments(by, align)).periods()

    @strawberry.field(
        graphql_type=list[UsageBucket] | None,
        description="The measures bucket by bucket, without gaps; the first and last bucket end with the period. "
        "At most 2000.",
    )
    async def series(root: strawberry.Parent[UsageQuery], info: Info, every: EveryArgument) -> list[UsageBucketRow]:
        return await usage_measures.series(info.context.caller, root, every, _measures(info, "measures"))

    @strawberry.field(
        graphql_type=UsageGroupConnection | None,
        description="The measures group by group. Sequences are found over all events before they are grouped, so the "
        "parts of what can be added up to the whole.",
        metadata=priced(measures=1, split_by="by"),
    )
    async def groups(
        root: strawberry.Parent[UsageQuery],
        info: Info,
        by: Annotated[list[UsageDimension], strawberry.argument(description="The dimensions to group by: 1 to 3.")],
        order_by: Annotated[
            UsageOrder | None,
            strawberry.argument(
                description="The order of the groups; without it by events, the most first, and with `fill` by key."
            ),
        ] = None,
        first: Annotated[int, strawberry.argument(description="The number of groups to return, at most 200.")] = 20,
        after: After = None,
        fill: Annotated[
            bool,
            strawberry.argument(
                description="True: the hours and days without an event are groups, too, with zeros. For `by` with "
                "HOUR_OF_DAY, DAY_OF_WEEK or both, and no other dimension."
            ),
        ] = False,
    ) -> UsageGroupsRow:
        order = None if order_by is None else order_by.order()
        arguments = GroupsArguments(tuple(by), order, first, after, fill)
        return await usage_measures.groups(info.context.caller, root, arguments, _group_measures(info))

    @strawberry.field(
        graphql_type=CountedConnection[UsageTransition] | None,
        description="The context switches by where people go from and to. Counts add up to `contextSwitches`.",
        metadata=priced(measures=3),
    )
    async def transitions(
        root: strawberry.Parent[UsageQuery],
        info: Info,
        by: Annotated[TransitionDimension, strawberry.argument(description="The dimension of `from` and `to`.")],
        order_by: Annotated[
            UsageTransitionOrder | None,
            strawberry.argument(description="The order of the transitions; without it by count, the most first."),
        ] = None,
        first: Annotated[
            int, strawberry.argument(description="The number of transitions to return, at most 200.")
        ] = 20,
        after: After = None,
    ) -> ConnectionRow[TransitionRow]:
        order = TransitionOrder() if order_by is None else order_by.order()
        return await transitions.list_page(info.context.caller, root, TransitionsArguments(by, order, first, after))

    @strawberry.field(
        graphql_type=Connection[Annotation] | None,
        description="The annotations of the days of the period, by their first day: of the organization that the usage "
        "is about; of everybody's usage of all organizations that the viewer may see, or those of them that `where` "
        "names in `organizationIds`.",
    )
    async def annotations(
        root: strawberry.Parent[UsageQuery], info: Info, first: First = 50, after: After = None
    ) -> ConnectionRow[AnnotationRow]:
        return await annotations.of_usage(info.context.caller, root, first, after)

    @strawberry.field(
        graphql_type=UsageDistribution | None,
        description="The distribution of a measure over people, to compare with. Null for fewer than five people with "
        "an event, since it is no way to learn about single ones.",
        metadata=priced(measures=2),
    )
    async def distribution(
        root: strawberry.Parent[UsageQuery],
        info: Info,
        of: Annotated[UsageMeasure, strawberry.argument(description="The measure of each person.")],
        over: Annotated[
            Population, strawberry.argument(description="Whose values they are.")
        ] = Population.EXTENSION_USER,
    ) -> DistributionRow | None:
        del over  # there is one population
        return await usage_measures.distribution(info.context.caller, root, _name(of))


async def question(
    info: Info,
    period: Period,
    where: UsageFilter | None,
    time: LocalTime,
    subject: Subject | None = None,
    subject_id: UUID = EVERYBODY,
    *,
    within: EventFilter | None = None,
) -> UsageQuery:
    """The query of usage that a field's arguments describe, of the events that `within` admits (None: all)."""
    conditions = (where or UsageFilter()).conditions()
    if within is not None:
        conditions = replace(within, all_of=(conditions,))
    rollups = info.context.services.rollups_enabled
    moment = info.context.received_at
    week_start = await time.week_start_of(info, period)
    resolve = partial(period.resolve, zone=time.zone, week_start=week_start)
    return UsageQuery(
        Question(resolve(moment), conditions, time.zone, subject, rollups),
        moment,
        period,
        resolve,
        subject_id,
        week_start=week_start if period.by_week else time.week_start,
        organization_id=time.organization_id,
        rolling=period.rolling,
    )


def _measures(info: Info, *path: str) -> Measures:
    """The measures that are selected at a path below the field."""
    return frozenset(BY_FIELD[name].name for name in selected_names(info, *path))


def _group_measures(info: Info) -> Measures:
    """The measures to compute for the groups of a page: those selected on them, and those of their shares."""
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
    """The name of a measure in snake case."""
    return str(getattr(measure, "value", measure))
