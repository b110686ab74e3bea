"""What a cluster does for a statement, read off its own plan of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.services import Services
from tests.db.plans import BIG
from tests.sent import databases_of, watched

Plan = dict[str, Any]
_LISTS_TABLES = "pg_inherits"


@contextmanager
def recorded(services: Services) -> Iterator[dict[str, Any]]:
    """The statements about big tables that go to the database meanwhile, and parameters that each came with."""
    calls: dict[str, Any] = {}

    def note(statement: str, parameters: Any) -> None:
        is_asking = statement.lstrip().startswith(("SELECT", "WITH", "INSERT", "DELETE", "UPDATE"))
        if is_asking and _LISTS_TABLES not in statement and any(name in statement for name in BIG):
            calls.setdefault(statement, parameters)

    with watched(databases_of(services), note):
        yield calls


@dataclass(frozen=True)
class Way:
    """How a statement is worked off: what is sent to machines, and what is found out before and sent along."""

    provider: str
    tasks: int | None
    before: tuple["Way", ...]

    @property
    def is_sent_at_once(self) -> bool:
        """Whether machines are told everything in one go: one of them (a router's plan), or several, each its share."""
        return self.provider == "Citus Adaptive" and not self.before


async def way(connection: AsyncConnection, statement: str, parameters: Any) -> Way:
    """How a cluster works off a statement with these parameters."""
    found = (await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)).scalar_one()
    plan = json.loads(found) if isinstance(found, str) else found
    [outermost] = _ways(plan)
    return outermost


def _ways(plan: Any) -> Iterator[Way]:
    """The outermost steps of a plan that are the cluster's."""
    if isinstance(plan, dict) and "Custom Plan Provider" in plan:
        query = plan.get("Distributed Query", {})
        before = tuple(way for each in query.get("Subplans", []) for way in _ways(each))
        below = () if query else tuple(way for each in plan.get("Plans", []) for way in _ways(each))
        yield Way(plan["Custom Plan Provider"], query.get("Job", {}).get("Task Count"), before + below)
        return
    for part in plan.values() if isinstance(plan, dict) else plan if isinstance(plan, list) else ():
        yield from _ways(part)
