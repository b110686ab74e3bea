"""The questions of a dashboard over GraphQL, and the time until they are answered."""

import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from bench.events import DAYS
from tests.world import Asker

Answer = dict[str, Any]
"""The subject's `usage` and `deepWork`, as GraphQL returns them."""

QUERY = """
fragment Figures on UsageMeasures {
  events activeEvents users sessions uniqueDomains trackedMinutes engagedMinutes engagementRate
  trackedSeconds contextSwitches deepWorkSessions deepWorkSeconds
}

fragment Overview on Usage {
  total { ...Figures }
  previous { ...Figures }
  series(every: DAY) { start end measures { events engagedMinutes trackedSeconds deepWorkSeconds } }
  groups(by: [DOMAIN], orderBy: { measure: TRACKED_SECONDS }, first: 10) {
    totalCount
    nodes { key { domain } measures { events trackedSeconds } share(of: TRACKED_SECONDS) }
    other { events trackedSeconds }
  }
}

fragment Focus on DeepWork {
  sessionsCount totalSeconds averageSeconds longestSeconds shortestSeconds uniqueDomains contextSwitches
  focusLevels { high medium low }
  topDomains { domain seconds sessions }
  blocks(first: 10) { nodes { extensionUser { uuid } start end seconds events contextSwitches focusLevel } }
}

query Dashboard($id: ID!, $period: Period!) {
  subject: %s(id: $id) { usage(period: $period) { ...Overview } deepWork(period: $period) { ...Focus } }
}
"""


@dataclass(frozen=True, slots=True)
class Question:
    """The subject of a dashboard, for the days up to `end`; `field` is Query's: extensionUser or organization."""

    field: str
    id: UUID
    end: datetime
    days: int = DAYS

    @property
    def start(self) -> datetime:
        """The first instant of the first day."""
        return self.end - timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class TimedAnswer:
    """An answer, and the median of the seconds it took."""

    answer: Answer
    seconds: float


System = Callable[[Question], Awaitable[Answer]]


async def timed(runs: int, systems: Mapping[str, System], question: Question) -> dict[str, TimedAnswer]:
    """Ask each system once to warm up, then so many times: in turns, so that what slows the machine slows them all."""
    answers = {name: await system(question) for name, system in systems.items()}
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(runs):
        for name, system in systems.items():
            began = time.perf_counter()
            answers[name] = await system(question)
            seconds[name].append(time.perf_counter() - began)
    return {name: TimedAnswer(answers[name], median(seconds[name])) for name in systems}


async def ask(asker: Asker, question: Question) -> Answer:
    """The service's answer: one request through the whole application."""
    period = {"between": {"start": question.start.isoformat(), "end": question.end.isoformat()}}
    data = await asker.ask(QUERY % question.field, id=str(question.id), period=period)
    subject: Answer = data["subject"]
    return subject


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Return the paths at which two answers differ: integers and texts at all, seconds by more than a microsecond."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return [f"{path}: {sorted(one)} ≠ {sorted(other)}"]
        return [found for key in one for found in differences(one[key], other[key], f"{path}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [found for place, (a, b) in pairs for found in differences(a, b, f"{path}[{place}]")]
    if isinstance(one, float) and isinstance(other, float):
        return [] if math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-6) else [f"{path}: {one} ≠ {other}"]
    return [] if one == other else [f"{path}: {one} ≠ {other}"]
