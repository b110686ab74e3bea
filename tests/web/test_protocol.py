"""Answers of a process that is full."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from httpx import AsyncClient
from starlette.types import Receive, Scope, Send

from tests.servers import served


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
async def serving(app: Slow, requests: int, connections: int | None = None) -> AsyncIterator[AsyncClient]:
    async with (
        served(app, requests, connections) as port,
        AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
    ):
        yield client
        app.may_answer.set()


async def test_requests_beyond_those_worked_on_are_told_when_to_come_back():
    app = Slow()
    async with serving(app, requests=2) as client:
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


async def test_a_request_sent_before_the_last_answer_counts_once_it_is_worked_on():
    class SlowSecond(Slow):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if self.begun == 0:
                self.may_answer.set()
            else:
                self.may_answer.clear()
            await super().__call__(scope, receive, send)

    app = SlowSecond()
    async with serving(app, requests=2) as client, asyncio.timeout(20):
        _, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(2 * b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await app.until_begun(2)
        working = asyncio.create_task(client.get("/"))
        await app.until_begun(3)
        refused = await client.get("/")
        app.may_answer.set()
        answered = await working
        writer.close()

    assert (answered.status_code, refused.status_code) == (200, 503)


async def test_a_request_that_has_not_arrived_takes_nobodys_room():
    app = Slow()
    app.may_answer.set()
    async with serving(app, requests=1) as client:
        _, slow = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        slow.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        await app.until_begun(1)
        answer = await client.post("/", content=b"x")
        slow.close()

    assert answer.status_code == 200


async def test_connections_beyond_the_bound_are_closed_and_told_when_to_come_back():
    app = Slow()
    async with serving(app, requests=10, connections=1) as client:
        answer = await client.post("/", content=b"x")

    assert answer.status_code == 503
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert answer.headers["connection"] == "close"
    assert app.begun == 0


async def test_clients_that_hang_up_leave_no_room_taken():
    app = Slow()
    async with serving(app, requests=1) as client:
        for number in range(3):
            _, gone = await asyncio.open_connection(client.base_url.host, client.base_url.port)
            gone.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
            await app.until_begun(number + 1)
            gone.close()
            await gone.wait_closed()
            await asyncio.sleep(0.05)

    assert app.begun == 3


async def test_a_request_in_a_pipeline_is_told_that_its_client_has_gone():
    class Watching(Slow):
        told: str | None = None

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            assert scope["type"] == "http"
            self.begun += 1
            await receive()
            self.told = (await receive())["type"]
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"nobody reads this"})

    app = Watching()
    async with served(app) as port, asyncio.timeout(20):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(3 * b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await app.until_begun(1)
        writer.transport.abort()
        while app.told is None:  # noqa: ASYNC110 - told by a task of the server's
            await asyncio.sleep(0.01)

    assert app.told == "http.disconnect"
    assert app.begun == 1
