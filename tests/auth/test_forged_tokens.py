"""Tokens of every wrong kind, at every door that takes one: none opens, and each is told the same."""

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import time
from typing import Any

import pytest
from httpx import AsyncClient

from tests.auth.accounts import quick_user
from tests.auth.test_sessions import CHANGE, LOGOUT, NEW, grace_passes, login, refresh
from tests.rest_requests import execute
from tests.world import PASSWORD, Asker, World

EXPORT = "/api/v1/exports/behaviors.ndjson"
VIEWER = {"query": "{ viewer { username } }"}
PUBLIC_KEY = (
    b"-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALRiMLAHudeSA2ai7ajzbMSpIoNjcZcB\n"
    b"OGSNVRRBeZ3o4Y0hpdm5fRyHYVTkNn0t7LcDJTxLbFSKSfVZHDDzNvECAwEAAQ==\n-----END PUBLIC KEY-----\n"
)
"""What an attacker would sign with by HMAC, if the service had an RSA key of which this were the public part."""
HEADERS = {"alg": "HS256", "typ": "JWT"}
DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


@dataclass(frozen=True)
class Forge:
    """Makes tokens that are right but for what a case says; `secret` is the service's."""

    secret: bytes
    claims: dict[str, Any]

    def token(self, headers: dict[str, Any] | None = None, key: bytes | None = None, **changes: Any) -> str:
        """A token with changes (None takes a claim away), signed by HMAC with a key or, by default, with ours."""
        head = HEADERS | (headers or {})
        body = {name: value for name, value in (self.claims | changes).items() if value is not None}
        text = f"{_encoded(json.dumps(head).encode())}.{_encoded(json.dumps(body).encode())}"
        digest = DIGESTS.get(head["alg"], "sha256")
        return f"{text}.{_encoded(hmac.digest(self.secret if key is None else key, text.encode(), digest))}"

    def unsigned(self, algorithm: str) -> str:
        """A token that says it needs no signature."""
        return self.token({"alg": algorithm}).rpartition(".")[0] + "."

    def tampered(self, **changes: Any) -> str:
        """The signature of a good token below other claims."""
        head, _, signature = self.token().split(".")
        return f"{head}.{self.token(**changes).split('.')[1]}.{signature}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


ANOTHER = "00000000-0000-4000-8000-000000000000"
IN_AN_HOUR, AN_HOUR_AGO = int(time()) + 3600, int(time()) - 3600
FORGERIES: dict[str, Callable[[Forge], str]] = {
    "none": lambda forge: forge.unsigned("none"),
    "None": lambda forge: forge.unsigned("None"),
    "none, signed": lambda forge: forge.token({"alg": "none"}),
    "no algorithm": lambda forge: forge.token({"alg": None}),
    "HS384 with our secret": lambda forge: forge.token({"alg": "HS384"}),
    "HS512 with our secret": lambda forge: forge.token({"alg": "HS512"}),
    "RS256, signed by HMAC with our secret": lambda forge: forge.token({"alg": "RS256"}),
    "RS256's public key as HMAC's secret": lambda forge: forge.token(key=PUBLIC_KEY),
    "RS256, signed by HMAC with the public key": lambda forge: forge.token({"alg": "RS256"}, PUBLIC_KEY),
    "another key": lambda forge: forge.token(key=b"another secret, as long as it ought to be"),
    "no key": lambda forge: forge.token(key=b""),
    "a key of zeros, named by kid": lambda forge: forge.token({"kid": "../../../../dev/null"}, b""),
    "a key in the database, named by kid": lambda forge: forge.token({"kid": "' UNION SELECT 'x"}, b"x"),
    "a key elsewhere": lambda forge: forge.token({"jku": "http://127.0.0.1:9/keys", "kid": "1"}, b"x"),
    "a certificate elsewhere": lambda forge: forge.token({"x5u": "http://127.0.0.1:9/key.pem"}, b"x"),
    "a key brought along": lambda forge: forge.token({"jwk": {"kty": "oct", "k": _encoded(b"x")}}, b"x"),
    "what is critical is unknown": lambda forge: forge.token({"crit": ["exp2"], "exp2": 1}),
    "the claims of another user": lambda forge: forge.tampered(sub=ANOTHER),
    "another user": lambda forge: forge.token(sub=ANOTHER),
    "another sign-in": lambda forge: forge.token(sid=ANOTHER),
    "a longer life": lambda forge: forge.tampered(exp=IN_AN_HOUR * 2),
    "another issuer": lambda forge: forge.token(iss="another"),
    "another audience": lambda forge: forge.token(aud="another-api"),
    "several issuers": lambda forge: forge.token(iss=["web-behavior"]),
    "another type": lambda forge: forge.token(typ="refresh"),
    "expired": lambda forge: forge.token(exp=AN_HOUR_AGO),
    "not valid yet": lambda forge: forge.token(nbf=IN_AN_HOUR),
    "issued in the future": lambda forge: forge.token(iat=IN_AN_HOUR),
    "no signature": lambda forge: forge.token().rpartition(".")[0],
    "two signatures": lambda forge: forge.token() + "." + forge.token().rpartition(".")[2],
    "encrypted, it says": lambda forge: "..".join(forge.token().split(".")),
    **{
        f"no {claim}": lambda forge, claim=claim: forge.token(**{claim: None})  # type: ignore[misc]
        for claim in ("iss", "aud", "exp", "iat", "jti", "typ", "sub", "sid")
    },
}


async def opened(http: AsyncClient, *, token: str = "", ticket: str = "") -> dict[str, bool]:
    """Return the routes that a token, or a ticket, opens. A cookie opens only what it is meant for."""
    bearer = {"Authorization": f"Bearer {token}"}
    cookie = {"Cookie": f"wb_access={token}", "Origin": "http://testserver"}
    answers = {
        "GraphQL": await http.post("/graphql", json=VIEWER, headers=bearer),
        "GraphQL by cookie": await http.post("/graphql", json=VIEWER, headers=cookie),
        "download": await http.get(EXPORT, headers=bearer),
        "download by ticket": await http.get(EXPORT, params={"ticket": ticket or token}),
    }
    open_doors = {}
    for name, answer in answers.items():
        codes = [error["extensions"]["code"] for error in answer.json().get("errors", [])] if "Gr" in name else []
        assert (answer.status_code, codes) in [(200, []), (200, ["UNAUTHENTICATED"]), (401, [])]
        open_doors[name] = (answer.status_code, codes) == (200, [])
    return open_doors


@pytest.fixture
async def forge(world: World) -> Forge:
    """Knows the service's secret, and somebody who is signed in."""
    ada = await world.sign_in(await world.user("Ada"))
    claims = world.services.tokens.read(ada.token or "")
    return Forge(
        world.services.tokens._secret.encode(),
        {
            "iss": "web-behavior",
            "aud": "web-behavior-api",
            "iat": int(time()),
            "exp": IN_AN_HOUR,
            "jti": "1",
            "typ": "access",
            "sub": str(claims.user_id),
            "sid": str(claims.credential_id),
        },
    )


async def test_a_token_opens_its_own_doors_and_no_forgery_any(world: World, forge: Forge):
    ticket = forge.token(typ="download", res=hashlib.sha256(EXPORT.encode()).hexdigest())

    right = await opened(world.http, token=forge.token(), ticket=ticket)
    forged = {name: await opened(world.http, token=make(forge)) for name, make in FORGERIES.items()}

    assert right == dict.fromkeys(right, True)
    assert forged == {name: dict.fromkeys(right, False) for name in FORGERIES}


@pytest.mark.parametrize(
    "changes",
    [{"typ": "access"}, {"exp": 1_700_000_000}, {"res": "x"}, {"res": None}, {"aud": "x"}, {"iss": "x"}],
    ids=str,
)
async def test_no_forged_ticket_opens_a_download(world: World, forge: Forge, changes: dict[str, Any]):
    right: dict[str, Any] = {"typ": "download", "res": hashlib.sha256(EXPORT.encode()).hexdigest()}

    assert (await world.http.get(EXPORT, params={"ticket": forge.token(**right)})).status_code == 200
    assert (await world.http.get(EXPORT, params={"ticket": forge.token(**right | changes)})).status_code == 401


async def test_forgeries_are_not_told_what_is_wrong_with_them(world: World, forge: Forge):
    signed_by_us = {"expired", "another user", "another sign-in"}  # whoever has these may be told
    told = {
        (await Asker(world.http, token=make(forge)).refused(VIEWER["query"]))["message"]
        for name, make in FORGERIES.items()
        if name not in signed_by_us
    }

    assert told == {"The access token is not valid. Sign in again."}


async def reuse_after_the_grace(world: World, session: dict[str, Any]) -> None:
    """Refresh by a token that was used longer ago than lost answers are forgiven."""
    await grace_passes(world)
    await refresh(world, session["refreshToken"])


EXPIRE = """WITH tokens AS (UPDATE refresh_tokens SET expires_at = now())
    UPDATE sign_ins SET expires_at = now()"""
ENDINGS: dict[str, Callable[[World, dict[str, Any]], Awaitable[Any]]] = {
    "signed out": lambda world, session: Asker(world.http, token=session["accessToken"]).ask(LOGOUT),
    "refresh token used twice": reuse_after_the_grace,
    "account deleted": lambda world, _: execute(world.services, "DELETE FROM users"),
    "sign-in expired": lambda world, _: execute(world.services, EXPIRE),
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_session_that_has_ended_opens_nothing_any_more(world: World, ending: str):
    await quick_user(world, "Ada")
    session = await login(world)
    newer = await refresh(world, session["refreshToken"])
    ticket = world.services.tokens.issue_ticket(world.services.tokens.read(newer["accessToken"]), EXPORT).text
    before = await opened(world.http, token=newer["accessToken"], ticket=ticket)

    await ENDINGS[ending](world, session)

    after = await opened(world.http, token=newer["accessToken"], ticket=ticket)
    assert before == dict.fromkeys(before, True)
    assert after == dict.fromkeys(before, False)
    assert (await refresh(world, newer["refreshToken"]))["__typename"] == "InvalidRefreshToken"


async def test_a_changed_password_closes_every_door_to_other_sessions(world: World):
    await quick_user(world, "Ada")
    own, other = await login(world), await login(world)
    tokens = world.services.tokens
    tickets = [tokens.issue_ticket(tokens.read(each["accessToken"]), EXPORT).text for each in (own, other)]

    await Asker(world.http, token=own["accessToken"]).ask(CHANGE, current=PASSWORD, new=NEW)

    mine, theirs = [
        await opened(world.http, token=each["accessToken"], ticket=ticket)
        for each, ticket in zip((own, other), tickets, strict=True)
    ]
    assert mine == dict.fromkeys(mine, True)
    assert theirs == dict.fromkeys(mine, False)
