import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from auth import tokens
from auth.tokens import AccessClaims, TokenIssuer, hash_of, new_refresh_token
from core.errors import Unauthenticated
from tests.world import Asker, World

SECRET = "a secret of the tests, 32 bytes or more of it"
CLAIMS = AccessClaims(uuid4(), uuid4())
VIEWER = "{ viewer { username } }"


@pytest.fixture
def issuer() -> TokenIssuer:
    return TokenIssuer(SECRET)


def payload(**changes: Any) -> dict[str, Any]:
    """Return the payload of a good token, with changes; a change to None leaves the claim out."""
    now = datetime.now(UTC)
    good = {
        "iss": "web-behavior",
        "aud": "web-behavior-api",
        "iat": now,
        "exp": now + timedelta(minutes=5),
        "jti": "1",
        "typ": "access",
        "sub": str(CLAIMS.user_id),
        "sid": str(CLAIMS.credential_id),
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(**changes: Any) -> str:
    return jwt.encode(payload(**changes), SECRET, "HS256")


def handmade(algorithm: str, *, sign: bool) -> str:
    """A token that names an algorithm, signed with our secret by HMAC-SHA256 or not at all."""
    header, body = {"alg": algorithm, "typ": "JWT"}, payload(iat=1_700_000_000, exp=4_000_000_000)
    text = ".".join(_base64(json.dumps(part).encode()) for part in (header, body))
    return f"{text}.{_base64(hmac.digest(SECRET.encode(), text.encode(), 'sha256')) if sign else ''}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_token_says_who_for_whom_and_for_an_hour(issuer: TokenIssuer):
    token = issuer.issue(CLAIMS)

    said = jwt.decode(token.text, SECRET, ["HS256"], audience="web-behavior-api", issuer="web-behavior")
    assert set(said) == {"iss", "aud", "exp", "iat", "jti", "typ", "sub", "sid"}
    assert (said["typ"], said["sub"], said["sid"]) == ("access", str(CLAIMS.user_id), str(CLAIMS.credential_id))
    assert said["exp"] - said["iat"] == 3600
    assert said["exp"] == token.expires_at.timestamp()
    assert UUID(said["jti"]).version == 4
    assert jwt.get_unverified_header(token.text) == {"alg": "HS256", "typ": "JWT"}


def test_a_token_is_read_back(issuer: TokenIssuer):
    assert issuer.read(issuer.issue(CLAIMS).text) == CLAIMS
    assert issuer.read(signed()) == CLAIMS
    assert issuer.issue(CLAIMS).text != issuer.issue(CLAIMS).text


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "someone-else"},
        {"aud": "another-api"},
        {"aud": ["another-api"]},
        {"typ": "refresh"},
        {"typ": ["access"]},
        {"sub": "ada"},
        {"sub": 7},
        {"sid": "x"},
        {"sid": 7},
        {"sid": {"a": 1}},
        {"exp": "soon"},
        {"iat": datetime.now(UTC) + timedelta(hours=1)},
        {"nbf": datetime.now(UTC) + timedelta(hours=1)},
        *({name: None} for name in ("iss", "aud", "exp", "iat", "jti", "typ", "sub", "sid")),
    ],
    ids=lambda claims: f"{next(iter(claims))}-{type(next(iter(claims.values()))).__name__}",
)
def test_a_token_with_a_wrong_or_missing_claim_is_refused(issuer: TokenIssuer, changes: dict[str, Any]):
    with pytest.raises(Unauthenticated, match="not valid"):
        issuer.read(signed(**changes))


def test_a_token_that_was_read_before_expires_like_any_other(issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch):
    token = issuer.issue(CLAIMS)
    assert issuer.read(token.text) == issuer.read(token.text) == CLAIMS

    monkeypatch.setattr(tokens, "now", lambda: token.expires_at + timedelta(seconds=6))

    with pytest.raises(Unauthenticated, match="expired"):
        issuer.read(token.text)


def test_an_expired_token_is_refused_and_says_what_to_do(issuer: TokenIssuer):
    with pytest.raises(Unauthenticated, match=r"expired\. Refresh the session, or sign in again"):
        issuer.read(signed(exp=datetime.now(UTC) - timedelta(seconds=10)))


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -2), ("iat", 3), ("nbf", 3)])
def test_clocks_may_differ_by_a_few_seconds(issuer: TokenIssuer, claim: str, seconds: int):
    assert issuer.read(signed(**{claim: datetime.now(UTC) + timedelta(seconds=seconds)})) == CLAIMS


def test_only_our_signature_holds(issuer: TokenIssuer):
    head, body, signature = signed().split(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]

    for forged in (f"{head}.{body}.{flipped}", f"{head}.{body}.", jwt.encode(payload(), SECRET + "!", "HS256")):
        with pytest.raises(Unauthenticated):
            issuer.read(forged)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS256"])
def test_unsigned_tokens_are_refused(issuer: TokenIssuer, algorithm: str):
    with pytest.raises(Unauthenticated):
        issuer.read(handmade(algorithm, sign=False))


@pytest.mark.parametrize("algorithm", ["none", "HS512", "HS384", "RS256", "ES256", "hs256"])
def test_what_a_token_says_of_its_algorithm_is_not_believed(issuer: TokenIssuer, algorithm: str):
    assert issuer.read(handmade("HS256", sign=True)) == CLAIMS

    with pytest.raises(Unauthenticated):
        issuer.read(handmade(algorithm, sign=True))


def test_a_stronger_algorithm_with_our_own_secret_is_refused_too():
    secret = SECRET * 2  # long enough for HS512

    with pytest.raises(Unauthenticated):
        TokenIssuer(secret).read(jwt.encode(payload(), secret, "HS512"))


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"\A[\w-]+\.[\w-]+\.[\w-]*\Z"))
def test_garbage_is_refused(garbage):
    with pytest.raises(Unauthenticated):
        TokenIssuer(SECRET).read(garbage)


def test_refresh_tokens_are_long_and_never_the_same():
    tokens = {new_refresh_token() for _ in range(50)}

    assert len(tokens) == 50
    assert all(len(token) >= 43 for token in tokens)
    assert len({hash_of(token) for token in tokens}) == 50


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "Bearer " + "x" * 9000])
async def test_a_request_without_a_good_token_is_unauthenticated(world: World, header: str):
    error = await Asker(world.http, headers={"Authorization": header}).refused(VIEWER)

    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert "ign in" in error["message"]


async def test_the_scheme_of_the_header_is_read_in_any_case(world: World):
    asker = await world.sign_in(await world.user("Ada"))

    answer = await Asker(world.http, headers={"Authorization": f"bearer  {asker.token}"}).ask(VIEWER)

    assert answer["viewer"] == {"username": "Ada"}


async def test_the_token_of_a_deleted_user_is_refused(world: World):
    user = await world.user()
    asker = await world.sign_in(user)

    async with world.services.database.write() as db:
        await db.execute(text("DELETE FROM users WHERE id = :id"), {"id": user.id})

    assert (await asker.refused(VIEWER))["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("ending", ["DELETE FROM sign_ins", "UPDATE sign_ins SET expires_at = now()"])
async def test_the_token_of_an_ended_sign_in_is_refused(world: World, ending: str):
    asker = await world.sign_in(await world.user())

    async with world.services.database.write() as db:
        await db.execute(text(ending))

    error = await asker.refused(VIEWER)
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["message"] == "This sign-in has ended. Sign in again."


async def test_a_token_cannot_borrow_another_users_sign_in(world: World):
    mine, theirs = await world.sign_in(await world.user()), await world.sign_in(await world.user())
    assert mine.user
    assert theirs.token
    sign_in_id = world.services.tokens.read(theirs.token).credential_id

    borrowed = world.services.tokens.issue(AccessClaims(mine.user.id, sign_in_id)).text

    error = await Asker(world.http, token=borrowed).refused(VIEWER)
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
