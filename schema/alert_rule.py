"""Alert rules: as they are shown, and as admins write them."""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry.scalars import JSON

from core.alerts.conditions import checked_condition
from core.alerts.quiet_hours import checked_quiet_hours
from core.alerts.schedule import PREVIEW_SERIES, checked_hold, checked_window, interval_of
from core.alerts.states import PastAlert as PastAlertRow
from core.alerts.states import RuleLogic
from core.errors import InvalidInput
from core.ids import encode_node_id, uuid_of
from core.names import checked_name
from db.queries.alert_rules import AlertRuleContent, AlertRuleRow
from db.queries.alerts import AlertList, AlertRow
from db.queries.extension_users import ExtensionUserRow
from db.queries.organizations import OrganizationRow
from db.queries.teams import TeamRow
from execution.context import Info
from resolvers import alerts, extension_users, organizations, teams
from resolvers.pages import ConnectionRow
from schema.alert import Alert, AlertStateArgument
from schema.connection import After, Connection, First
from schema.enums import AlertComparison, UsageMeasure
from schema.filters import UNSET, UsageFilter
from schema.stored_filters import stored_filter

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser
    from schema.organization import Organization
    from schema.team import Team

_NO_ID = UUID(int=0)
"""An id that nothing has: for one that names something else."""


@strawberry.type(description="A condition on a figure.")
class AlertCondition:
    """Shows the condition of an AlertRuleRow."""

    comparison: AlertComparison = strawberry.field(description="The kind of condition.")
    limit: float | None = strawberry.field(
        description="The value beyond which it holds: in the measure's unit, of RISE and FALL in percent. Null of "
        "NO_DATA."
    )
    clear_at: float | None = strawberry.field(
        description="The value at which it is over again, in the same unit. Null of NO_DATA."
    )


@strawberry.type(description="Hours in which alerts neither fire nor are over.")
class QuietHours:
    """Shows core.alerts.quiet_hours.QuietHours."""

    start: time = strawberry.field(name="from", description="The time of the day at which they begin.")
    end: time = strawberry.field(
        name="to", description="The time of the day at which they end: on the next day, unless it is later."
    )

    @strawberry.field(description="The days on which they begin, 1 (Monday) to 7 (Sunday).")
    def weekdays(self) -> list[int]:
        return sorted(self.weekdays)

    zone: ZoneInfo = strawberry.field(name="timezone", description="The time zone of the clock.")


@strawberry.type(
    description="A rule about a measure of a person, a team or the whole organization, which is evaluated in the "
    "background. While its condition holds, an alert is firing."
)
class AlertRule:
    """Shows an AlertRuleRow."""

    @strawberry.field(description="Opaque and stable. Arguments that take it also take the plain `uuid`.")
    def id(root: strawberry.Parent[AlertRuleRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("AlertRule", root.id.bytes))

    @strawberry.field(description="The plain id.")
    def uuid(root: strawberry.Parent[AlertRuleRow]) -> UUID:
        return root.id

    name: str = strawberry.field(description="The name, unique in the organization, in any case and form.")

    @strawberry.field(
        graphql_type=Annotated["Organization", strawberry.lazy("schema.organization")] | None,
        description="The organization it belongs to.",
    )
    async def organization(root: strawberry.Parent[AlertRuleRow], info: Info) -> OrganizationRow | None:
        return await organizations.organization(info.context.caller, root.organization_id)

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None,
        description="The person it is about, if it is about one.",
    )
    async def extension_user(root: strawberry.Parent[AlertRuleRow], info: Info) -> ExtensionUserRow | None:
        user_id = root.content.extension_user_id
        return None if user_id is None else await extension_users.extension_user(info.context.caller, user_id)

    @strawberry.field(
        graphql_type=Annotated["Team", strawberry.lazy("schema.team")] | None,
        description="The team it is about, if it is about one.",
    )
    async def team(root: strawberry.Parent[AlertRuleRow], info: Info) -> TeamRow | None:
        team_id = root.content.team_id
        return None if team_id is None else await teams.team(info.context.caller, team_id)

    @strawberry.field(description="The measure; null of a rule on NO_DATA.")
    def measure(root: strawberry.Parent[AlertRuleRow]) -> UsageMeasure | None:
        if root.content.logic.condition.comparison is AlertComparison.NO_DATA:
            return None
        return UsageMeasure(root.content.measure)

    @strawberry.field(description="The filter of the events that count, as it was given; null without one.")
    def where(root: strawberry.Parent[AlertRuleRow]) -> JSON | None:
        return None if root.content.filter is None else JSON(root.content.filter)

    @strawberry.field(description="The condition.")
    def condition(root: strawberry.Parent[AlertRuleRow]) -> AlertCondition:
        condition = root.content.logic.condition
        if condition.comparison is AlertComparison.NO_DATA:
            return AlertCondition(comparison=condition.comparison, limit=None, clear_at=None)
        return AlertCondition(comparison=condition.comparison, limit=condition.limit, clear_at=condition.clear_at)

    @strawberry.field(description="The length of the time that is looked at, which ends with each evaluation.")
    def window(root: strawberry.Parent[AlertRuleRow]) -> timedelta:
        return root.content.window

    @strawberry.field(
        description="The time between two evaluations: 5 minutes for windows of up to 6 hours, 15 minutes for up to 2 "
        "days, else an hour."
    )
    def interval(root: strawberry.Parent[AlertRuleRow]) -> timedelta:
        return interval_of(root.content.window)

    @strawberry.field(description="The time for which the condition must hold before an alert fires.")
    def hold(root: strawberry.Parent[AlertRuleRow]) -> timedelta:
        return root.content.logic.hold

    @strawberry.field(
        graphql_type=QuietHours | None, description="The hours in which alerts neither fire nor are over, if any."
    )
    def quiet_hours(root: strawberry.Parent[AlertRuleRow]) -> object:
        return root.content.logic.quiet_hours

    @strawberry.field(description="False: it is not evaluated.")
    def is_enabled(root: strawberry.Parent[AlertRuleRow]) -> bool:
        return root.content.enabled

    @strawberry.field(description="True while an alert of it is firing.")
    def is_firing(root: strawberry.Parent[AlertRuleRow]) -> bool:
        return root.state.firing

    evaluated_at: datetime | None = strawberry.field(
        description="The end of the window that was evaluated last; null before the first evaluation."
    )
    problem: str | None = strawberry.field(
        description="The reason why the last evaluation failed; it is tried again. Null if it did not."
    )
    created_at: datetime = strawberry.field(description="The time at which it was made.")
    updated_at: datetime = strawberry.field(description="The time at which it was last changed.")

    @strawberry.field(graphql_type=Connection[Alert] | None, description="Its alerts, the newest first.")
    async def alerts(
        root: strawberry.Parent[AlertRuleRow],
        info: Info,
        state: AlertStateArgument = None,
        first: First = 20,
        after: After = None,
    ) -> ConnectionRow[AlertRow]:
        wanted = AlertList(root.organization_id, root.id, state)
        return await alerts.list_page(info.context.caller, wanted, first, after)


@strawberry.type(description="An alert that would have been.")
class PastAlert:
    """Shows core.alerts.states.PastAlert."""

    fired_at: datetime = strawberry.field(description="The time at which it would have fired.")
    resolved_at: datetime | None = strawberry.field(
        description="The time at which it would have been over; null if it still were firing."
    )


@strawberry.type(description="The alerts that a rule would have fired in the last 30 days.")
class AlertPreview:
    """Shows a resolvers.alert_rules.AlertPreviewRow."""

    start: datetime = strawberry.field(description="The first evaluation.")
    end: datetime = strawberry.field(description="The last evaluation.")
    step: timedelta = strawberry.field(
        description="The time between two evaluations of the preview: half an hour, or with windows of more than four "
        f"hours their {PREVIEW_SERIES}th part. A rule itself is evaluated more often."
    )
    count: int = strawberry.field(description="The number of alerts.")
    alerts: list[PastAlertRow] = strawberry.field(
        graphql_type=list[PastAlert], description="The alerts, the oldest first."
    )


@strawberry.input(one_of=True, description="The subject of a rule: a person or a team.")
class AlertSubject:
    """Exactly one member is set (`@oneOf`)."""

    extension_user_id: strawberry.ID | None = strawberry.field(default=UNSET, description="This person.")
    team_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The people of this team, taken together."
    )


@strawberry.input(description="A condition on a figure.")
class AlertConditionInput:
    """See core.alerts.conditions."""

    comparison: AlertComparison = strawberry.field(description="The kind of condition.")
    limit: float | None = strawberry.field(
        default=None,
        description="The value beyond which it holds: in the measure's unit, of RISE and FALL in percent. Not with "
        "NO_DATA.",
    )
    clear_at: float | None = strawberry.field(
        default=None,
        description="The value at which it is over again, so that a figure that wavers about the limit is one alert; "
        "`limit` unless said.",
    )


@strawberry.input(description="Hours in which alerts neither fire nor are over.")
class QuietHoursInput:
    """See core.alerts.quiet_hours."""

    start: time = strawberry.field(name="from", description="The time of the day at which they begin: `22:00`.")
    end: time = strawberry.field(
        name="to", description="The time of the day at which they end: on the next day, unless it is later."
    )
    weekdays: list[int] | None = strawberry.field(
        default=None, description="The days on which they begin, 1 (Monday) to 7 (Sunday); every day unless said."
    )
    timezone: ZoneInfo = strawberry.field(default=ZoneInfo("UTC"), description="The time zone of the clock.")


@strawberry.input(description="An alert rule, whole.")
class AlertRuleInput:
    """The content of a rule."""

    name: str = strawberry.field(description="The name, unique in the organization, in any case and form.")
    condition: AlertConditionInput = strawberry.field(description="The condition.")
    window: timedelta = strawberry.field(
        description="The length of the time to look at, up to each evaluation: `PT1H`. PT5M to P31D, whole minutes."
    )
    measure: UsageMeasure | None = strawberry.field(
        default=None, description="The measure; left out of a rule on NO_DATA, which looks at all events."
    )
    subject: AlertSubject | None = strawberry.field(
        default=None, description="The subject; without it the whole organization."
    )
    where: UsageFilter | None = strawberry.field(
        default=None, description="A filter of the events that count; without it all do."
    )
    hold: timedelta = strawberry.field(
        default=timedelta(0),
        description="The time for which the condition must hold before an alert fires: PT0S to P7D.",
    )
    quiet_hours: QuietHoursInput | None = strawberry.field(
        default=None, description="Hours in which alerts neither fire nor are over."
    )
    is_enabled: bool = strawberry.field(default=True, description="False: it is kept, but not evaluated.")

    def content(self) -> AlertRuleContent:
        """The rule as it is kept. InvalidInput if it makes no sense."""
        condition = checked_condition(self.condition.comparison, self.condition.limit, self.condition.clear_at)
        quiet = self.quiet_hours
        logic = RuleLogic(
            condition,
            checked_hold(self.hold),
            None if quiet is None else checked_quiet_hours(quiet.start, quiet.end, quiet.weekdays, quiet.timezone),
        )
        person = team = None
        if self.subject is not None and self.subject.extension_user_id:
            person = uuid_of(self.subject.extension_user_id, "ExtensionUser") or _NO_ID
        elif self.subject is not None:
            team = uuid_of(self.subject.team_id or "", "Team") or _NO_ID
        return AlertRuleContent(
            name=checked_name("name", self.name),
            measure=self._measure(),
            logic=logic,
            window=checked_window(self.window),
            team_id=team,
            extension_user_id=person,
            filter=stored_filter(self.where),
            enabled=self.is_enabled,
        )

    def _measure(self) -> str:
        if self.condition.comparison is AlertComparison.NO_DATA:
            if self.measure is not None:
                raise InvalidInput("A rule on NO_DATA looks at all events: leave `measure` out.", "measure")
            return "events"
        if self.measure is None:
            raise InvalidInput(f"A rule on {self.condition.comparison.name} needs a `measure`.", "measure")
        return str(self.measure.value)


@strawberry.input(description="The organization, and the rule to try out.")
class AlertRulePreviewInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization.")
    rule: AlertRuleInput = strawberry.field(description="The rule.")
