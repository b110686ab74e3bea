"""Cancels requests whose time is over, and requests whose client has gone.

The task that answers is cancelled, and with it what it waits for; a statement is cancelled in PostgreSQL, too.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RequestTimeout:
    """Cancels requests whose answer has not begun after so many seconds, and answers them by `on_timeout`.

    The time that the body takes to arrive does not count: it has a limit of its own (web/bodies.py). Once an answer has
    begun, as for a download, there is no limit.
    """

    def __init__(self, app: ASGIApp, seconds: float, on_timeout: Callable[[Scope], ASGIApp]) -> None:
        self._app = app
        self._seconds = seconds
        self._on_timeout = on_timeout

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
            await self._on_timeout(scope)(scope, receive, send)


@asynccontextmanager
async def cancelled_on_disconnect(request: Request, is_cancellable: Callable[[], bool]) -> AsyncIterator[None]:
    """Cancel the work inside, and raise ClientDisconnect, when the client goes away and the work `is_cancellable`.

    The request's body has been read, so the only message that can still arrive is the disconnect.
    """
    answering = asyncio.current_task()
    assert answering is not None  # noqa: S101 - requests are answered in tasks
    gone = False

    async def watch() -> None:
        nonlocal gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        if is_cancellable():
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
