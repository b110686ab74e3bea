"""The evaluation of alert rules: every rule at its intervals, by whichever process comes first.

Each evaluation is a transaction of its own: it locks the rule, reads its figures, and writes down their outcome and the
alert that fired or was over. So what is killed in the middle is evaluated again, and nothing fires twice. A rule whose
evaluation fails or takes too long says so, and is tried again later and later; the others go on.

Organizations take turns: however many rules one has, the first of each of the others is evaluated before its second. An
outage is not made up for: the next evaluation looks at the window that ends with it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from core.alerts.schedule import interval_of, latest_evaluation, window_before
from core.alerts.states import evaluate
from core.clock import now
from core.errors import AppError, QueryTimeout, Unavailable
from core.observer import NOBODY, Job, Observer, PortionOutcome
from core.scope import Scope
from db.alert_readings import AlertReadings
from db.background_jobs import BackgroundJob
from db.engine import Database
from db.queries import alert_rules, alerts
from db.queries.alert_rules import AlertRuleRow
from db.queries.filters import EventFilter

log = structlog.get_logger()

INTERVAL_SECONDS = 15
RULES_AT_ONCE = 500
"""How many rules that are due are put in order at a time."""
GRACE = timedelta(seconds=15)
"""How long after the end of its window a rule is evaluated: browsers send their events a moment later."""
LONGEST_PAUSE = timedelta(days=1)
"""How long a rule that keeps failing rests at most."""
_TOO_LONG = "It takes too long to evaluate. Choose a shorter `window`, or a narrower `where`."
_FAILED = "It could not be evaluated: the service failed. It is tried again."

ReadFilter = Callable[[dict[str, Any] | None], EventFilter]
"""Reads a client's `where` as a rule keeps it. AppError if it makes no sense any more."""


class AlertEvaluator:
    """Evaluates the rules of all organizations. `run()` is the task that does it."""

    def __init__(
        self,
        database: Database,
        read_filter: ReadFilter,
        observer: Observer = NOBODY,
        *,
        rollups: bool = True,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self.job = BackgroundJob(Job.ALERTS, database, observer, largest=1)
        self._read_filter = read_filter
        self._rollups = rollups
        self._clock = clock

    async def run(self) -> None:
        """Evaluate until cancelled."""
        await self.job.repeat(self.work_round, INTERVAL_SECONDS)

    async def work_round(self) -> bool:
        """Evaluate every rule that is due; False if one failed."""
        complete = True
        while True:
            async with self.job.database.read() as connection:
                due = await alert_rules.due(connection, self._clock(), RULES_AT_ONCE)
            for rule_id in due:
                complete = await self._evaluate(rule_id) and complete
            if len(due) < RULES_AT_ONCE:
                return complete

    async def _evaluate(self, rule_id: UUID) -> bool:
        """Evaluate a rule, if it is still due; False if that failed. Unavailable if the database is."""
        at = self._clock()

        async def transaction(connection: AsyncConnection, _size: int) -> None:
            rule = await alert_rules.locked_if_due(connection, rule_id, at)
            if rule is not None:
                await self._step(connection, rule, at)

        try:
            await self.job.work(transaction)
        except QueryTimeout:
            self.job.observer.portion_ended(Job.ALERTS, PortionOutcome.PUT_ASIDE)
            await self._put_off(rule_id, at, _TOO_LONG)
        except Unavailable:
            raise
        except AppError as error:
            await self._put_off(rule_id, at, error.message)
        except Exception:
            log.exception("alert rule failed", rule=str(rule_id))
            await self._put_off(rule_id, at, _FAILED)
        else:
            return True
        return False

    async def _step(self, connection: AsyncConnection, rule: AlertRuleRow, at: datetime) -> None:
        content, interval = rule.content, interval_of(rule.content.window)
        end = latest_evaluation(at - GRACE, interval)
        readings = AlertReadings(
            Scope.of([rule.organization_id]),
            rule.organization_id,
            content,
            self._read_filter(content.filter),
            rollups=self._rollups,
        )
        reading = await readings.at(connection, window_before(end, content.window))
        step = evaluate(content.logic, rule.state, end, reading)
        if step.fired:
            await alerts.fire(connection, rule, end, reading)
        if step.resolved:
            await alerts.resolve(connection, rule.id, end)
        await alert_rules.record_evaluation(connection, rule.id, end, step.state, end + interval + GRACE)

    async def _put_off(self, rule_id: UUID, at: datetime, problem: str) -> None:
        async with self.job.database.write() as connection:
            rule = await alert_rules.locked_if_due(connection, rule_id, at)
            if rule is not None:
                pause = min(interval_of(rule.content.window) * 2 ** min(rule.failures, 10), LONGEST_PAUSE)
                await alert_rules.record_failure(connection, rule_id, problem, at + pause)
