"""The HTTP connection to a model: bounded, and free of the environment's influence.

The official client reads headers, a project, even another key from `OPENAI_*` variables, tells the endpoint about this
machine in `X-Stainless-*` headers, follows redirects and uses the proxy of `HTTPS_PROXY`. None of that is wanted: what
is sent, and where to, is set by our settings alone.
"""

from collections.abc import AsyncIterator

import httpx2
from pydantic import SecretStr

from ai.options import MOST_CALLS_AT_ONCE, ModelOptions

MOST_BYTES = 256 * 1024
"""A reply is a few KiB; an endpoint that sends more must not fill our memory."""
_KEPT_HEADERS = {"host", "content-type", "content-length", "connection"}


def http_client(options: ModelOptions) -> httpx2.AsyncClient:
    """A client that sends our headers only, goes where it is told only, and reads at most MOST_BYTES."""
    return httpx2.AsyncClient(
        transport=_Transport(options.api_key),
        trust_env=False,
        follow_redirects=False,
        timeout=options.timeout.total_seconds(),
    )


class _Transport(httpx2.AsyncHTTPTransport):
    def __init__(self, api_key: SecretStr) -> None:
        limits = httpx2.Limits(max_connections=MOST_CALLS_AT_ONCE, max_keepalive_connections=MOST_CALLS_AT_ONCE)
        super().__init__(trust_env=False, limits=limits)
        self._api_key = api_key

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(self._plain(request))
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx2.RemoteProtocolError("The reply is compressed, though that was not asked for.")
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_BoundedStream(response),
            extensions=response.extensions,
        )

    def _plain(self, request: httpx2.Request) -> httpx2.Request:
        """The request with our headers in place of the client's; a copy, since the client looks at its own again."""
        kept = {name: value for name, value in request.headers.items() if name in _KEPT_HEADERS}
        ours = {
            "authorization": f"Bearer {self._api_key.get_secret_value()}",
            "accept": "application/json",
            "accept-encoding": "identity",  # what is compressed has no bound
            "user-agent": "web-behavior",
        }
        return httpx2.Request(
            request.method, request.url, headers=kept | ours, stream=request.stream, extensions=request.extensions
        )


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, response: httpx2.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._response.aiter_raw():
            size += len(chunk)
            if size > MOST_BYTES:
                raise httpx2.RemoteProtocolError(f"The reply has more than {MOST_BYTES} bytes.")
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()
