"""Id tokens with and without a right to be believed. Keys are real ones; the provider's own: tests/conformance."""

import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.sso.id_tokens import signing_key, verified_claims
from core.clock import now
from core.errors import InvalidProviderAnswer

ISSUER, CLIENT, NONCE = "https://login.example", "web-behavior", "n" * 43
RSA, EC, ED = (
    rsa.generate_private_key(65537, 2048),
    ec.generate_private_key(ec.SECP256R1()),
    Ed25519PrivateKey.generate(),
)
STRANGER = rsa.generate_private_key(65537, 2048)
KINDS: dict[str, tuple[Any, Any]] = {
    "RS256": (RSA, jwt.algorithms.RSAAlgorithm),
    "PS256": (RSA, jwt.algorithms.RSAAlgorithm),
    "ES256": (EC, jwt.algorithms.ECAlgorithm),
    "EdDSA": (ED, jwt.algorithms.OKPAlgorithm),
}


def published(algorithm: str, **more: Any) -> dict[str, Any]:
    """A key as a provider publishes it."""
    key, kind = KINDS[algorithm]
    jwk: dict[str, Any] = json.loads(kind.to_jwk(key.public_key()))
    return {name: value for name, value in jwk.items() if name != "key_ops"} | {"kid": algorithm} | more


def id_token(algorithm: str = "RS256", key: Any = None, headers: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token of the provider; claims of None are left out."""
    usual = {
        "iss": ISSUER,
        "sub": "ada",
        "aud": CLIENT,
        "nonce": NONCE,
        "iat": now(),
        "exp": now() + timedelta(hours=1),
    }
    payload = {
        # A claim that is a timedelta is that far from now: parameters of tests are the same in every process.
        name: now() + value if isinstance(value, timedelta) else value
        for name, value in (usual | claims).items()
        if value is not None
    }
    signing = key or KINDS[algorithm][0]
    return jwt.encode(payload, signing, algorithm=algorithm, headers={"kid": algorithm} if headers is None else headers)


def verified(token: str, *keys: Any) -> Any:
    """The claims of a token; None without a key."""
    key = signing_key(token, keys or [published("RS256")])
    return key and verified_claims(token, key, issuer=ISSUER, client_id=CLIENT, nonce=NONCE)


@pytest.mark.parametrize("algorithm", KINDS)
def test_a_token_by_any_accepted_signature_is_believed(algorithm: str):
    assert verified(id_token(algorithm), published(algorithm))["sub"] == "ada"


def test_a_key_is_found_among_others_and_without_an_id():
    keys = [published(algorithm) for algorithm in ("ES256", "EdDSA", "RS256")]

    assert verified(id_token(), "nonsense", *keys)["sub"] == "ada"
    assert verified(id_token(headers={}), *keys)["sub"] == "ada"


@pytest.mark.parametrize(
    "keys",
    [
        [published("RS256", kid="older")],
        [published("RS256", use="enc")],
        [published("RS256", alg="PS256")],
        [published("ES256", kid="RS256")],
        [{"kid": "RS256", "kty": "RSA", "n": "!", "e": "AQAB"}],
        [{"kid": "RS256", "kty": "oct", "k": "c2VjcmV0"}],
        [published("RS256"), published("RS256")],
        [None],
    ],
)
def test_a_token_that_none_of_the_keys_is_for_is_not_believed(keys: list[Any]):
    assert signing_key(id_token(), keys) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"nonce": "of another attempt"},
        {"nonce": ["n"]},
        {"nonce": "\u00e9"},
        {"exp": timedelta(minutes=-2)},
        {"iat": timedelta(minutes=2)},
        {"nbf": timedelta(minutes=2)},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "a\x00b"},
        {"sub": 4711},
        *({name: None} for name in ("iss", "sub", "aud", "exp", "iat", "nonce")),
    ],
    ids=str,
)
def test_a_token_that_was_made_for_something_else_is_refused(claims: dict[str, Any]):
    with pytest.raises(InvalidProviderAnswer):
        verified(id_token(**claims))


def test_several_audiences_are_fine_if_it_was_made_for_us():
    assert verified(id_token(aud=[CLIENT, "another"], azp=CLIENT))["sub"] == "ada"


def test_clocks_may_differ_a_little():
    assert verified(id_token(exp=timedelta(seconds=-30), iat=timedelta(seconds=30)))["sub"] == "ada"


def test_a_strangers_signature_is_refused():
    with pytest.raises(InvalidProviderAnswer):
        verified(id_token(key=STRANGER))


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_signatures_that_anybody_can_make_are_refused(algorithm: str):
    key = None if algorithm == "none" else "k" * 32
    token = jwt.encode({"iss": ISSUER}, key, algorithm=algorithm, headers={"kid": "RS256"})  # type: ignore[arg-type]

    with pytest.raises(InvalidProviderAnswer, match="not accepted"):
        verified(token)


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "e30.e30.", "\u00e9.\u00e9.\u00e9"])
def test_what_is_no_token_is_refused(text: str):
    with pytest.raises(InvalidProviderAnswer):
        verified(text)
