"""Checks made before the service starts: what is configured must be there. Never a silent fallback."""

import asyncio
import time

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.observability import tracing
from app.settings import Settings
from core.errors import AppError
from db import migrate
from db.engine import Database, DatabaseOptions
from db.replica import NotItsReplica, ReplicatedDatabase

log = structlog.get_logger()

_PAUSE_SECONDS = 0.5


class CannotStart(Exception):
    """A setting names something that is not there; the message is one line for whoever starts the service."""


class DoesNotAnswer(CannotStart):
    """What is configured does not answer; it may yet."""


def database_url(settings: Settings) -> str:
    """The configured database's URL, else that of the embedded one, which is started. CannotStart without both."""
    if settings.configured_database_url:
        return settings.configured_database_url
    try:
        from db import embedded  # noqa: PLC0415 - an extra, which containers do without
    except ModuleNotFoundError as error:
        raise CannotStart(
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
    """Make sure that PostgreSQL and Redis answer and the schema is up to date; CannotStart otherwise."""
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
    """CannotStart, saying why, when the trusted documents cannot be used."""
    if settings.trusted_documents is None:
        return
    from app.gate import gate_of  # noqa: PLC0415 - the commands start faster without the schema
    from schema.documents.trusted import BadManifest  # noqa: PLC0415

    try:
        gate_of(settings)
    except BadManifest as error:
        raise CannotStart(f"TRUSTED_DOCUMENTS: {error}") from error


async def check_database(settings: Settings, url: str) -> None:
    """CannotStart, naming the setting, when the database does not answer."""
    try:
        database = Database(url, DatabaseOptions(pool_size=1))
    except (SQLAlchemyError, ValueError) as error:
        raise CannotStart(
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
    """CannotStart when the configured replica is none of this database. One that is away is only logged.

    It is there to spare the primary work: a start during its outage is no reason for one of the service.
    """
    if not settings.database_replica_url:
        return
    try:
        database = ReplicatedDatabase(url, settings.database_replica_url, DatabaseOptions(pool_size=1))
    except (SQLAlchemyError, ValueError) as error:
        raise CannotStart(
            "DATABASE_REPLICA_URL is not a PostgreSQL address, like postgresql://user:password@host:5432/name."
        ) from error
    try:
        await database.check()
    except NotItsReplica as error:
        raise CannotStart(
            f"DATABASE_REPLICA_URL is not a streaming replica of {settings.database_setting}'s server, "
            "or names another database there."
        ) from error
    except (AppError, DBAPIError, OSError, ValueError) as error:
        log.warning("the replica does not answer; the primary answers for it", reason=_reason(error))
    finally:
        await database.close()


def check_tracing(settings: Settings) -> None:
    """CannotStart when traces are to be sent and what sends them is not installed."""
    if settings.otel_exporter_otlp_endpoint and not tracing.is_installed():
        raise CannotStart(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but what sends traces is not installed: "
            "pip install 'web-behavior[otel]'"
        )


async def check_redis(settings: Settings) -> None:
    """CannotStart, naming the setting, when Redis is configured and does not answer."""
    url = settings.configured_redis_url
    if url is None:
        return
    from redis.asyncio import Redis  # noqa: PLC0415 - who has no Redis starts without its client
    from redis.exceptions import RedisError  # noqa: PLC0415

    try:
        async with Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as redis:
            await redis.ping()
    except (RedisError, OSError, ValueError) as error:
        raise CannotStart(f"Redis cannot be reached. Check {settings.redis_setting}: {_reason(error)}") from error


async def _check_revision(url: str) -> None:
    database = Database(url, DatabaseOptions(pool_size=1))
    try:
        current, latest = await migrate.current_revision(database), migrate.latest_revision()
    finally:
        await database.close()
    if current and not migrate.is_known(current):
        raise CannotStart(
            f"The database's schema is at {current}, which is of a newer version of web-behavior. Start that one, "
            f"or take the schema back with it first: web-behavior migrate --down {latest}"
        )
    if current != latest:
        raise CannotStart(
            f"The database's schema is at {current or 'nothing'}, not {latest}. "
            "Run `web-behavior migrate`, or set MIGRATE_ON_START=true."
        )


def _reason(error: Exception) -> str:
    """The first line of what went wrong underneath. Of an address that cannot be read it may be a part: a password."""
    cause = error.__cause__ if isinstance(error, AppError) and error.__cause__ else error
    cause = getattr(cause, "orig", None) or cause
    if isinstance(cause, ValueError):
        return "the address cannot be read."
    return (str(cause).splitlines() or [type(cause).__name__])[0]
