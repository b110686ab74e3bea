"""The plan of a Citus cluster for a statement, parsed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.services import Services
from tests.db.plan_faults import BIG
from tests.statement_hooks import databases_of, watch_statements

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

    with watch_statements(databases_of(services), note):
        yield calls


@dataclass(frozen=True)
class CitusPlan:
    """The plan of a statement: the tasks that are sent to machines, and the subplans that are executed before."""

    provider: str
    tasks: int | None
    before: tuple["CitusPlan", ...]

    @property
    def is_sent_at_once(self) -> bool:
        """True if the statement is sent in one go: to one machine (a router's plan), or to several, each its share."""
        return self.provider == "Citus Adaptive" and not self.before


async def citus_plan(connection: AsyncConnection, statement: str, parameters: Any) -> CitusPlan:
    """Return the cluster's plan of a statement with these parameters."""
    found = (await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)).scalar_one()
    plan = json.loads(found) if isinstance(found, str) else found
    [outermost] = _citus_plans(plan)
    return outermost


def _citus_plans(plan: Any) -> Iterator[CitusPlan]:
    """The outermost steps of a plan that are the cluster's."""
    if isinstance(plan, dict) and "Custom Plan Provider" in plan:
        query = plan.get("Distributed Query", {})
        before = tuple(step for each in query.get("Subplans", []) for step in _citus_plans(each))
        below = () if query else tuple(step for each in plan.get("Plans", []) for step in _citus_plans(each))
        yield CitusPlan(plan["Custom Plan Provider"], query.get("Job", {}).get("Task Count"), before + below)
        return
    for part in plan.values() if isinstance(plan, dict) else plan if isinstance(plan, list) else ():
        yield from _citus_plans(part)
