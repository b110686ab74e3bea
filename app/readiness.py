"""Checks made before the service starts: what is configured must be there. Never a silent fallback."""

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.settings import Settings
from core.errors import AppError
from db import embedded, migrate
from db.engine import Database, DatabaseOptions


class CannotStart(Exception):
    """A setting names something that is not there; the message is one line for whoever starts the service."""


def database_url(settings: Settings) -> str:
    """The configured database's URL, else that of the embedded one, which is started."""
    return settings.configured_database_url or embedded.start(settings.data_dir / "postgres")


async def prepare(settings: Settings, url: str) -> None:
    """Make sure that PostgreSQL and Redis answer and the schema is up to date; CannotStart otherwise."""
    await check_redis(settings)
    await check_database(settings, url)
    if settings.migrates_on_start:
        await migrate.upgrade(url)
    else:
        await _check_revision(url)


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
        raise CannotStart(
            f"PostgreSQL cannot be reached. Check {settings.database_setting}: {_reason(error)}"
        ) from error
    finally:
        await database.close()


async def check_redis(settings: Settings) -> None:
    """CannotStart, naming the setting, when Redis is configured and does not answer."""
    url = settings.configured_redis_url
    if url is None:
        return
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
