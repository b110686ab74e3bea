"""Goals: create, update, delete."""

from dataclasses import replace
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import strawberry

from core.ids import encode_node_id, uuid_of
from core.token_scopes import TokenScope
from db.queries.goals import GoalRow, GoalSubject, GoalTerms
from execution.context import Info
from execution.declarations import SIGNED_IN
from execution.token_scopes import for_tokens
from resolvers import goals
from schema.enums import GoalInterval, UsageMeasure, Weekday
from schema.errors import InvalidInput, NotFound, TooManyGoals
from schema.filters import UNSET, UsageFilter
from schema.goal import Goal
from schema.mutations.field import mutation
from schema.stored_filters import conditions_of, stored_filter

_WHERE = (
    "A filter of what is measured, by domain, site, category, url or event types. Whose events count says the subject."
)
_AT_LEAST = "The least value that meets the goal, in the unit of the measure."
_AT_MOST = "The largest value that meets the goal, in the unit of the measure."
_WEEKDAYS = "The days of the week that the goal is for, with `every: DAY`; null: every day."
_ZONE = "The time zone of days, weeks and months."


@strawberry.input(one_of=True, description="Whose goal it is.")
class GoalSubjectInput:
    """Exactly one member is set (`@oneOf`)."""

    organization_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="This organization's: all its people taken together."
    )
    team_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="This team's: its people taken together."
    )
    extension_user_id: strawberry.ID | None = strawberry.field(default=UNSET, description="This person's.")

    async def resolve(self, info: Info) -> GoalSubject:
        """The subject, if the viewer may change it. NotFound, Forbidden."""
        caller = info.context.caller
        if self.team_id:
            return await goals.team_subject(caller, uuid_of(self.team_id, "Team"))
        if self.extension_user_id:
            return await goals.person_subject(caller, uuid_of(self.extension_user_id, "ExtensionUser"))
        return await goals.organization_subject(caller, uuid_of(self.organization_id or "", "Organization"))


@strawberry.input(description="The goal to set.")
class CreateGoalInput:
    """The arguments."""

    subject: GoalSubjectInput = strawberry.field(description="Whose goal it is, for good.")
    name: str = strawberry.field(description="The name; need not be unique.")
    measure: UsageMeasure = strawberry.field(description="The measure.")
    every: GoalInterval = strawberry.field(description="The length of the buckets that it is judged by.")
    at_least: float | None = strawberry.field(default=None, description=_AT_LEAST)
    at_most: float | None = strawberry.field(default=None, description=_AT_MOST)
    weekdays: list[Weekday] | None = strawberry.field(default=None, description=_WEEKDAYS)
    where: UsageFilter | None = strawberry.field(default=None, description=_WHERE)
    timezone: ZoneInfo = strawberry.field(default_factory=lambda: ZoneInfo("UTC"), description=_ZONE)


@strawberry.type(description="The goal is set.")
class CreateGoalSuccess:
    """The outcome."""

    goal: GoalRow = strawberry.field(graphql_type=Goal, description="The goal.")


CreateGoalResult = Annotated[
    CreateGoalSuccess | InvalidInput | NotFound | TooManyGoals,
    strawberry.union("CreateGoalResult", description="The result of `createGoal`."),
]


@mutation(
    CreateGoalResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Set a goal of a person, a team or an organization. For the organization's admins.",
)
async def create_goal(
    info: Info, input: Annotated[CreateGoalInput, strawberry.argument(description="The goal to set.")]
) -> CreateGoalSuccess:
    """Resolve the field."""
    subject = await input.subject.resolve(info)
    conditions = stored_filter(input.where)
    terms = GoalTerms(
        name=input.name,
        measure=str(input.measure.value),
        conditions=conditions,
        interval=input.every,
        at_least=input.at_least,
        at_most=input.at_most,
        weekdays=_numbers(input.weekdays),
        timezone=input.timezone,
    )
    return CreateGoalSuccess(goal=await goals.create(info.context.caller, subject, terms, conditions_of(conditions)))


@strawberry.input(
    description="The goal, and its changes. What is left out stays as it is; null takes a bound, the filter or the "
    "days of the week away."
)
class UpdateGoalInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The goal.")
    name: str | None = strawberry.field(default=UNSET, description="The name; need not be unique.")
    measure: UsageMeasure | None = strawberry.field(default=UNSET, description="The measure.")
    every: GoalInterval | None = strawberry.field(
        default=UNSET, description="The length of the buckets that it is judged by."
    )
    at_least: float | None = strawberry.field(default=UNSET, description=_AT_LEAST)
    at_most: float | None = strawberry.field(default=UNSET, description=_AT_MOST)
    weekdays: list[Weekday] | None = strawberry.field(default=UNSET, description=_WEEKDAYS)
    where: UsageFilter | None = strawberry.field(default=UNSET, description=_WHERE)
    timezone: ZoneInfo | None = strawberry.field(default=UNSET, description=_ZONE)


@strawberry.type(description="The goal is changed.")
class UpdateGoalSuccess:
    """The outcome."""

    goal: GoalRow = strawberry.field(graphql_type=Goal, description="The goal as it is now.")


UpdateGoalResult = Annotated[
    UpdateGoalSuccess | InvalidInput | NotFound,
    strawberry.union("UpdateGoalResult", description="The result of `updateGoal`."),
]


@mutation(
    UpdateGoalResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Change a goal. For the organization's admins.",
)
async def update_goal(
    info: Info, input: Annotated[UpdateGoalInput, strawberry.argument(description="The goal, and its changes.")]
) -> UpdateGoalSuccess:
    """Resolve the field."""
    row = await goals.managed(info.context.caller, uuid_of(input.id, "Goal"))
    terms = replace(_terms(row), **_changes(input))
    where = conditions_of(terms.conditions)
    return UpdateGoalSuccess(goal=await goals.update(info.context.caller, row, terms, where))


def _terms(row: GoalRow) -> GoalTerms:
    return GoalTerms(
        name=row.name,
        measure=row.measure,
        conditions=row.conditions,
        interval=row.interval,
        at_least=row.at_least,
        at_most=row.at_most,
        weekdays=row.weekdays,
        timezone=row.timezone,
    )


def _changes(wanted: UpdateGoalInput) -> dict[str, Any]:
    """The changes, by the names of GoalTerms. InvalidInput for a filter that is too large."""
    changes: dict[str, Any] = {
        "name": wanted.name,
        "measure": str(wanted.measure.value) if wanted.measure else None,
        "interval": wanted.every or None,
        "timezone": wanted.timezone or None,
    }
    changes = {name: value for name, value in changes.items() if value is not None and value is not UNSET}
    changes |= {name: value for name in ("at_least", "at_most") if (value := getattr(wanted, name)) is not UNSET}
    if wanted.weekdays is not UNSET:
        changes["weekdays"] = _numbers(wanted.weekdays)
    if wanted.where is not UNSET:
        changes["conditions"] = stored_filter(wanted.where)
    return changes


def _numbers(days: list[Weekday] | None) -> tuple[int, ...] | None:
    return None if days is None else tuple(sorted({day.isoweekday for day in days}))


@strawberry.input(description="The goal to delete.")
class DeleteGoalInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The goal.")


@strawberry.type(description="The goal is gone. What was measured stays.")
class DeleteGoalSuccess:
    """The outcome."""

    deleted_id: strawberry.ID = strawberry.field(description="The id it had.")


DeleteGoalResult = Annotated[
    DeleteGoalSuccess | NotFound, strawberry.union("DeleteGoalResult", description="The result of `deleteGoal`.")
]


@mutation(
    DeleteGoalResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Delete a goal. For the organization's admins.",
)
async def delete_goal(
    info: Info, input: Annotated[DeleteGoalInput, strawberry.argument(description="The goal to delete.")]
) -> DeleteGoalSuccess:
    """Resolve the field."""
    deleted = await goals.delete(info.context.caller, uuid_of(input.id, "Goal"))
    return DeleteGoalSuccess(deleted_id=strawberry.ID(encode_node_id("Goal", deleted.bytes)))
