"""The layer around everything, around applications of which little is known."""

from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.testing import capture_logs

from web.graceful_shutdown import GracefulShutdown
from web.middleware import Middleware, RequestInstrumentation
from web.origins import Origins
from web.request_headers import headers_of
from web.response_headers import CommonHeaders

FRIEND, STRANGER = "https://friend.example", "https://stranger.example"


def around(app: ASGIApp) -> Middleware:
    headers = CommonHeaders(Origins("https://here.example", frozenset({FRIEND})), https=True)
    return Middleware(app, headers, RequestInstrumentation(), GracefulShutdown(0), trusts_id=True)


async def asked(app: ASGIApp, method: str = "GET", headers: Any = ()) -> Any:
    transport = ASGITransport(around(app), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="https://here.example") as client:
        return await client.request(method, "/", headers=headers)


async def fails(scope: Scope, _receive: Receive, _send: Send) -> None:
    scope["route"] = Route("/", fails)  # as a router does; the log names it
    raise ZeroDivisionError


async def fails_half_way(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise ZeroDivisionError


async def test_what_nobody_expected_is_answered_with_every_header():
    with capture_logs() as logs:
        answer = await asked(fails, headers={"Origin": FRIEND, "X-Request-ID": "seven"})

    assert (answer.status_code, answer.json()["success"]) == (500, False)
    assert answer.headers["x-request-id"] == "seven"
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [(entry["event"], entry["route"]) for entry in logs] == [("unexpected error", "/")]


async def test_an_answer_that_has_begun_is_not_begun_again():
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    with pytest.raises(ZeroDivisionError):  # the server hangs up, so that nobody takes the part for the whole
        await around(fails_half_way)(scope_of(()), no_more, send)

    assert [message["type"] for message in sent] == ["http.response.start"]


async def test_nobody_is_answered_who_has_left():
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ClientDisconnect

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await around(app)(scope_of(()), no_more, send)

    assert sent == []


async def test_an_answer_keeps_the_headers_that_it_has_set_itself():
    own = {"Cache-Control": "max-age=60", "Vary": "Accept"}

    answer = await asked(PlainTextResponse("here", headers=own), headers={"Origin": STRANGER})

    assert answer.headers["cache-control"] == "max-age=60"
    assert answer.headers.get_list("vary") == ["Accept", "Origin"]
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": FRIEND, "Access-Control-Request-Method": "POST"}, 204),
        ({"Origin": STRANGER, "Access-Control-Request-Method": "POST"}, 204),
        ({"Access-Control-Request-Method": "POST"}, 200),  # no browser asks that way
        ({"Origin": FRIEND}, 200),
    ],
)
async def test_preflights_are_answered_and_nothing_else_that_asks_for_options(headers: dict[str, str], status: int):
    answer = await asked(PlainTextResponse("here"), "OPTIONS", headers)

    assert answer.status_code == status
    allowed = headers.get("Origin") == FRIEND
    assert (answer.headers.get("access-control-allow-origin") == FRIEND) == allowed
    assert ("access-control-allow-methods" in answer.headers) == (allowed and status == 204)


async def test_what_is_not_http_passes_through():
    passed: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        passed.append(scope["type"])

    await around(app)({"type": "lifespan"}, no_more, nowhere)

    assert passed == ["lifespan"]


def test_of_a_repeated_header_the_first_counts():
    headers = [(b"x-api-key", b"first"), (b"origin", b"here"), (b"x-api-key", b"second")]

    assert headers_of(scope_of(headers)) == {b"x-api-key": b"first", b"origin": b"here"}


def scope_of(headers: Any) -> Scope:
    return {"type": "http", "method": "GET", "path": "/", "headers": list(headers)}


async def no_more() -> Message:
    return {"type": "http.disconnect"}


async def nowhere(_message: Message) -> None: ...
