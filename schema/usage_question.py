"""The arguments of a field that answers with usage, made into its question."""

from dataclasses import replace
from functools import partial
from typing import Annotated
from uuid import UUID

import strawberry

from db.metrics.question import Question
from db.queries.filters import EventFilter
from db.queries.metrics import EVERYBODY
from db.queries.people import Subject
from execution.context import Info
from resolvers.usage import UsageQuery
from schema.filters import UsageFilter
from schema.period import LocalTime, Period

UsageFilterArgument = Annotated[
    UsageFilter | None, strawberry.argument(description="A filter of what is measured; without it everything is.")
]


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
    if subject is Subject.ORGANIZATION:
        info.context.caller.viewer.require_whole(subject_id)
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
