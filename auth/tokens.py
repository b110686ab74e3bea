"""Access tokens (JWT, an hour), tickets for one download (JWT, minutes) and refresh tokens (256 bits, used once)."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

import jwt

from core.clock import now
from core.errors import Unauthenticated

ACCESS_LIFETIME = timedelta(hours=1)
TICKET_LIFETIME = timedelta(minutes=5)
REFRESH_LIFETIME = timedelta(days=30)
REFRESH_GRACE = timedelta(seconds=10)
"""The time after its use in which a refresh token returns the same successor again: for other tabs and lost answers."""

_ALGORITHM = "HS256"  # fixed: the algorithm that a token names is ignored
_ISSUER = "web-behavior"
_AUDIENCE = "web-behavior-api"
_ACCESS = "access"
_DOWNLOAD = "download"
_LEEWAY = timedelta(seconds=5)
"""The largest difference between the clocks of two servers."""
_REMEMBERED = 1024
"""The number of tokens whose verified payload is cached."""
_TOKEN_BYTES = 32
_CLAIMS = ["iss", "aud", "exp", "iat", "jti", "typ", "sub", "sid"]


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """The claims of an access token: a user, and the sign-in that must not have ended.

    A ticket may have been made with an API token: then it is that token, and its owner.
    """

    user_id: UUID
    credential_id: UUID


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed token (or ticket) and the time at which it expires."""

    text: str
    expires_at: datetime


class TokenIssuer:
    """Signs and reads access tokens and tickets with the service's secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._verified = lru_cache(_REMEMBERED)(self._verify)  # a page sends many requests with one token

    def issue(self, claims: AccessClaims) -> AccessToken:
        """Return an access token that is valid for an hour."""
        return self._sign(claims, _ACCESS, ACCESS_LIFETIME)

    def issue_ticket(self, claims: AccessClaims, resource: str) -> AccessToken:
        """Return a ticket for one download, that of `resource`, valid for minutes only, since a URL holds it."""
        return self._sign(claims, _DOWNLOAD, TICKET_LIFETIME, res=hash_of(resource).hex())

    def read(self, token: str) -> AccessClaims:
        """Return the claims of a token; Unauthenticated if it is expired, forged or meant for something else."""
        try:
            return self._claims(token, _ACCESS)
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("The access token has expired. Refresh the session, or sign in again.") from error
        except (jwt.InvalidTokenError, ValueError, AttributeError, TypeError) as error:
            raise Unauthenticated("The access token is not valid. Sign in again.") from error

    def read_ticket(self, ticket: str, resource: str) -> AccessClaims:
        """Return the claims of a ticket for this download; Unauthenticated if it is expired, forged or for another."""
        try:
            return self._claims(ticket, _DOWNLOAD, res=hash_of(resource).hex())
        except (jwt.InvalidTokenError, ValueError, AttributeError, TypeError) as error:
            raise Unauthenticated("The ticket has expired, or is for another download. Ask for a new one.") from error

    def _sign(self, claims: AccessClaims, kind: str, lifetime: timedelta, **more: str) -> AccessToken:
        issued_at = now()
        expires_at = issued_at + lifetime
        payload = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "iat": issued_at,
            "exp": expires_at,
            "jti": str(uuid4()),
            "typ": kind,
            "sub": str(claims.user_id),
            "sid": str(claims.credential_id),
            **more,
        }
        return AccessToken(jwt.encode(payload, self._secret, algorithm=_ALGORITHM), expires_at.replace(microsecond=0))

    def _claims(self, token: str, kind: str, **more: str) -> AccessClaims:
        payload = self._verified(token)
        if payload["exp"] <= (now() - _LEEWAY).timestamp():
            raise jwt.ExpiredSignatureError
        for name, value in {"typ": kind, **more}.items():
            if payload.get(name) != value:
                raise ValueError("meant for something else")
        return AccessClaims(UUID(payload["sub"]), UUID(payload["sid"]))

    def _verify(self, token: str) -> Mapping[str, Any]:
        """Return the payload of a token that we signed; its expiry is checked again by `_claims`."""
        payload: Mapping[str, Any] = jwt.decode(
            token,
            self._secret,
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            audience=_AUDIENCE,
            options={"require": _CLAIMS},
            leeway=_LEEWAY,
        )
        return payload


def new_refresh_token() -> str:
    """Return a refresh token: 256 random bits."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def new_link_token() -> str:
    """Return the token of a link: 256 random bits, in characters that need no escaping in an address."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def new_successor_seed() -> bytes:
    """Return random bytes that, together with a refresh token, determine its successor; alone they reveal nothing."""
    return secrets.token_bytes(_TOKEN_BYTES)


def successor_of(refresh_token: str, seed: bytes) -> str:
    """Return the successor of a refresh token: the same for the same seed, in every process.

    An HMAC keyed by the token, of which only a hash is stored, so that a reader of the database cannot compute it.
    """
    digest = hmac.digest(refresh_token.encode(), seed, "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def hash_of(token: str) -> bytes:
    """Return the hash to store of a random token: SHA-256, since a slow hash adds nothing to 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
