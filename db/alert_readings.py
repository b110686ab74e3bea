"""The figures that alert rules are evaluated by: the measure in a window, and in the one before."""

from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from core.alerts.conditions import AlertComparison, Reading
from core.alerts.schedule import PreviewSchedule
from core.periods import TimeRange
from core.scope import Scope
from db.metrics.question import Question, Split
from db.metrics.values import NOTHING
from db.queries import metrics
from db.queries.alert_rules import AlertRuleContent
from db.queries.filters import EventFilter
from db.queries.metrics import subject_of

_UTC = ZoneInfo("UTC")
_NO_DATA = "events"
"""The measure of rules on NO_DATA, whatever theirs is."""


class AlertReadings:
    """Reads the figures of one rule. `where` is its filter, `scope` the organizations that may be looked at."""

    def __init__(
        self,
        scope: Scope,
        organization_id: UUID,
        content: AlertRuleContent,
        where: EventFilter,
        *,
        rollups: bool = True,
    ) -> None:
        self._scope = scope
        self._rollups = rollups
        comparison = content.logic.condition.comparison
        self._compares = comparison.compares_windows
        self._measure = _NO_DATA if comparison is AlertComparison.NO_DATA else content.measure
        self._subject, self._key, self._where = subject_of(
            organization_id, content.team_id, content.extension_user_id, where
        )

    async def at(self, connection: AsyncConnection, window: TimeRange) -> Reading:
        """The figures of a window."""
        value = await self._value(connection, window)
        if not self._compares:
            return Reading(value)
        length = window.end - window.start
        return Reading(value, await self._value(connection, TimeRange(window.start - length, window.start)))

    async def _value(self, connection: AsyncConnection, window: TimeRange) -> float | None:
        measures = frozenset({self._measure})
        found = await metrics.totals(connection, self._scope, [self._key], self._question(window), measures)
        value: float | None = getattr(found.get(self._key, NOTHING), self._measure)
        return value

    async def of_preview(
        self, connection: AsyncConnection, schedule: PreviewSchedule, part: range
    ) -> list[float | None]:
        """The values of the windows of one series of a preview."""
        buckets = schedule.buckets(part)
        split, key = Split(buckets=buckets), (self._key, ())
        question = self._question(TimeRange(buckets[0].start, buckets[-1].end))
        measures = frozenset({self._measure})
        found = await metrics.series(connection, self._scope, [key], question, split, measures)
        values = found.get(key, {})
        return [getattr(values.get(number, NOTHING), self._measure) for number in range(len(buckets))]

    def _question(self, time_range: TimeRange) -> Question:
        return Question(time_range, self._where, _UTC, self._subject, self._rollups)
