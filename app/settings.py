"""Settings, read from the environment and from `.env`. Each is documented in docs/settings.md and .env.example."""

import logging
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlsplit

import limits
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.introspection import Introspection

SHORTEST_SECRET = 32
_LAST_PORT = 65535
_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


class Environment(StrEnum):
    """What the service runs for. `prod` refuses unsafe settings."""

    DEV = "dev"
    TEST = "test"
    PROD = "prod"


class Settings(BaseSettings):
    """Every setting. The names in the environment are these in upper case."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    env: Environment = Environment.DEV
    port: int = Field(default=8080, ge=1, le=65535)
    host: str = "127.0.0.1"
    base_url: str | None = None
    workers: int = Field(default=1, ge=1, le=64)
    max_connections: int = Field(default=2000, ge=1)
    max_requests: int = Field(default=256, ge=1)
    stop_delay_seconds: float = Field(default=0, ge=0, le=60)
    data_dir: Path = Path(".data")
    log_level: str = "info"
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    metrics_host: str = "127.0.0.1"
    otel_exporter_otlp_endpoint: str | None = None

    jwt_secret: str | None = None
    admin_username: str | None = None
    admin_password: str | None = None

    database_url: str | None = None
    database_replica_url: str | None = None
    db_host: str | None = None
    db_port: int = 5432
    db_user: str = "postgres"
    db_pass: str = ""
    db_name: str = "web_behavior"
    db_sslmode: str | None = None
    db_pool_size: int = Field(default=10, ge=2, le=200)
    migrate_on_start: bool | None = None

    redis_url: str | None = None
    redis_host: str | None = None
    redis_port: int = 6379
    redis_password: str | None = None

    rollups_enabled: bool = True

    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    forwarded_allow_ips: str = "127.0.0.1"
    trust_request_id: bool = False

    ingest_require_api_key: bool = False
    ingest_max_ahead_hours: float = Field(default=24, gt=0)
    ingest_max_behind_days: float = Field(default=5 * 365 + 1, gt=0)
    rate_limit_enabled: bool = True
    ingest_limit_per_key: str = "6000/minute"
    ingest_limit_per_address: str = "12000/minute"
    sign_in_limit_per_account: str = "10/minute"
    sign_in_limit_per_account_everywhere: str = "300/minute"
    sign_in_limit_per_address: str = "60/minute"
    export_limit_per_account: str = "30/minute"

    request_timeout_seconds: float = Field(default=10, gt=0)
    query_max_body_kib: int = Field(default=100, ge=1)
    query_max_tokens: int = Field(default=2000, ge=1)
    query_max_depth: int = Field(default=12, ge=1)
    query_max_aliases: int = Field(default=30, ge=0)
    query_max_root_fields: int = Field(default=10, ge=1)
    query_max_directives: int = Field(default=50, ge=0)
    query_max_cost: int = Field(default=10_000, ge=1)
    query_budget_per_viewer: str = "60000/minute"
    introspection: Introspection | None = None
    graphiql_enabled: bool | None = None
    trusted_documents: Path | None = None
    trusted_documents_only: bool = False

    ai_api_key: SecretStr | None = None
    ai_base_url: str = "https://api.openai.com/v1"
    ai_model: str = "gpt-5.4-mini"
    ai_timeout_seconds: float = Field(default=8, gt=0, le=30)
    ai_retries: int = Field(default=1, ge=0, le=5)
    ai_calls_per_hour: int = Field(default=60, ge=1)
    ai_keep_hours: float = Field(default=24, gt=0, le=24 * 30)

    @field_validator("ai_api_key")
    @classmethod
    def _sendable_key(cls, value: SecretStr | None) -> SecretStr | None:
        key = value.get_secret_value() if value else ""
        if not (key.isascii() and key.isprintable() and " " not in key):
            raise ValueError("must be plain ASCII without spaces.")
        return value

    @field_validator("ai_base_url")
    @classmethod
    def _reachable_endpoint(cls, value: str) -> str:
        if not _is_endpoint(value):
            raise ValueError("must be an http:// or https:// address without a user, a query or a fragment.")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in logging.getLevelNamesMapping():
            raise ValueError("must be debug, info, warning or error.")
        return value

    @field_validator(
        "ingest_limit_per_key",
        "ingest_limit_per_address",
        "sign_in_limit_per_account",
        "sign_in_limit_per_account_everywhere",
        "sign_in_limit_per_address",
        "export_limit_per_account",
        "query_budget_per_viewer",
    )
    @classmethod
    def _readable_limit(cls, value: str) -> str:
        try:
            limits.parse(value)
        except ValueError as error:
            raise ValueError("must be a number a unit of time, like 10/minute.") from error
        return value

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _http_endpoint(cls, value: str | None) -> str | None:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must be the http address of a receiver of OTLP, like http://localhost:4318.")
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())
        return value

    @model_validator(mode="after")
    def _safe_in_production(self) -> "Settings":
        if self.env is not Environment.PROD:
            return self
        if len((self.jwt_secret or "").encode()) < SHORTEST_SECRET:
            raise ValueError(
                f"JWT_SECRET must be set to at least {SHORTEST_SECRET} bytes when ENV=prod. "
                "Make one with: openssl rand -hex 32"
            )
        if not _is_safe(self.base_url or ""):
            raise ValueError(
                "BASE_URL must be the https:// address of the service when ENV=prod: cookies are only then Secure. "
                "(http://localhost will do for trying out.)"
            )
        return self

    @model_validator(mode="after")
    def _replica_of_something(self) -> "Settings":
        if self.database_replica_url and self.configured_database_url is None:
            raise ValueError("DATABASE_REPLICA_URL is set, but not which database it is a replica of: DATABASE_URL.")
        return self

    @model_validator(mode="after")
    def _affordable_queries(self) -> "Settings":
        if limits.parse(self.query_budget_per_viewer).amount < self.query_max_cost:
            raise ValueError(
                f"QUERY_BUDGET_PER_VIEWER is less than QUERY_MAX_COST ({self.query_max_cost}): the costliest query "
                "could never be paid."
            )
        return self

    @model_validator(mode="after")
    def _something_to_trust(self) -> "Settings":
        if self.trusted_documents_only and self.trusted_documents is None:
            raise ValueError("TRUSTED_DOCUMENTS_ONLY is set, but not where the documents are: TRUSTED_DOCUMENTS.")
        return self

    @model_validator(mode="after")
    def _ports_apart(self) -> "Settings":
        if self.metrics_port is None:
            return self
        last = self.metrics_port + self.workers - 1
        if last > _LAST_PORT or self.metrics_port <= self.port <= last:
            raise ValueError(
                f"METRICS_PORT: each of the {self.workers} processes has a port for metrics, {self.metrics_port} to "
                f"{last}. They end at {_LAST_PORT}, and PORT ({self.port}) is not among them."
            )
        return self

    @property
    def configured_database_url(self) -> str | None:
        """The database that is configured; None means the embedded one."""
        if self.database_url:
            return self.database_url
        if not self.db_host:
            return None
        user = quote(self.db_user, safe="")
        password = f":{quote(self.db_pass, safe='')}" if self.db_pass else ""
        query = f"?sslmode={self.db_sslmode}" if self.db_sslmode else ""
        return f"postgresql://{user}{password}@{self.db_host}:{self.db_port}/{quote(self.db_name, safe='')}{query}"

    @property
    def database_setting(self) -> str:
        """The setting that names the database, for messages."""
        return "DATABASE_URL" if self.database_url else "DB_HOST"

    @property
    def configured_redis_url(self) -> str | None:
        """The Redis that is configured; None means counting in process."""
        if self.redis_url:
            return self.redis_url
        if not self.redis_host:
            return None
        password = f":{quote(self.redis_password, safe='')}@" if self.redis_password else ""
        return f"redis://{password}{self.redis_host}:{self.redis_port}/0"

    @property
    def redis_setting(self) -> str:
        """The setting that names Redis, for messages."""
        return "REDIS_URL" if self.redis_url else "REDIS_HOST"

    @property
    def public_url(self) -> str:
        """Where browsers find the service."""
        return (self.base_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def migrates_on_start(self) -> bool:
        """Whether the service brings the schema up to date itself: by default everywhere but in production."""
        return self.env is not Environment.PROD if self.migrate_on_start is None else self.migrate_on_start

    @property
    def introspectors(self) -> Introspection:
        """Who may ask about the schema: by default everybody, in production nobody."""
        if self.introspection is not None:
            return self.introspection
        return Introspection.NOBODY if self.env is Environment.PROD else Introspection.EVERYBODY

    @property
    def serves_graphiql(self) -> bool:
        """Whether `/graphql` is a page in a browser: by default everywhere but in production."""
        return self.env is not Environment.PROD if self.graphiql_enabled is None else self.graphiql_enabled

    @property
    def farthest_ahead(self) -> timedelta:
        """How far in the future an event's `ts` may lie."""
        return timedelta(hours=self.ingest_max_ahead_hours)

    @property
    def farthest_behind(self) -> timedelta:
        """How far in the past an event's `ts` may lie."""
        return timedelta(days=self.ingest_max_behind_days)


def _is_endpoint(url: str) -> bool:
    try:
        address = urlsplit(url)
        host, user, _ = address.hostname, address.username, address.port  # the port is read to see that it is one
    except ValueError:
        return False
    return address.scheme in {"http", "https"} and bool(host) and user is None and not set("?#") & set(url)


def _is_safe(base_url: str) -> bool:
    try:
        address = urlsplit(base_url)
        host = address.hostname
    except ValueError:
        return False
    return host is not None and (address.scheme == "https" or (address.scheme == "http" and host in _THIS_MACHINE))
