"""Requests that are given up: when their time is over, and when nobody waits for the answer any more.

Giving up cancels the task that answers. That cancels what it waits for; a statement is cancelled in PostgreSQL, too.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Deadline:
    """Gives up requests whose answer has not begun after so many seconds, and answers them by `late`.

    The time that the body takes to arrive is not counted: it has a limit of its own (rest/bodies.py). An answer that
    has begun, a download say, takes as long as it takes.
    """

    def __init__(self, app: ASGIApp, seconds: float, late: Callable[[Scope], ASGIApp]) -> None:
        self._app = app
        self._seconds = seconds
        self._late = late

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()

        async def receive_in_time() -> Message:
            message = await receive()
            if message.get("more_body") and not timeout.expired():
                timeout.reschedule(loop.time() + self._seconds)
            return message

        async def send_in_time(message: Message) -> None:
            if not timeout.expired():
                timeout.reschedule(None)
            await send(message)

        try:
            async with asyncio.timeout(self._seconds) as timeout:
                await self._app(scope, receive_in_time, send_in_time)
        except TimeoutError:
            if not timeout.expired():
                raise
            await self._late(scope)(scope, receive, send)


@asynccontextmanager
async def given_up_when_nobody_waits(request: Request, may: Callable[[], bool]) -> AsyncIterator[None]:
    """Raise ClientDisconnect in the middle of what is done within when the client goes away, if it `may` be given up.

    The request's body has been read: all that can still be received is that the client is gone.
    """
    answering = asyncio.current_task()
    assert answering is not None  # noqa: S101 - requests are answered in tasks
    gone = False

    async def watch() -> None:
        nonlocal gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        if may():
            gone = True
            answering.cancel()

    watching = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if gone and not answering.uncancel():
            raise ClientDisconnect from None
        raise
    finally:
        watching.cancel()
