"""Usage: the measures of people, organizations, or all that the viewer may read."""

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from db.queries import usage as usages
from db.queries.usage import Subject, UsageQuery, UsageTotals
from resolvers.caller import Caller


@dataclass(frozen=True, slots=True)
class Usage:
    """A question about usage: which events, seen in which zone, of whom. `subject` None: of all in scope."""

    query: UsageQuery
    timezone: ZoneInfo
    subject: Subject | None = None
    subject_id: UUID | None = None


async def total(caller: Caller, usage: Usage) -> UsageTotals:
    """The measures of the whole period."""
    if usage.subject is not None and usage.subject_id is not None:
        found = await caller.batches.load(usages.totals_by, usage.subject_id, usage.subject, usage.query)
        return found or UsageTotals()
    async with caller.database.read() as db:
        return await usages.total(db, caller.viewer.readable, usage.query)
