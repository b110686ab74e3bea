"""The ceiling of one process: an application that reads the same requests and gives answers of the same bytes.

A bare Starlette route under the same server (uvicorn, uvloop, httptools), msgspec in and out, the same headers. Nothing
is checked, nothing is stored. `uvicorn --factory bench.bare_echo:create`.
"""

from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.posts import ORIGIN
from core.events import RawEvent
from web.origins import Origins
from web.response_headers import CommonHeaders

_ID = "0e8f0d53-3f6e-8c3a-9d6b-5f0b6a1c2d3e"
_HEADERS = [
    *CommonHeaders(Origins("http://localhost", frozenset()), https=False).to(ORIGIN.encode()),
    (b"x-request-id", b"0" * 32),
]


class _Batch(msgspec.Struct):
    events: list[RawEvent]


_decode, _decode_batch, _encode = (
    msgspec.json.Decoder(RawEvent).decode,
    msgspec.json.Decoder(_Batch).decode,
    msgspec.json.Encoder().encode,
)


async def _one(request: Request) -> Response:
    event = _decode(await request.body())
    answer: dict[str, Any] = {
        "id": _ID,
        "sessionId": event.session_id,
        "ts": event.ts,
        "type": event.type,
        "url": event.url,
        "userId": event.user_id,
        "userName": "person-00",
        "x": event.x,
        "y": event.y,
        "createdAt": event.ts,
        "updatedAt": event.ts,
    }
    return _created({"data": answer, "success": True})


async def _many(request: Request) -> Response:
    events = _decode_batch(await request.body()).events
    return _created(
        {
            "data": f"Successfully created {len(events)} behavior events",
            "success": True,
            "accepted": len(events),
            "duplicates": 0,
            "rejected": [],
        }
    )


def _created(answer: dict[str, Any]) -> Response:
    response = Response(_encode(answer), 201, media_type="application/json")
    response.raw_headers += _HEADERS
    return response


def create() -> Starlette:
    """The application."""
    return Starlette(
        routes=[
            Route("/api/v1/inayla/behaviors", _one, methods=["POST"]),
            Route("/api/v1/inayla/behaviors/batch", _many, methods=["POST"]),
        ]
    )
