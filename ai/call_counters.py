"""Counters of the calls to a model and their outcomes, since the start of this process."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from ai.breaker import BreakerState
from ai.failure import Failure
from ai.rules import ReplyRefusal


class Skip(Enum):
    """Why the model was not asked."""

    BREAKER_OPEN = "breaker_open"
    BUSY = "busy"
    BUDGET_SPENT = "budget_spent"


@dataclass(slots=True)
class CallCounters:
    """Counts: calls made, replies used, calls failed, replies refused, questions answered without a call."""

    calls: int = 0
    answers: int = 0
    remembered: int = 0
    shared: int = 0
    failures: Counter[Failure] = field(default_factory=Counter)
    refusals: Counter[ReplyRefusal] = field(default_factory=Counter)
    skips: Counter[Skip] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Status:
    """The model's configuration and outcomes. Without a model all but `enabled` is empty."""

    enabled: bool
    model: str | None = None
    host: str | None = None
    breaker: BreakerState | None = None
    calls_per_hour: int | None = None
    counters: CallCounters = field(default_factory=CallCounters)
