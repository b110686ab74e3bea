"""Reads the requests that post events: who sends them, and what they hold.

Clients that cannot set headers (`navigator.sendBeacon`) send their API key in the body. So a small body whose headers
hold no key is read before it is known who sends it; limits, failures and unknown keys count as they do for headers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from starlette.requests import ClientDisconnect, Request

from core.errors import AppError, InvalidInput
from core.limits import BEACON_BYTES, INGEST_BODY_BYTES
from core.timeouts import Timeout
from db.submissions import KeyClaim
from resolvers import ingestion
from resolvers.caller import Client
from rest.decoding import Decoded
from web.bodies import read_body
from web.body_budget import BODY_BUDGET, HeldBody
from web.clients import client_of
from web.request_headers import headers_of

Content = TypeVar("Content")

_LARGE_BODY = 256 * 1024
"""In bytes: what is larger is decoded in its turn. A thousand events as the extension sends them have less."""

_API_KEY = b"apiKey"


@dataclass(frozen=True, slots=True)
class Post(Generic[Content]):
    """A request with events: its sender, the claim of their API key, what it holds, and its size in bytes.

    `sent_at`: what the client says its time was; anything.
    """

    client: Client
    claim: KeyClaim | None
    content: Content
    size: int
    sent_at: object


async def read_post(request: Request, bound: Timeout, decode: Callable[[bytes], Decoded[Content]]) -> Post[Content]:
    """Return what a request posts. Raises Unauthenticated, TooManyAttempts; InvalidInput, also for conflicting keys."""
    services, client = request.app.state.services, client_of(request)
    key_may_follow = client.api_key is None and _may_be_beacon(request)
    claim = None if key_may_follow else await ingestion.authorize(services, client)
    body = await _body(request, client, claim, bound)
    size = len(body)
    if key_may_follow and _API_KEY not in body:  # refused, if need be, before anything is made of it
        claim, key_may_follow = await ingestion.authorize(services, client), False
    decoded = await _decoded(request, client, claim, body, decode)
    if key_may_follow or decoded.api_key is not None:
        if client.api_key is None:
            client = client if decoded.api_key is None else replace(client, api_key=_text_of(decoded.api_key))
            claim = await ingestion.authorize(services, client)
        elif client.api_key != _text_of(decoded.api_key or ""):
            await ingestion.count_request(services, client, claim)
            raise InvalidInput(
                "conflicting API keys: the header and the member apiKey of the body differ; send one of them"
            )
    return Post(client, claim, decoded.content, size, decoded.sent_at)


def _may_be_beacon(request: Request) -> bool:
    """True if a request may be of a client that cannot set headers: browsers take 64 KiB of these at most."""
    headers = headers_of(request.scope)
    declared = headers.get(b"content-length", b"")
    return declared.isdigit() and int(declared) <= BEACON_BYTES and b"content-encoding" not in headers


def _text_of(api_key: str) -> str:
    """Return a body's API key without surrounding space, as text that can be hashed."""
    return api_key.strip().encode(errors="replace").decode()


async def _body(request: Request, client: Client, claim: KeyClaim | None, bound: Timeout) -> bytes:
    """Return the body. A request without one that can be read is counted all the same.

    (Not so one whose body does not arrive in time: connections bound how many of these there are.)
    """
    try:
        return await read_body(request, INGEST_BODY_BYTES, bound)
    except (AppError, ClientDisconnect):
        await ingestion.count_request(request.app.state.services, client, claim)
        raise


async def _decoded(
    request: Request,
    client: Client,
    claim: KeyClaim | None,
    body: bytes,
    decode: Callable[[bytes], Decoded[Content]],
) -> Decoded[Content]:
    """Return what the body holds. A request that holds no events is counted all the same."""
    try:
        if len(body) <= _LARGE_BODY:
            return decode(body)
        with HeldBody(BODY_BUDGET, client.network) as held:  # a body that waits for its turn holds memory
            held.add(len(body))
            source = client.network if claim is None else str(claim.user_id)
            await request.app.state.services.heavy_work.turn(source)
            return decode(body)
    except (AppError, ClientDisconnect):
        await ingestion.count_request(request.app.state.services, client, claim)
        raise
