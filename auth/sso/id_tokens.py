"""The verification of id tokens: signed by the provider, made for this service and this attempt, and not expired."""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import jwt

from core.errors import InvalidProviderAnswer

_KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key that the provider alone has: no `none`, and nothing made with a secret that clients know."""

_LEEWAY = timedelta(seconds=60)
"""The largest difference between the provider's clock and ours."""
_REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]
_SUBJECT_CHARACTERS = 255


def signing_key(token: str, keys: Iterable[object]) -> jwt.PyJWK | None:
    """Return the one of a provider's keys, as it publishes them, that a token says to be signed by; None without one.

    InvalidProviderAnswer if no such signature would be accepted.
    """
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise _invalid("is no token") from error
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise _invalid(f"is signed in a way that is not accepted; these are: {', '.join(ALGORITHMS)}")
    fitting = [key for key in keys if isinstance(key, dict) and _fits(key, algorithm, header.get("kid"))]
    if len(fitting) != 1:
        return None
    try:
        return jwt.PyJWK(fitting[0], algorithm)
    except jwt.PyJWTError:
        return None


def verified_claims(token: str, key: jwt.PyJWK, *, issuer: str, client_id: str, nonce: str) -> Mapping[str, Any]:
    """Return the claims of an id token. InvalidProviderAnswer if it is forged, expired, or made for something else."""
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=issuer,
            audience=client_id,
            leeway=_LEEWAY,
            options={"require": _REQUIRED},
        )
    except jwt.ExpiredSignatureError as error:
        raise _invalid("has expired") from error
    except jwt.InvalidTokenError as error:
        raise _invalid("is not one that the provider made for this service") from error
    if claims.get("azp", client_id) != client_id or ("azp" not in claims and _is_for_several(claims["aud"])):
        raise _invalid("was made for another application")
    if not _is_equal(claims["nonce"], nonce):
        raise _invalid("was made for another attempt to sign in")
    if not 0 < len(claims["sub"]) <= _SUBJECT_CHARACTERS or not claims["sub"].isprintable():
        raise _invalid("names nobody: `sub` has 1 to 255 printable characters")
    return claims


def _fits(key: Mapping[str, Any], algorithm: str, key_id: object) -> bool:
    return (
        key.get("kty") == _KEY_TYPES[algorithm[:2]]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (key_id is None or key.get("kid") == key_id)
    )


def _is_for_several(audience: str | Sequence[str]) -> bool:
    return not isinstance(audience, str) and len(audience) > 1


def _is_equal(given: object, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _invalid(problem: str) -> InvalidProviderAnswer:
    return InvalidProviderAnswer(f"The provider's id token {problem}. Nobody is signed in: begin again.")
