"""The provider of single sign-on: where to leave for, whom a code stands for, where to sign out."""

import asyncio
import hmac
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from auth.sso.attempts import SignInAttempt
from auth.sso.endpoint import ProviderEndpoint, unavailable
from auth.sso.id_tokens import signing_key, verified_claims
from auth.sso.identity import Callback, Identity
from auth.sso.metadata import ProviderMetadata, metadata_url, read_metadata
from auth.sso.options import SsoOptions
from core.errors import InvalidProviderAnswer, ProviderUnavailable

_KEPT_SECONDS = 600.0
"""For how long metadata and keys are kept: a key that was taken back is accepted no longer than that."""
_SECONDS = 8.0
"""The longest time that a person waits for the provider: less than a request may take."""
_OK = 200

Value = TypeVar("Value")


class Provider:
    """Asks the provider. Its metadata and keys are loaded when they are needed first, and anew from time to time."""

    def __init__(self, options: SsoOptions, endpoint: ProviderEndpoint) -> None:
        self._options = options
        self._endpoint = endpoint
        self._metadata = _Kept(self._load_metadata)
        self._keys = _Kept(self._load_keys)

    async def sign_in_url(self, attempt: SignInAttempt, *, anew: bool) -> str:
        """Return the address where a person signs in, `anew` if they have already. ProviderUnavailable."""
        async with _in_time():
            metadata = await self._metadata.value()
        parameters = {
            "response_type": "code",
            "client_id": self._options.client_id,
            "redirect_uri": self._options.callback_url,
            "scope": self._options.scopes,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
            **({"prompt": "login"} if anew else {}),
        }
        return _with(metadata.authorization_endpoint, parameters)

    async def identity(self, callback: Callback, attempt: SignInAttempt) -> Identity:
        """Return whom the provider's answer to an attempt stands for. InvalidProviderAnswer, ProviderUnavailable."""
        async with _in_time():
            metadata = await self._metadata.value()
            self._check_sender(callback, metadata)
            tokens = await self._tokens(metadata, callback.code or "", attempt)
            id_token = tokens.get("id_token")
            if not isinstance(id_token, str):
                raise InvalidProviderAnswer("The provider gave no id token: `openid` must be one of OIDC_SCOPES.")
            claims = await self._verified(id_token, attempt)
            more = await self._userinfo(metadata, tokens.get("access_token"), claims)
        return Identity(claims["sub"], {**more, **claims}, id_token)

    async def sign_out_url(self, id_token: str | None) -> str | None:
        """Return the address where a person signs out of the provider; None if it offers none, or does not answer."""
        try:
            async with _in_time():
                metadata = await self._metadata.value()
        except ProviderUnavailable:
            return None
        if metadata.end_session_endpoint is None:
            return None
        parameters = {
            "client_id": self._options.client_id,
            "post_logout_redirect_uri": self._options.signed_out_url,
            **({"id_token_hint": id_token} if id_token else {}),
        }
        return _with(metadata.end_session_endpoint, parameters)

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    def _check_sender(self, callback: Callback, metadata: ProviderMetadata) -> None:
        issuer = callback.issuer
        if (issuer is None and metadata.names_itself) or (issuer is not None and issuer != self._options.issuer):
            raise InvalidProviderAnswer("The answer is not from the provider that was asked. Begin again.")

    async def _tokens(self, metadata: ProviderMetadata, code: str, attempt: SignInAttempt) -> dict[str, Any]:
        options = self._options
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": options.callback_url,
            "code_verifier": attempt.verifier,
            "client_id": options.client_id,
        }
        headers = {}
        if options.client_secret is not None:
            secret = options.client_secret.get_secret_value()
            if metadata.posts_secret:
                form["client_secret"] = secret
            else:
                pair = f"{quote(options.client_id, safe='')}:{quote(secret, safe='')}"
                headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        status, answer = await self._endpoint.post(metadata.token_endpoint, form, headers)
        if status == _OK:
            return answer
        if answer.get("error") == "invalid_grant":
            raise InvalidProviderAnswer("This sign-in was completed before, or took too long. Begin again.")
        raise unavailable(f"it refuses codes with HTTP status {status}: see to OIDC_CLIENT_ID and OIDC_CLIENT_SECRET")

    async def _verified(self, id_token: str, attempt: SignInAttempt) -> Mapping[str, Any]:
        key = signing_key(id_token, await self._keys.value())
        if key is None:  # the provider may have new ones
            key = signing_key(id_token, await self._keys.anew())
        if key is None:
            raise InvalidProviderAnswer("The provider's id token is signed by none of its keys. Nobody is signed in.")
        options = self._options
        return verified_claims(id_token, key, issuer=options.issuer, client_id=options.client_id, nonce=attempt.nonce)

    async def _userinfo(
        self, metadata: ProviderMetadata, access_token: object, claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return the claims that the id token lacks and we need, if the provider tells them elsewhere."""
        needed = {self._options.username_claim, *([self._options.groups.claim] if self._options.groups.exist else [])}
        if needed <= claims.keys() or metadata.userinfo_endpoint is None or not isinstance(access_token, str):
            return {}
        more = await self._endpoint.get(metadata.userinfo_endpoint, {"authorization": f"Bearer {access_token}"})
        subject = more.get("sub")
        if not isinstance(subject, str) or not hmac.compare_digest(subject.encode(), claims["sub"].encode()):
            raise InvalidProviderAnswer("The provider's answers are about two different people. Nobody is signed in.")
        return more

    async def _load_metadata(self) -> ProviderMetadata:
        issuer = self._options.issuer
        return read_metadata(issuer, await self._endpoint.get(metadata_url(issuer)))

    async def _load_keys(self) -> list[object]:
        published = await self._endpoint.get((await self._metadata.value()).jwks_uri)
        keys = published.get("keys")
        if not isinstance(keys, list):
            raise unavailable("it publishes no keys")
        return keys


class _Kept(Generic[Value]):
    """Something that is loaded when it is needed, once for all who wait for it, and kept for a while."""

    def __init__(self, load: Callable[[], Awaitable[Value]]) -> None:
        self._load = load
        self._loading: asyncio.Task[Value] | None = None
        self._loaded: tuple[Value, float] | None = None

    async def value(self) -> Value:
        """Return what is kept, or load it."""
        if self._loaded is not None and time.monotonic() < self._loaded[1]:
            return self._loaded[0]
        return await self.anew()

    async def anew(self) -> Value:
        """Load it, whatever is kept. Whoever gives up waiting does not stop it for the others."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._reload())
            self._loading.add_done_callback(self._done)
        return await asyncio.shield(self._loading)

    async def _reload(self) -> Value:
        value = await self._load()
        self._loaded = value, time.monotonic() + _KEPT_SECONDS
        return value

    def _done(self, task: asyncio.Task[Value]) -> None:
        self._loading = None
        if not task.cancelled():
            task.exception()  # it was raised where it was waited for, or nobody waits any more


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """Give up what takes too long. ProviderUnavailable."""
    try:
        async with asyncio.timeout(_SECONDS):
            yield
    except TimeoutError as error:
        raise unavailable("it took too long") from error


def _with(address: str, parameters: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"
