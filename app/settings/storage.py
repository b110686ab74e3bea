"""Settings of PostgreSQL and Redis."""

from typing import Self
from urllib.parse import quote

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings


class StorageSettings(BaseSettings):
    """Settings of PostgreSQL and Redis."""

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

    @model_validator(mode="after")
    def _replica_of_something(self) -> Self:
        if self.database_replica_url and self.configured_database_url is None:
            raise ValueError("DATABASE_REPLICA_URL is set, but not which database it is a replica of: DATABASE_URL.")
        return self

    @property
    def configured_database_url(self) -> str | None:
        """The URL of the configured database; None for the embedded one."""
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
        """The URL of the configured Redis; None if limits are counted in the process."""
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
