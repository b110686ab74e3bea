"""Puts the parts of the service together: the only place where they are made."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from ai.breaker import Breaker
from ai.options import ModelOptions
from ai.writer import InsightWriter
from app.secret import jwt_secret
from app.settings import Settings
from auth.budget import Budget
from auth.passwords import Passwords
from auth.throttle import Counters, Throttle
from auth.tokens import TokenIssuer
from core.events import EventRules
from core.observer import NOBODY, Observer
from db.engine import Database, DatabaseOptions
from db.event_writer import EventWriter
from db.housekeeping import housekeeping, keep_house_once
from db.key_usage import KeyUsage
from db.partitions import Partitions
from db.replica import ReplicatedDatabase
from db.retention import keep_retention
from db.rollups import keep_rollups
from resolvers.key_ring import KeyRing
from resolvers.services import Services, Throttles

_WRITER_CONNECTIONS = 5
"""Two for the event writer, which makes partitions with them, too; one for each task that goes on in the background."""


@asynccontextmanager
async def running_services(
    settings: Settings, database_url: str, observer: Observer = NOBODY
) -> AsyncIterator[Services]:
    """The service's parts, at work until the end, when what is queued is stored."""
    database = database_of(settings, database_url)
    # Connections of its own: whoever asks too much of the database must not keep events from being stored.
    writer_database = Database(database_url, DatabaseOptions(pool_size=_WRITER_CONNECTIONS))
    partitions, key_usage = Partitions(writer_database), KeyUsage(writer_database)
    writer = EventWriter(writer_database, partitions, key_usage, observer)
    counters = Counters(settings.configured_redis_url)
    insight_writer = _insight_writer(settings, counters)
    writing = asyncio.create_task(writer.run(), name="event writer")
    keeping = [
        asyncio.create_task(housekeeping(writer_database, partitions, key_usage), name="housekeeping"),
        asyncio.create_task(keep_rollups(writer_database), name="rollups"),
        asyncio.create_task(keep_retention(writer_database), name="retention"),
    ]
    try:
        yield Services(
            database=database,
            writer=writer,
            key_usage=key_usage,
            key_ring=KeyRing(database),
            passwords=Passwords(),
            tokens=TokenIssuer(jwt_secret(settings)),
            throttles=_throttles(settings, counters),
            event_rules=EventRules(settings.farthest_ahead, settings.farthest_behind),
            require_api_key=settings.ingest_require_api_key,
            rollups_enabled=settings.rollups_enabled,
            insight_writer=insight_writer,
            observer=observer,
        )
    finally:
        writer.close()
        await writing
        for task in keeping:
            task.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)
        with suppress(Exception):  # the last chores are a courtesy: a database that has gone must not keep us
            await keep_house_once(writer_database, partitions, key_usage)
        if insight_writer is not None:
            await insight_writer.close()
        await counters.close()
        await writer_database.close()
        await database.close()


def _insight_writer(settings: Settings, counters: Counters) -> InsightWriter | None:
    if settings.ai_api_key is None:
        return None
    from ai.endpoint import Endpoint  # noqa: PLC0415 - loads the client, which takes a second and 40 MB
    from ai.memory import Memory  # noqa: PLC0415 - loads Redis' client

    options = ModelOptions(
        base_url=settings.ai_base_url,
        api_key=settings.ai_api_key,
        model=settings.ai_model,
        patience=timedelta(seconds=settings.ai_timeout_seconds),
        retries=settings.ai_retries,
        calls_per_hour=settings.ai_calls_per_hour,
        keep_answers=timedelta(hours=settings.ai_keep_hours),
    )
    return InsightWriter(options, Endpoint(options), counters, Memory(settings.configured_redis_url), Breaker())


def database_of(settings: Settings, url: str) -> Database:
    """The database that questions are put to, with its replica if one is configured."""
    options = DatabaseOptions(pool_size=settings.db_pool_size)
    if settings.database_replica_url:
        return ReplicatedDatabase(url, settings.database_replica_url, options)
    return Database(url, options)


def _throttles(settings: Settings, counters: Counters) -> Throttles:
    def throttle(name: str, limit: str) -> Throttle:
        return Throttle(counters, name, limit, enabled=settings.rate_limit_enabled)

    return Throttles(
        sign_in_per_account=throttle("sign-in-account", settings.sign_in_limit_per_account),
        sign_in_per_account_everywhere=throttle(
            "sign-in-account-everywhere", settings.sign_in_limit_per_account_everywhere
        ),
        sign_in_per_address=throttle("sign-in-address", settings.sign_in_limit_per_address),
        ingest_per_key=throttle("ingest-key", settings.ingest_limit_per_key),
        ingest_per_address=throttle("ingest-address", settings.ingest_limit_per_address),
        exports_per_account=throttle("exports-account", settings.export_limit_per_account),
        query_budget=Budget(counters, "queries", settings.query_budget_per_viewer, enabled=settings.rate_limit_enabled),
    )
