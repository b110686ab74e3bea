"""Attempts to sign in: what a browser keeps, signed, between leaving for the provider and coming back.

state      returns with the answer: it belongs to this browser's attempt, and to this one of several tabs
nonce      returns within the id token: it was made for this attempt
verifier   goes with the code: whoever reads the code on its way cannot use it (PKCE)
"""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta

import jwt

from core.clock import now

ATTEMPT_LIFETIME = timedelta(minutes=10)

_ALGORITHM = "HS256"  # fixed: the algorithm that a token names is ignored
_AUDIENCE = "web-behavior-sso"
"""Another than that of access tokens: neither is ever taken for the other."""
_BYTES = 32


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """An attempt to sign in, and the address to go to when it has succeeded."""

    state: str
    nonce: str
    verifier: str
    return_to: str

    @classmethod
    def to(cls, return_to: str) -> "SignInAttempt":
        """Return a new attempt."""
        state, nonce, verifier = (secrets.token_urlsafe(_BYTES) for _ in range(3))
        return cls(state, nonce, verifier, return_to)

    @property
    def challenge(self) -> str:
        """The verifier's SHA-256, which the provider is shown first."""
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


class AttemptSigner:
    """Signs and reads attempts with the service's secret, so that any process can go on with one."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def sign(self, attempt: SignInAttempt) -> str:
        """Return an attempt as text that holds for ten minutes."""
        payload = {
            "aud": _AUDIENCE,
            "exp": now() + ATTEMPT_LIFETIME,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "verifier": attempt.verifier,
            "return": attempt.return_to,
        }
        return jwt.encode(payload, self._secret, algorithm=_ALGORITHM)

    def read(self, text: str, state: str) -> SignInAttempt | None:
        """Return the attempt with this state; None if it is forged, has expired, or is another."""
        required = ["exp", "state", "nonce", "verifier", "return"]
        try:
            payload = jwt.decode(
                text, self._secret, algorithms=[_ALGORITHM], audience=_AUDIENCE, options={"require": required}
            )
        except jwt.InvalidTokenError:
            return None
        attempt = SignInAttempt(payload["state"], payload["nonce"], payload["verifier"], payload["return"])
        return attempt if secrets.compare_digest(attempt.state.encode(), state.encode()) else None
