"""Runs the migrations on the database that db.migrate names, one process at a time."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from db.cluster import distribute_tables
from db.downgrade import fill_preview
from db.engine import split_url
from db.models import Base

_LOCK = 0x0BE4A711


def _migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def _run() -> None:
    url, connect_args = split_url(context.config.attributes["url"])
    engine = create_async_engine(url, connect_args=connect_args, poolclass=pool.NullPool, hide_parameters=True)
    async with engine.connect() as connection:
        # Held by the connection, so it ends with it whatever happens.
        await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        await connection.commit()
        preview = context.config.attributes.get("preview")
        if preview is not None:
            await fill_preview(connection, _migrate, preview)
        else:
            await connection.run_sync(_migrate)
            await connection.commit()
            await distribute_tables(connection)
            await connection.commit()
    await engine.dispose()


asyncio.run(_run())
