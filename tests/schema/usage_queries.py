"""Questions about usage in the tests of metrics: every measure, a day to look at, what was computed for an answer."""

import re
from typing import Any

from db.metrics.measures import MEASURES
from tests.conftest import StatementCounter
from tests.world import Asker

SESSION_SECONDS = "sessionSeconds { average p50 p95 longest }"
ALL = " ".join(SESSION_SECONDS if measure.name == "session_seconds" else measure.field for measure in MEASURES)
DAY = 'period: {between: {start: "2026-08-03T00:00:00Z", end: "2026-08-04T00:00:00Z"}}'


def between(start: str, end: str) -> dict[str, Any]:
    """A period as a variable; days may be given without a time."""
    start, end = (text if "T" in text else f"{text}T00:00:00Z" for text in (start, end))
    return {"between": {"start": start, "end": end}}


async def usage(asker: Asker, selection: str, arguments: str = DAY) -> dict[str, Any]:
    """Return a selection of the usage of everybody on the tests' day."""
    found: dict[str, Any] = (await asker.ask(f"{{ usage({arguments}) {{ {selection} }} }}"))["usage"]
    return found


def computed(statement: str) -> set[str]:
    """The measures that a statement computes, by the names of their columns."""
    return set(re.findall(r"(?:sum|max)\(part\.(\w+)\)", statement))


def metrics_statements(statements: StatementCounter) -> list[str]:
    """The statements that read events."""
    return [statement for statement in statements.statements if "behaviors" in statement]
