"""Checks made before the service starts: every configured dependency must answer. There is no silent fallback."""

import asyncio
import time

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.settings import Settings
from core.errors import AppError, CannotGoOn, DoesNotAnswer
from db import migrate
from db.engine import Database, DatabaseOptions
from db.public_suffixes import update_public_suffixes
from db.replica import NotItsReplica, ReplicatedDatabase
from observability import tracing

log = structlog.get_logger()

_PAUSE_SECONDS = 0.5


def database_url(settings: Settings) -> str:
    """Return the configured database's URL, else start the embedded one and return its. CannotGoOn without both."""
    if settings.configured_database_url:
        return settings.configured_database_url
    try:
        from db import embedded  # noqa: PLC0415 - an optional extra, not installed in containers
    except ModuleNotFoundError as error:
        raise CannotGoOn(
            "No database is configured, and none came with this installation. Set DATABASE_URL, "
            "or install the extra: pip install 'web-behavior[embedded]'"
        ) from error
    return embedded.start(settings.data_dir / "postgres")


async def wait_for_database(settings: Settings, url: str, seconds: float) -> None:
    """Return once the database answers; DoesNotAnswer, naming the setting, when it has not within `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return await check_database(settings, url)
        except DoesNotAnswer:
            if time.monotonic() >= deadline:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)


async def prepare(settings: Settings, url: str) -> None:
    """Make sure that PostgreSQL and Redis answer and the schema is up to date; CannotGoOn otherwise."""
    check_tracing(settings)
    check_trusted_documents(settings)
    await check_redis(settings)
    await check_database(settings, url)
    await check_replica(settings, url)
    if settings.migrates_on_start:
        await migrate.upgrade(url)
    else:
        await _check_revision(url)


def check_trusted_documents(settings: Settings) -> None:
    """Raise CannotGoOn, with the reason, if the trusted documents cannot be used."""
    if settings.trusted_documents is None:
        return
    from app.request_policy import request_policy_of  # noqa: PLC0415 - the commands start faster without the schema
    from execution.documents.trusted import BadManifest  # noqa: PLC0415

    try:
        request_policy_of(settings)
    except BadManifest as error:
        raise CannotGoOn(f"TRUSTED_DOCUMENTS: {error}") from error


async def check_database(settings: Settings, url: str) -> None:
    """Raise CannotGoOn, naming the setting, if the database does not answer."""
    try:
        database = Database(url, DatabaseOptions(pool_size=1))
    except (SQLAlchemyError, ValueError) as error:
        raise CannotGoOn(
            f"{settings.database_setting} is not a PostgreSQL address, like postgresql://user:password@host:5432/name."
        ) from error
    try:
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))
    except (AppError, DBAPIError, OSError, ValueError) as error:
        raise DoesNotAnswer(
            f"PostgreSQL cannot be reached. Check {settings.database_setting}: {_reason(error)}"
        ) from error
    finally:
        await database.close()


async def check_replica(settings: Settings, url: str) -> None:
    """Raise CannotGoOn if the configured replica is not one of this database. One that does not answer is only logged.

    The replica only relieves the primary: its outage must not prevent the service from starting.
    """
    if not settings.database_replica_url:
        return
    try:
        database = ReplicatedDatabase(url, settings.database_replica_url, DatabaseOptions(pool_size=1))
    except (SQLAlchemyError, ValueError) as error:
        raise CannotGoOn(
            "DATABASE_REPLICA_URL is not a PostgreSQL address, like postgresql://user:password@host:5432/name."
        ) from error
    try:
        await database.check()
    except NotItsReplica as error:
        raise CannotGoOn(
            f"DATABASE_REPLICA_URL is not a streaming replica of {settings.database_setting}'s server, "
            "or names another database there."
        ) from error
    except (AppError, DBAPIError, OSError, ValueError) as error:
        log.warning("the replica does not answer; the primary answers for it", reason=_reason(error))
    finally:
        await database.close()


def check_tracing(settings: Settings) -> None:
    """Raise CannotGoOn if tracing is configured but its packages are not installed."""
    if settings.otel_exporter_otlp_endpoint and not tracing.is_installed():
        raise CannotGoOn(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but what sends traces is not installed: "
            "pip install 'web-behavior[otel]'"
        )


async def check_redis(settings: Settings) -> None:
    """Raise CannotGoOn, naming the setting, if Redis is configured and does not answer."""
    url = settings.configured_redis_url
    if url is None:
        return
    from redis.asyncio import Redis  # noqa: PLC0415 - its client is loaded only if Redis is configured
    from redis.exceptions import RedisError  # noqa: PLC0415

    try:
        async with Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as redis:
            await redis.ping()
    except (RedisError, OSError, ValueError) as error:
        raise CannotGoOn(f"Redis cannot be reached. Check {settings.redis_setting}: {_reason(error)}") from error


async def _check_revision(url: str) -> None:
    database = Database(url, DatabaseOptions(pool_size=1))
    try:
        current, latest = await migrate.current_revision(database), migrate.latest_revision()
        if current == latest:
            await _update_public_suffixes(database)
    finally:
        await database.close()
    if current and not migrate.is_known(current):
        raise CannotGoOn(
            f"The database's schema is at {current}, which is of a newer version of web-behavior. Start that one, "
            f"or take the schema back with it first: web-behavior migrate --down {latest}"
        )
    if current != latest:
        raise CannotGoOn(
            f"The database's schema is at {current or 'nothing'}, not {latest}. "
            "Run `web-behavior migrate`, or set MIGRATE_ON_START=true."
        )


async def _update_public_suffixes(database: Database) -> None:
    """Bring the public suffix list up to date. If that fails, the older list serves: only a warning is logged."""
    try:
        await update_public_suffixes(database)
    except (AppError, DBAPIError) as error:
        log.warning("the public suffix list in the database could not be brought up to date", reason=_reason(error))


def _reason(error: Exception) -> str:
    """Return the first line of the underlying error; not for an unreadable address, which may hold a password."""
    cause = error.__cause__ if isinstance(error, AppError) and error.__cause__ else error
    cause = getattr(cause, "orig", None) or cause
    if isinstance(cause, ValueError) and not isinstance(cause, OSError):  # a bad certificate is both
        return "the address cannot be read."
    return (str(cause).splitlines() or [type(cause).__name__])[0]
