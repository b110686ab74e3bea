"""What clients are answered by a process that is full."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from httpx import AsyncClient
from starlette.types import Receive, Scope, Send

from app.protocol import bounded
from tests.ports import free_port


class Slow:
    """An application that reads each request and answers when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        self.begun += 1
        while (await receive()).get("more_body"):
            pass
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def until_begun(self, requests: int) -> None:
        while self.begun < requests:  # noqa: ASYNC110 - counted, not signalled
            await asyncio.sleep(0.01)


@asynccontextmanager
async def served(app: Slow, requests: int, connections: int | None = None) -> AsyncIterator[AsyncClient]:
    port = free_port()
    config = uvicorn.Config(
        app,
        http=bounded(requests),  # type: ignore[arg-type]  # it is only called
        port=port,
        lifespan="off",
        log_config=None,
        limit_concurrency=connections,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.01)
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        yield client
        app.may_answer.set()
    server.should_exit = True
    await serving


async def test_requests_beyond_those_worked_on_are_told_when_to_come_back():
    app = Slow()
    async with served(app, requests=2) as client:
        working = [asyncio.create_task(client.post("/", content=b"x")) for _ in range(2)]
        await app.until_begun(2)
        refused = [await client.post("/", content=bytes(100_000)) for _ in range(3)]
        app.may_answer.set()
        answers = [(await each).status_code for each in working]
        later = await client.post("/", content=b"x")

    assert answers == [200, 200]
    assert later.status_code == 200
    assert app.begun == 3
    for answer in refused:
        assert answer.status_code == 503
        assert 1 <= int(answer.headers["Retry-After"]) <= 5
        assert answer.json()["success"] is False
        assert "connection" not in answer.headers


async def test_a_request_that_has_not_arrived_takes_nobodys_room():
    app = Slow()
    app.may_answer.set()
    async with served(app, requests=1) as client:
        _, slow = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        slow.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        await app.until_begun(1)
        answer = await client.post("/", content=b"x")
        slow.close()

    assert answer.status_code == 200


async def test_connections_beyond_the_bound_are_closed_and_told_when_to_come_back():
    app = Slow()
    async with served(app, requests=10, connections=1) as client:
        answer = await client.post("/", content=b"x")

    assert answer.status_code == 503
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert answer.headers["connection"] == "close"
    assert app.begun == 0


async def test_clients_that_hang_up_leave_no_room_taken():
    app = Slow()
    async with served(app, requests=1) as client:
        for number in range(3):
            _, gone = await asyncio.open_connection(client.base_url.host, client.base_url.port)
            gone.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
            await app.until_begun(number + 1)
            gone.close()
            await gone.wait_closed()
            await asyncio.sleep(0.05)

    assert app.begun == 3
