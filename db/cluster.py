"""A Citus cluster: which tables are spread over its machines, and which each of them has a copy of.

Everything big hangs off the person it is about: their rows lie on one machine, so that whatever is joined and put in
order person by person is done there (docs/scaling.md). Without the extension `citus` in the database, nothing happens.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import Engine, Table, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.models import Base

COLUMN = "user_id"
_ANCHOR = "behaviors"
_OPTION = "kind_of_database"
_HAS_CATALOGUE = "to_regclass('pg_dist_partition') IS NOT NULL"


@dataclass(slots=True)
class Kind:
    """What an engine's database was found to be, once it was connected to."""

    is_cluster: bool = False


def notice(engine: AsyncEngine) -> None:
    """See, when an engine connects first, whether its database is a cluster's: `is_cluster` tells from then on."""
    kind = Kind()
    engine.update_execution_options(**{_OPTION: kind})

    @event.listens_for(engine.sync_engine, "first_connect")
    def look(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SELECT {_HAS_CATALOGUE}")
        kind.is_cluster = cursor.fetchone()[0]
        cursor.close()
        connection.rollback()


def kind_of(engine: Engine) -> Kind:
    """What the database of a `Database` was found to be."""
    kind: Kind = engine.get_execution_options()[_OPTION]
    return kind


def is_cluster(connection: AsyncConnection) -> bool:
    """Whether the database that a connection of a `Database` leads to is a cluster's."""
    return kind_of(connection.sync_engine).is_cluster


def is_big(table: Table) -> bool:
    """Whether a table's rows are about extension users and so many that they are spread over the machines.

    Such tables have a `user_id` always, and no foreign key, which would be paid on each event.
    """
    column = table.c.get(COLUMN)
    return column is not None and not column.nullable and not column.foreign_keys


def is_copied(table: Table) -> bool:
    """Whether each machine has a copy: of tables that refer to one another. The rest stays on the coordinator."""
    referred = {key.column.table for key in chain.from_iterable(each.foreign_keys for each in _tables())}
    return table in referred or bool(table.foreign_keys)


async def spread(connection: AsyncConnection) -> list[str]:
    """Spread big tables over the cluster and copy small ones to each machine, unless they are; which ones were not.

    Commits after each table: with events in it, that may take a while.
    """
    if not await connection.scalar(text(f"SELECT {_HAS_CATALOGUE}")):
        return []
    # Those that others refer to come first; `behaviors` before those that are to lie where it lies.
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
    """The tables that should be spread or copied and are not, in the order of their references."""
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
