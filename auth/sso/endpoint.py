"""The HTTP connection to the provider: bounded, and free of the environment's influence.

What is sent, and where to, is set by our settings and the provider's own metadata alone: redirects are not followed,
and proxies of the environment not used.
"""

from collections.abc import Mapping
from typing import Any

import httpx2
import orjson
import structlog

from core.errors import ProviderUnavailable

log = structlog.get_logger()

_MOST_BYTES = 256 * 1024
"""An answer is a few KiB; a provider that sends more must not fill our memory."""
_SECONDS = 4.0
_CONNECTIONS = 10
_RETRY_SECONDS = 5
_TOO_MANY_REQUESTS = 429
_FAILURES = range(500, 600)


class ProviderEndpoint:
    """Asks the provider. ProviderUnavailable, whatever is wrong with the answer as such."""

    def __init__(self) -> None:
        limits = httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
        self._client = httpx2.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=_SECONDS,
            limits=limits,
            # What is compressed has no bound.
            headers={"accept": "application/json", "accept-encoding": "identity", "user-agent": "web-behavior"},
        )

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at an address."""
        status, answer = await self._asked("GET", url, headers=dict(headers or {}))
        if status != httpx2.codes.OK:
            raise unavailable(f"HTTP status {status}")
        return answer

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Return the status and the JSON object that answer a form."""
        return await self._asked("POST", url, data=dict(form), headers=dict(headers))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _asked(self, method: str, url: str, **request: Any) -> tuple[int, dict[str, Any]]:
        try:
            async with self._client.stream(method, url, **request) as response:
                body = await _read(response)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise unavailable(type(error).__name__) from error
        if response.status_code in _FAILURES or response.status_code == _TOO_MANY_REQUESTS:
            raise unavailable(f"HTTP status {response.status_code}")
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise unavailable("no JSON") from error
        if not isinstance(answer, dict):
            raise unavailable("no JSON object")
        return response.status_code, answer


def unavailable(reason: str) -> ProviderUnavailable:
    """Return the error of a provider that cannot be asked; log the reason, which is none of the person's business."""
    log.warning("the provider of single sign-on cannot be asked", reason=reason)
    return ProviderUnavailable(
        "The provider of single sign-on does not answer as it should. Nobody is signed in. Try again in a moment; if "
        "it goes on, tell whoever runs this service to look into its log.",
        _RETRY_SECONDS,
    )


async def _read(response: httpx2.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise httpx2.RemoteProtocolError("The answer is compressed, though that was not asked for.")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise httpx2.RemoteProtocolError(f"The answer has more than {_MOST_BYTES} bytes.")
    return bytes(body)
