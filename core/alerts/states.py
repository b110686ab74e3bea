"""The steps of a rule: from evaluation to evaluation it waits, fires, or is over.

    OK ──holds──▶ PENDING ──held for `hold`, not quiet──▶ FIRING ──over, not quiet──▶ OK
                     └──────────over──────────▶ OK

In quiet hours a rule goes on being evaluated, but neither fires nor is over; once they have ended, the next evaluation
decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.alerts.conditions import Condition, Reading
from core.alerts.quiet_hours import QuietHours
from core.described_enum import DescribedEnum


class AlertState(DescribedEnum):
    """The state of an alert."""

    FIRING = "firing", "The rule's condition holds."
    RESOLVED = "resolved", "The condition is over, or the rule was deleted, changed or switched off."


@dataclass(frozen=True, slots=True)
class RuleLogic:
    """The logic of a rule: its condition, the time for which that must hold first, and its quiet hours."""

    condition: Condition
    hold: timedelta = timedelta(0)
    quiet_hours: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class RuleState:
    """Since when the condition holds, None if it does not; and whether an alert is firing."""

    holds_since: datetime | None = None
    firing: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """The state after an evaluation, and whether an alert fired or was over in it."""

    state: RuleState
    fired: bool = False
    resolved: bool = False


def evaluate(logic: RuleLogic, state: RuleState, at: datetime, reading: Reading) -> Step:
    """The step from a state by the figures of an evaluation."""
    held = state.holds_since is not None
    holds = logic.condition.holds(reading, held=held or state.firing)
    since = (state.holds_since or at) if holds else None
    after = RuleState(since, state.firing)
    if logic.quiet_hours is not None and logic.quiet_hours.include(at):
        return Step(after)
    if state.firing:
        return Step(after) if holds else Step(RuleState(), resolved=True)
    if since is not None and at - since >= logic.hold:
        return Step(replace(after, firing=True), fired=True)
    return Step(after)


@dataclass(frozen=True, slots=True)
class PastAlert:
    """An alert that would have been: fired and over at these instants, the latter None if it still were."""

    fired_at: datetime
    resolved_at: datetime | None


def replay(logic: RuleLogic, readings: Iterable[tuple[datetime, Reading]]) -> list[PastAlert]:
    """The alerts of a rule that had been evaluated at these instants, in ascending order."""
    alerts: list[PastAlert] = []
    state = RuleState()
    for at, reading in readings:
        step = evaluate(logic, state, at, reading)
        if step.fired:
            alerts.append(PastAlert(at, None))
        if step.resolved:
            alerts[-1] = replace(alerts[-1], resolved_at=at)
        state = step.state
    return alerts
