import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text
from structlog.testing import capture_logs

from app import readiness
from app.first_admin import ensure_admin
from app.secret import jwt_secret
from app.settings import Settings
from core.errors import CannotGoOn
from tests.auth.test_login import LOGIN
from tests.conftest import make_settings
from tests.free_ports import free_port
from tests.servers import new_database, redis_server
from tests.world import World


def test_a_configured_secret_is_used_as_it_is(tmp_path: Path):
    assert jwt_secret(make_settings(tmp_path, jwt_secret="configured")) == "configured"
    assert not list(tmp_path.iterdir())


def test_a_secret_of_our_own_survives_and_only_its_owner_reads_it(tmp_path: Path):
    settings = make_settings(tmp_path / "new" / "folder")

    first, second = jwt_secret(settings), jwt_secret(settings)

    assert first == second
    assert len(first) == 64
    [file] = settings.data_dir.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert jwt_secret(make_settings(tmp_path)) != first


def test_processes_that_make_the_secret_at_once_agree_on_it(tmp_path: Path):
    settings = make_settings(tmp_path / "new")

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(jwt_secret, [settings] * 32))

    assert len(set(found)) == 1
    assert len(found[0]) == 64


@pytest.mark.parametrize("setting", ["DATABASE_URL", "DB_HOST"])
async def test_an_unreachable_database_is_named_by_its_setting(tmp_path: Path, setting: str):
    port = free_port()
    configured: dict[str, dict[str, Any]] = {
        "DATABASE_URL": {"database_url": f"postgresql://u:secret-word@127.0.0.1:{port}/x"},
        "DB_HOST": {"db_host": "127.0.0.1", "db_port": port, "db_pass": "secret-word"},
    }

    with pytest.raises(CannotGoOn) as refused:
        await _prepare(make_settings(tmp_path, **configured[setting]))

    _one_line_naming(setting, refused.value)


async def test_a_database_that_does_not_exist_is_named_by_its_setting(tmp_path: Path, database_url: str):
    url = make_url(database_url).set(database="no_such_database").render_as_string(hide_password=False)

    with pytest.raises(CannotGoOn, match="no_such_database") as refused:
        await _prepare(make_settings(tmp_path, database_url=url))

    _one_line_naming("DATABASE_URL", refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "postgresql://h:port/x",
        "postgresql://host.invalid/x",
        "http://[/",
        "postgresql://ada:secret-word/7@h/x",
        "postgresql://ada:secret-word[@h/x",
        "secret-word",
    ],
)
async def test_a_database_address_that_is_none_is_named_by_its_setting(tmp_path: Path, url: str):
    with pytest.raises(CannotGoOn) as refused:
        await _prepare(make_settings(tmp_path, database_url=url))

    _one_line_naming("DATABASE_URL", refused.value)


@pytest.mark.parametrize("url", ["nonsense", "postgresql://ada:secret-word@h:port/x"])
async def test_a_replica_address_that_is_none_is_named_by_its_setting(tmp_path: Path, database_url: str, url: str):
    with pytest.raises(CannotGoOn) as refused:
        await _prepare(make_settings(tmp_path, database_url=database_url, database_replica_url=url))

    _one_line_naming("DATABASE_REPLICA_URL", refused.value)


async def test_a_replica_that_is_none_of_the_database_is_refused(tmp_path: Path, database_url: str):
    with pytest.raises(CannotGoOn, match=r"not a streaming replica of DATABASE_URL's server") as refused:
        await _prepare(make_settings(tmp_path, database_url=database_url, database_replica_url=database_url))

    _one_line_naming("DATABASE_REPLICA_URL", refused.value)


async def test_a_replica_that_is_away_keeps_nothing_from_starting(tmp_path: Path, database_url: str):
    away = f"postgresql://ada:secret-word@127.0.0.1:{free_port()}/x"

    with capture_logs() as logs:
        await _prepare(make_settings(tmp_path, database_url=database_url, database_replica_url=away))

    assert [entry["event"] for entry in logs] == ["the replica does not answer; the primary answers for it"]
    assert "secret-word" not in str(logs)


@pytest.mark.parametrize("setting", ["REDIS_URL", "REDIS_HOST"])
async def test_an_unreachable_redis_is_named_by_its_setting(tmp_path: Path, database_url: str, setting: str):
    port = free_port()
    configured: dict[str, dict[str, Any]] = {
        "REDIS_URL": {"redis_url": f"redis://:secret-word@127.0.0.1:{port}/0"},
        "REDIS_HOST": {"redis_host": "127.0.0.1", "redis_port": port, "redis_password": "secret-word"},
    }

    with pytest.raises(CannotGoOn) as refused:
        await _prepare(make_settings(tmp_path, database_url=database_url, **configured[setting]))

    _one_line_naming(setting, refused.value)


@pytest.mark.parametrize(
    "url", ["nonsense", "http://127.0.0.1", "redis://127.0.0.1:port/0", "redis://:secret-word/7@127.0.0.1/0"]
)
async def test_a_redis_address_that_is_none_is_named_by_its_setting(tmp_path: Path, database_url: str, url: str):
    with pytest.raises(CannotGoOn) as refused:
        await _prepare(make_settings(tmp_path, database_url=database_url, redis_url=url))

    _one_line_naming("REDIS_URL", refused.value)


async def test_what_is_there_is_ready_and_a_wrong_password_is_not(tmp_path: Path, database_url: str):
    with redis_server("p@ss/w:rd") as redis:
        there = {"database_url": database_url, "redis_host": "127.0.0.1", "redis_port": redis.port}

        await _prepare(make_settings(tmp_path, **there, redis_password="p@ss/w:rd"))

        with pytest.raises(CannotGoOn, match="REDIS_HOST"):
            await _prepare(make_settings(tmp_path, **there, redis_password="wrong"))


async def test_a_start_brings_an_empty_database_up_to_date(tmp_path: Path, database_url: str):
    async with new_database(database_url) as url:
        await _prepare(make_settings(tmp_path, database_url=url))

        await _prepare(make_settings(tmp_path, database_url=url, migrate_on_start=False))


async def test_a_start_that_may_not_migrate_refuses_an_older_schema(tmp_path: Path, database_url: str):
    async with new_database(database_url) as url:
        with pytest.raises(CannotGoOn, match=r"at nothing, not 0\d+\. Run `web-behavior migrate`, or set MIGRATE_ON_"):
            await _prepare(make_settings(tmp_path, database_url=url, migrate_on_start=False))


async def test_the_first_admin_is_made_at_the_first_start_only(world: World, tmp_path: Path):
    first = make_settings(tmp_path, admin_username="root", admin_password="a password to start")
    later = make_settings(tmp_path, admin_username="other", admin_password="another password")

    await ensure_admin(world.services, first)
    await ensure_admin(world.services, later)

    async with world.services.database.read() as db:
        found = (await db.execute(text("SELECT username, is_super_admin FROM users"))).all()
    assert [tuple(row) for row in found] == [("root", True)]
    answer = await world.stranger.ask(LOGIN, username="root", password="a password to start")
    assert answer["login"]["viewer"] == {"username": "root"}


async def test_without_a_configured_admin_the_log_says_how_to_make_one(world: World, tmp_path: Path):
    with capture_logs() as logs:
        await ensure_admin(world.services, make_settings(tmp_path, admin_username="root"))

    assert "create-admin" in logs[0]["event"]
    async with world.services.database.read() as db:
        assert (await db.execute(text("SELECT count(*) FROM users"))).scalar_one() == 0


async def test_a_first_admin_with_a_weak_password_is_refused(world: World, tmp_path: Path):
    with pytest.raises(CannotGoOn, match=r"ADMIN_PASSWORD .* between 12 and 256"):
        await ensure_admin(world.services, make_settings(tmp_path, admin_username="root", admin_password="short"))


async def _prepare(settings: Settings) -> None:
    await readiness.prepare(settings, readiness.database_url(settings))


def _one_line_naming(setting: str, error: CannotGoOn) -> None:
    message = str(error)
    assert setting in message
    assert "\n" not in message
    assert "secret-word" not in message
