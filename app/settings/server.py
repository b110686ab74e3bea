"""Settings of the server: addresses, connections, logs, metrics, credentials and origins."""

import logging
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

from core.web_addresses import is_safe_address

SHORTEST_SECRET = 32
_LAST_PORT = 65535


class Environment(StrEnum):
    """The environment that the service runs in. `prod` refuses unsafe settings."""

    DEV = "dev"
    TEST = "test"
    PROD = "prod"


class ServerSettings(BaseSettings):
    """Settings of the server."""

    env: Environment = Environment.DEV
    port: int = Field(default=8080, ge=1, le=65535)
    host: str = "127.0.0.1"
    base_url: str | None = None
    workers: int = Field(default=1, ge=1, le=64)
    max_connections: int = Field(default=2000, ge=1)
    max_connections_per_address: int = Field(default=500, ge=0)
    max_requests: int = Field(default=256, ge=1)
    max_head_kib: int = Field(default=32, ge=1, le=1024)
    head_timeout_seconds: float = Field(default=10, ge=1, le=600)
    write_timeout_seconds: float = Field(default=30, ge=1, le=3600)
    stop_delay_seconds: float = Field(default=0, ge=0, le=60)
    data_dir: Path = Path(".data")
    log_level: str = "info"
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    metrics_host: str = "127.0.0.1"
    otel_exporter_otlp_endpoint: str | None = None
    jwt_secret: str | None = None
    admin_username: str | None = None
    admin_password: str | None = None
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    forwarded_allow_ips: Annotated[tuple[str, ...], NoDecode] = ()
    trust_request_id: bool = False
    request_timeout_seconds: float = Field(default=10, gt=0)

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in logging.getLevelNamesMapping():
            raise ValueError("must be debug, info, warning or error.")
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

    @field_validator("forwarded_allow_ips", mode="before")
    @classmethod
    def _split_proxies(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(proxy.strip() for proxy in value.split(",") if proxy.strip())
        return value

    @field_validator("forwarded_allow_ips")
    @classmethod
    def _known_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # uvicorn takes what it cannot read for a name that no client ever has: nobody would be trusted, without a word.
        for proxy in value if value != ("*",) else ():
            try:
                ip_network(proxy)  # an address is a network of one
            except ValueError as error:
                raise ValueError(
                    f"{error}. It must be the addresses or networks of proxies, separated by commas, like "
                    "10.0.0.7,10.42.0.0/16, or * alone for whoever connects."
                ) from error
        return value

    @model_validator(mode="after")
    def _safe_in_production(self) -> Self:
        if self.env is not Environment.PROD:
            return self
        if len((self.jwt_secret or "").encode()) < SHORTEST_SECRET:
            raise ValueError(
                f"JWT_SECRET must be set to at least {SHORTEST_SECRET} bytes when ENV=prod. "
                "Make one with: openssl rand -hex 32"
            )
        if not is_safe_address(self.base_url or ""):
            raise ValueError(
                "BASE_URL must be the https:// address of the service when ENV=prod: cookies are only then Secure. "
                "(http://localhost will do for trying out.)"
            )
        return self

    @model_validator(mode="after")
    def _ports_apart(self) -> Self:
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
    def public_url(self) -> str:
        """The address at which browsers reach the service."""
        return (self.base_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def logs_json(self) -> bool:
        """True if the log is written as JSON: in production."""
        return self.env is Environment.PROD
