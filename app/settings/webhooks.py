"""Settings of webhooks: the key that secrets are derived from, and the networks that messages may be sent to."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode

from app.settings.server import SHORTEST_SECRET
from webhooks.addresses import AddressRules, Network


class WebhookSettings(BaseSettings):
    """Settings of webhooks."""

    webhook_signing_key: SecretStr | None = None
    webhook_allowed_networks: Annotated[tuple[Network, ...], NoDecode] = ()
    webhook_allow_http: bool = False

    @field_validator("webhook_signing_key")
    @classmethod
    def _long_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < SHORTEST_SECRET:
            raise ValueError(f"must have at least {SHORTEST_SECRET} bytes. Make one with: openssl rand -hex 32")
        return value

    @field_validator("webhook_allowed_networks", mode="before")
    @classmethod
    def _read_networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return tuple(ip_network(each.strip()) for each in value.split(",") if each.strip())
        except ValueError as error:
            raise ValueError(
                f"{error}. It must be addresses or networks, separated by commas, like 10.1.0.0/16,192.168.7.5."
            ) from error

    @property
    def webhook_rules(self) -> AddressRules:
        """The addresses that messages may be sent to."""
        return AddressRules(self.webhook_allowed_networks, self.webhook_allow_http)
