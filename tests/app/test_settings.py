import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from redis.asyncio import Redis

from app.settings import Environment, Settings
from db.engine import split_url
from tests.conftest import make_settings

ROOT = Path(__file__).parent.parent.parent
PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["C", "Z"]), min_size=1)
PRODUCTION = {"env": "prod", "jwt_secret": "x" * 32, "base_url": "https://api.example"}
OLD_NAMES = {
    "ENV": "dev",
    "PORT": "9090",
    "BASE_URL": "https://api.example",
    "JWT_SECRET": "x" * 32,
    "DB_HOST": "db.example",
    "DB_PORT": "6543",
    "DB_USER": "behaviour",
    "DB_PASS": "p@ss:w/rd",
    "DB_NAME": "events",
    "DB_SSLMODE": "require",
    "REDIS_HOST": "redis.example",
    "REDIS_PORT": "7777",
    "REDIS_PASSWORD": "s/cr?t",
}


def test_the_old_services_environment_works_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    for name, value in OLD_NAMES.items():
        monkeypatch.setenv(name, value)

    settings = Settings()

    assert (settings.env, settings.port) == (Environment.DEV, 9090)
    assert settings.public_url == "https://api.example"
    assert settings.jwt_secret == "x" * 32
    assert settings.configured_database_url == (
        "postgresql://behaviour:p%40ss%3Aw%2Frd@db.example:6543/events?sslmode=require"
    )
    assert settings.configured_redis_url == "redis://:s%2Fcr%3Ft@redis.example:7777/0"


def test_urls_win_over_their_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    new = {"DATABASE_URL": "postgresql://elsewhere/x", "REDIS_URL": "redis://elsewhere/3"}
    for name, value in (OLD_NAMES | new).items():
        monkeypatch.setenv(name, value)

    settings = Settings()

    assert settings.configured_database_url == "postgresql://elsewhere/x"
    assert settings.configured_redis_url == "redis://elsewhere/3"
    assert (settings.database_setting, settings.redis_setting) == ("DATABASE_URL", "REDIS_URL")


def test_a_file_named_env_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    lines = ["ADMIN_USERNAME=ada", "ADMIN_PASSWORD='secret # not a comment'", "PORT=9001", "DB_HOST=", "UNKNOWN=1"]
    (tmp_path / ".env").write_text("\n".join(lines))
    monkeypatch.setenv("PORT", "9002")

    settings = Settings()

    assert (settings.admin_username, settings.admin_password) == ("ada", "secret # not a comment")
    assert settings.port == 9002
    assert settings.configured_database_url is None


def test_nothing_need_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)

    settings = Settings()

    assert settings.configured_database_url is None
    assert settings.configured_redis_url is None
    assert settings.public_url == "http://localhost:8080"
    assert settings.host == "127.0.0.1"
    assert settings.migrates_on_start


def test_a_replica_wants_the_database_it_is_one_of():
    with pytest.raises(ValidationError, match="not which database it is a replica of: DATABASE_URL"):
        make_settings(Path(), database_replica_url="postgresql://replica/x")

    assert make_settings(Path(), database_replica_url="postgresql://replica/x", db_host="primary").database_replica_url


@given(user=PRINTABLE, password=PRINTABLE, database=PRINTABLE)
def test_any_name_and_password_reach_the_database_driver_unchanged(user, password, database):
    settings = make_settings(Path(), db_host="h", db_user=user, db_pass=password, db_name=database)

    address, _ = split_url(settings.configured_database_url or "")

    assert (address.username, address.password, address.database) == (user, password, database)
    assert (address.host, address.port) == ("h", 5432)


@given(password=PRINTABLE)
def test_any_password_reaches_redis_unchanged(password):
    settings = make_settings(Path(), redis_host="h", redis_password=password)

    client = Redis.from_url(settings.configured_redis_url or "")

    assert client.connection_pool.connection_kwargs["password"] == password
    assert client.connection_pool.connection_kwargs["host"] == "h"


@pytest.mark.parametrize("secret", [None, "", "x" * 31])
def test_production_insists_on_a_good_secret(secret: str | None):
    with pytest.raises(ValidationError, match="JWT_SECRET must be set to at least 32 bytes"):
        make_settings(Path(), **PRODUCTION | {"jwt_secret": secret})


@pytest.mark.parametrize(
    "base_url",
    [
        None,
        "",
        "http://api.example",
        "api.example",
        "https://",
        "https://[",
        "ftp://localhost",
        "http://localhost.evil",
    ],
)
def test_production_insists_on_an_encrypted_address(base_url: str | None):
    with pytest.raises(ValidationError, match="BASE_URL must be the https:// address"):
        make_settings(Path(), **PRODUCTION | {"base_url": base_url})


@pytest.mark.parametrize(
    "base_url", ["https://api.example", "http://localhost:8080", "http://127.0.0.1", "http://[::1]"]
)
def test_production_can_be_tried_out_on_one_machine(base_url: str):
    settings = make_settings(Path(), **PRODUCTION | {"base_url": base_url})

    assert settings.public_url == base_url


def test_production_starts_with_a_good_secret_and_leaves_migrations_alone():
    settings = make_settings(Path(), **PRODUCTION | {"jwt_secret": "é" * 16})

    assert not settings.migrates_on_start
    assert make_settings(Path(), **PRODUCTION, migrate_on_start=True).migrates_on_start


@pytest.mark.parametrize(
    "wrong",
    [
        {"env": "staging"},
        {"port": 0},
        {"port": 65536},
        {"port": "eighty"},
        {"workers": 0},
        {"log_level": "loud"},
        {"db_pool_size": 1},
        {"ingest_limit_per_key": "often"},
        {"ingest_event_limit_per_person": "many"},
        {"ingest_event_limit_per_person": "999/minute"},
        {"ingest_event_limit_per_address": "999/minute"},
        {"ingest_byte_limit_per_person": "5242879/minute"},
        {"ingest_byte_limit_per_address": "5242879/minute"},
        {"anonymous_retention_days": -1},
        {"anonymous_retention_days": 36_501},
        {"anonymous_max_mib": -1},
        {"sign_in_limit_per_account": ""},
        {"sign_in_limit_per_account_everywhere": "never"},
        {"max_connections": 0},
        {"ingest_max_ahead_hours": 0},
        {"forwarded_allow_ips": "localhost"},
        {"forwarded_allow_ips": "10.0.0.1/8"},
        {"forwarded_allow_ips": "10.0.0.7,*"},
        {"ai_base_url": "api.example"},
        {"ai_timeout_seconds": 31},
        {"ai_retries": 6},
        {"ai_calls_per_hour": 0},
        {"ai_keep_hours": 0},
    ],
    ids=str,
)
def test_nonsense_is_refused_by_the_settings_name(wrong: dict[str, Any]):
    with pytest.raises(ValidationError) as refused:
        make_settings(Path(), **wrong)

    assert [error["loc"] for error in refused.value.errors()] == [tuple(wrong)]


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        ("https://a.example", ("https://a.example",)),
        (" https://a.example/ ,, http://b.example:3000 ", ("https://a.example", "http://b.example:3000")),
    ],
)
def test_origins_are_separated_by_commas(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, origins: tuple[str, ...]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CORS_ORIGINS", text)

    assert Settings().cors_origins == origins


@pytest.mark.parametrize(
    ("text", "proxies"),
    [
        ("", ()),
        (" 10.0.0.7 ,10.42.0.0/16,, fd00::/8", ("10.0.0.7", "10.42.0.0/16", "fd00::/8")),
        ("*", ("*",)),
    ],
)
def test_proxies_are_addresses_and_networks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, proxies: tuple[str, ...]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", text)

    assert Settings().forwarded_allow_ips == proxies


@pytest.mark.parametrize("file", [".env.example", "docs/settings.md"])
@pytest.mark.parametrize("name", [field.upper() for field in Settings.model_fields])
def test_every_setting_is_documented(file: str, name: str):
    text = (ROOT / file).read_text()

    assert re.search(rf"(?<![A-Z_]){name}(?![A-Z_])", text)


def test_the_example_holds_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)

    assert Settings(_env_file=ROOT / ".env.example") == Settings()  # type: ignore[call-arg]  # pydantic-settings adds it
