"""Access tokens (JWT, an hour), tickets for one download (JWT, minutes) and refresh tokens (random, used once)."""

import hashlib
import secrets
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

_ALGORITHM = "HS256"  # fixed: what a token says of its own algorithm is never believed
_ISSUER = "web-behavior"
_AUDIENCE = "web-behavior-api"
_ACCESS = "access"
_DOWNLOAD = "download"
_LEEWAY = timedelta(seconds=5)
"""How far the clocks of two machines that serve together may differ."""
_REMEMBERED = 1024
"""How many tokens whose signature has been checked are known again."""
_CLAIMS = ["iss", "aud", "exp", "iat", "jti", "typ", "sub", "sid"]


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """Whom an access token speaks for: a user, by a sign-in that must still be alive."""

    user_id: UUID
    sign_in_id: UUID


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed token (or ticket) and when it ends."""

    text: str
    expires_at: datetime


class TokenIssuer:
    """Signs and reads access tokens and tickets with the service's secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._verified = lru_cache(_REMEMBERED)(self._verify)  # a page asks many questions with one token

    def issue(self, claims: AccessClaims) -> AccessToken:
        """A token for an hour."""
        return self._sign(claims, _ACCESS, ACCESS_LIFETIME)

    def issue_ticket(self, claims: AccessClaims, resource: str) -> AccessToken:
        """A ticket with which to begin one download, that of `resource`, within minutes: it may stand in an address."""
        return self._sign(claims, _DOWNLOAD, TICKET_LIFETIME, res=hash_of(resource).hex())

    def read(self, token: str) -> AccessClaims:
        """Whom a token speaks for; Unauthenticated when it is expired, forged or meant for something else."""
        try:
            return self._claims(token, _ACCESS)
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("The access token has expired. Refresh the session, or sign in again.") from error
        except (jwt.InvalidTokenError, ValueError, AttributeError, TypeError) as error:
            raise Unauthenticated("The access token is not valid. Sign in again.") from error

    def read_ticket(self, ticket: str, resource: str) -> AccessClaims:
        """Whom a ticket for this download speaks for; Unauthenticated when it is expired, forged or for another."""
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
            "sid": str(claims.sign_in_id),
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
        """What a token of ours says; whether it holds still is another question."""
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
    """A refresh token: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> bytes:
    """What is stored of a random token. It has more entropy than a slow hash could add, so SHA-256 will do."""
    return hashlib.sha256(token.encode()).digest()
