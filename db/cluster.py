"""Citus: finding out whether a database is a cluster's, and distributing its tables.

The big tables are distributed by the person a row is about: a person's rows lie on one machine, which joins and sorts
them itself (docs/scaling.md). Without the extension `citus` in the database, nothing is distributed.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import Engine, FromClause, Table, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.models import Base, PublicSuffix
from db.topology import CLUSTER, SINGLE_NODE, Topology

COLUMN = "user_id"
_ANCHOR = "behaviors"
_LOOKED_UP: tuple[FromClause, ...] = (PublicSuffix.__table__,)
"""Tables that statements on the big ones look values up in."""
_OPTION = "topology"
_HAS_CATALOGUE = "to_regclass('pg_dist_partition') IS NOT NULL"


@dataclass(slots=True)
class EngineTopology:
    """The topology of an engine's database; a single node's until it was connected to."""

    topology: Topology = SINGLE_NODE


def detect_topology(engine: AsyncEngine) -> None:
    """Find out at an engine's first connection whether its database is a cluster's."""
    found = EngineTopology()
    engine.update_execution_options(**{_OPTION: found})

    @event.listens_for(engine.sync_engine, "first_connect")
    def look(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SELECT {_HAS_CATALOGUE}")
        found.topology = CLUSTER if cursor.fetchone()[0] else SINGLE_NODE
        cursor.close()
        connection.rollback()


def engine_topology(engine: Engine) -> EngineTopology:
    """Return what `detect_topology` has found."""
    found: EngineTopology = engine.get_execution_options()[_OPTION]
    return found


def topology_of(connection: AsyncConnection) -> Topology:
    """Return the topology of the database that a connection of a `Database` leads to."""
    return engine_topology(connection.sync_engine).topology


def is_big(table: Table) -> bool:
    """True if a table's rows are about extension users and so many that a cluster distributes them.

    Such tables have a `user_id` always, and no foreign key, which would be paid on each event.
    """
    column = table.c.get(COLUMN)
    return column is not None and not column.nullable and not column.foreign_keys


def is_copied(table: Table) -> bool:
    """True if each machine gets a copy: of tables that refer to one another, and of those that values are looked up in.

    The rest stays on the coordinator.
    """
    referred = {key.column.table for key in chain.from_iterable(each.foreign_keys for each in _tables())}
    return table in referred or bool(table.foreign_keys) or table in _LOOKED_UP


async def distribute_tables(connection: AsyncConnection) -> list[str]:
    """Distribute big tables over the cluster and copy small ones to each machine; return the names of those changed.

    Commits after each table, since one with events in it may take a while.
    """
    if not await connection.scalar(text(f"SELECT {_HAS_CATALOGUE}")):
        return []
    # Referenced tables come first, and `behaviors` before the tables that are colocated with it.
    missing = sorted(await _missing(connection), key=lambda table: (is_big(table), table.name != _ANCHOR))
    for table in missing:
        if is_big(table):
            statement = "SELECT create_distributed_table(CAST(:name AS regclass), :column, colocate_with => :anchor)"
            anchor = "none" if table.name == _ANCHOR else _ANCHOR
            await connection.execute(text(statement), {"name": table.name, "column": COLUMN, "anchor": anchor})
        else:
            statement = "SELECT create_reference_table(CAST(:name AS regclass))"
            await connection.execute(text(statement), {"name": table.name})
        await connection.commit()
    return [table.name for table in missing]


async def _missing(connection: AsyncConnection) -> list[Table]:
    """The tables that are to be distributed or copied and are not yet, in the order of their references."""
    statement = text("""
        SELECT name FROM unnest(CAST(:names AS text[])) AS name
        WHERE to_regclass(name) IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_dist_partition
            WHERE logicalrelid = to_regclass(name) AND (partkey IS NOT NULL OR repmodel = 't')
        )
    """)
    wanted = {table.name: table for table in _tables() if is_big(table) or is_copied(table)}
    names = set(await connection.scalars(statement, {"names": list(wanted)}))
    return [table for name, table in wanted.items() if name in names]


def _tables() -> list[Table]:
    return Base.metadata.sorted_tables
