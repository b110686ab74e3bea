"""Secrets of endpoints, and signatures by them: the Standard Webhooks specification, by its library.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_bytes
from uuid import UUID

from standardwebhooks import Webhook

_SALT_BYTES = 32


class SigningKey:
    """The service's own key, which each endpoint's secret is derived from: the database holds no secret."""

    def __init__(self, text: str) -> None:
        self._key = text.encode()

    @classmethod
    def derived_from(cls, secret: str) -> "SigningKey":
        """Return a key that tells nothing of the secret it is derived from."""
        return cls(hmac.digest(secret.encode(), b"web-behavior: signing of webhooks", sha256).hex())

    def secret(self, webhook_id: UUID, salt: bytes) -> str:
        """Return an endpoint's secret, `whsec_…`, of the salt that is kept beside it."""
        return "whsec_" + b64encode(hmac.digest(self._key, webhook_id.bytes + salt, sha256)).decode()


def new_salt() -> bytes:
    """Return a salt, which makes another secret."""
    return token_bytes(_SALT_BYTES)


@dataclass(frozen=True, slots=True)
class Message:
    """A message to sign: its id, which is that of the event, and its body."""

    id: str
    body: bytes

    def headers(self, at: datetime, secrets: Sequence[str]) -> dict[bytes | str, bytes | str]:
        """Return the headers of the specification, with a signature by each secret."""
        text = self.body.decode()
        return {
            "webhook-id": self.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(Webhook(secret).sign(self.id, at, text) for secret in secrets),
        }
