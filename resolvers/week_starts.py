"""The day that weeks begin on in a question: the one asked for, else that of the organization it is about."""

from uuid import UUID

from core.weeks import WeekStart
from resolvers import organizations
from resolvers.caller import Caller
from resolvers.usage import UsageQuery


async def week_start_of(caller: Caller, usage: UsageQuery) -> WeekStart:
    """Return the first day of weeks in a question of usage."""
    return await chosen_week_start(caller, usage.week_start, usage.organization_id)


async def chosen_week_start(caller: Caller, given: WeekStart | None, organization_id: UUID | None) -> WeekStart:
    """Return the day that was given, else that of the organization; Monday if it is about none."""
    if given is not None:
        return given
    organization = None if organization_id is None else await organizations.organization(caller, organization_id)
    return WeekStart.MONDAY if organization is None else organization.week_start
