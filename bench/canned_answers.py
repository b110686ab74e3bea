"""The ceiling of one process: an application that reads the same requests and gives answers of the same bytes.

Bare ASGI under the same server (uvicorn, uvloop, httptools). It looks an answer up by the name of the operation, in the
folder $ANSWERS; nothing is checked or computed. `uvicorn --factory bench.canned_answers:create`.
"""

import os
from pathlib import Path
from typing import Any

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send


def create() -> ASGIApp:
    """The application."""
    answers = {path.name: path.read_bytes() for path in Path(os.environ["ANSWERS"]).iterdir()}

    async def application(_scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message: Any = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer = answers[orjson.loads(body)["operationName"]] if body else b""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return application
