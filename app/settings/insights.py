"""Settings of the model that words insights."""

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings


class InsightSettings(BaseSettings):
    """Settings of the model that words insights; without `ai_api_key` none does."""

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


def _is_endpoint(url: str) -> bool:
    try:
        address = urlsplit(url)
        host, user, _ = address.hostname, address.username, address.port  # the port is read to see that it is one
    except ValueError:
        return False
    return address.scheme in {"http", "https"} and bool(host) and user is None and not set("?#") & set(url)
