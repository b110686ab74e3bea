"""Faults that a statement would have on a Citus cluster, found in the plan that PostgreSQL makes of it here.

Rows of the big tables lie on their person's machine. As long as they are joined by the person and put in order person
by person, each machine does its own share; grouping is where shares are brought together.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.cluster import COLUMN, is_big
from db.models import Base

BIG = tuple(table.name for table in Base.metadata.sorted_tables if is_big(table))
Plan = dict[str, Any]

_JOINS = {"Nested Loop", "Hash Join", "Merge Join"}
_GROUPS = {"Aggregate", "Group", "Unique"}
_ONE_PERSON = re.compile(rf"(?:{COLUMN}|extension_users\.id) = \(?[$']")
_EXPLAIN = """
CREATE OR REPLACE FUNCTION pg_temp.plan_of(statement text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) ' || statement INTO plan;
    RETURN plan;
END $$
"""


async def plan_of(connection: AsyncConnection, statement: str) -> Plan:
    """The plan of a statement whose parameters are still open."""
    await connection.execute(text(_EXPLAIN))
    found = await connection.scalar(text("SELECT pg_temp.plan_of(:statement)"), {"statement": statement})
    plan: Plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def faults(plan: Plan) -> Iterator[str]:
    """The steps of a plan that bring together rows of different people before they are grouped."""
    ctes = _ctes(plan)
    # Where there is but one person, PostgreSQL leaves them out of what it partitions by.
    one_person = any(_ONE_PERSON.search(condition) for node in _nodes(plan) for condition in _conditions(node))
    for node in _nodes(plan):
        kind = node["Node Type"]
        if kind in _JOINS and all(_of_persons(each, ctes) for each in _inputs(node, ctes)) and not _by_person(node):
            yield f"{kind}: {_conditions(node)}"
        if kind == "WindowAgg" and not one_person and _ungrouped(node, ctes) and COLUMN not in _partition(node):
            yield f"{kind}: {node['Window']}"
        # A place in a table, looked up or compared: each machine has its own row there.
        places = [node["TID Cond"]] if "TID Cond" in node else [each for each in _conditions(node) if "ctid" in each]
        yield from (f"{kind}: {place}" for place in places)


def _of_persons(node: Plan, ctes: dict[str, Plan]) -> bool:
    """True if each row that a step gives is made from one person's rows of big tables."""
    if node["Node Type"] == "Aggregate" and not any(COLUMN in key for key in node.get("Group Key", [])):
        return False
    return _is_big(node) or any(_of_persons(each, ctes) for each in _inputs(node, ctes))


def _ungrouped(node: Plan, ctes: dict[str, Plan]) -> bool:
    """True if a step gives rows of big tables that are not grouped yet."""
    if node["Node Type"] in _GROUPS:
        return False
    return _is_big(node) or any(_ungrouped(each, ctes) for each in _inputs(node, ctes))


def _is_big(node: Plan) -> bool:
    return str(node.get("Relation Name", "")).startswith(BIG)


def _ctes(plan: Plan) -> dict[str, Plan]:
    """The plans of common table expressions, by name."""
    names = ((node.get("Subplan Name", ""), node) for node in _nodes(plan))
    return {name.removeprefix("CTE "): node for name, node in names if name.startswith("CTE ")}


def _by_person(join: Plan) -> bool:
    """True if a join's condition, or one that its inner side looks rows up by, names the person on both sides."""
    inner = (node for each in join["Plans"] if each["Parent Relationship"] == "Inner" for node in _nodes(each))
    conditions = [*_conditions(join), *(condition for node in inner for condition in _conditions(node))]
    return any(re.search(rf"{COLUMN} = \S*{COLUMN}", condition) for condition in conditions)


def _conditions(node: Plan) -> list[str]:
    return [str(node[key]) for key in ("Hash Cond", "Merge Cond", "Join Filter", "Index Cond", "Filter") if key in node]


def _partition(node: Plan) -> str:
    """Return the columns that a window's rows are partitioned by, as PostgreSQL 18 writes them."""
    _, _, rest = str(node["Window"]).partition("PARTITION BY ")
    return rest.partition(" ORDER BY")[0]


def _inputs(node: Plan, ctes: dict[str, Plan]) -> list[Plan]:
    """The steps whose rows a step takes."""
    if "CTE Name" in node:
        return [ctes[node["CTE Name"]]]
    return [each for each in node.get("Plans", []) if each["Parent Relationship"] not in {"InitPlan", "SubPlan"}]


def _nodes(plan: Plan) -> Iterator[Plan]:
    """Every step of a plan."""
    yield plan
    for each in plan.get("Plans", []):
        yield from _nodes(each)
