"""The work of PostgreSQL for the statements of a request, counted: the same each time, however busy the machine is."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from db.engine import Database
from tests.conftest import StatementCounter

Plan = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Work:
    """Statements sent, rows read from tables (those a filter then left out included), blocks of 8 KiB looked at."""

    statements: int
    rows: int
    blocks: int


async def work_of(database: Database, sent: StatementCounter, *, small: bool = False) -> Work:
    """Run the statements again, each in a transaction that is taken back, and count.

    `small` tables are read by their indexes, as large ones would be.
    """
    plans = []
    for statement, parameters in list(zip(sent.statements, sent.parameters, strict=True)):  # it goes on watching
        async with database.read() as connection:
            if small:
                await connection.execute(text("SET LOCAL enable_seqscan = off"))
            explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
            found = (await connection.exec_driver_sql(explain, parameters)).scalar_one()
            await connection.rollback()
        plans.append((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])
    return Work(len(plans), sum(_rows(plan) for plan in plans), sum(_blocks(plan) for plan in plans))


def _rows(plan: Plan) -> int:
    return sum(
        round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in _nodes(plan)
        if "Relation Name" in node and "Scan" in node["Node Type"]
    )


def _blocks(plan: Plan) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for each in plan.get("Plans", []):
        yield from _nodes(each)
