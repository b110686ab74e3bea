"""The same kind of request again and again, each as soon as the last one on its connection was answered."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from torture.attacks.target import Target
from torture.http import client

_TIMEOUT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the attacker's."""

    method: str
    path: str
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


async def repeated(target: Target, new_request: Callable[[], Request]) -> Counter[str]:
    """Make requests on `count` connections; how many were answered by which status, or broke by which error."""
    answers, deadline = Counter[str](), asyncio.get_running_loop().time() + target.seconds

    async def on_one_connection() -> None:
        # One client for each: httpx's pool walks through all of its connections whenever it is used.
        async with client(target.url, source=target.source, timeout=_TIMEOUT_SECONDS) as http:
            while asyncio.get_running_loop().time() < deadline:
                answers[await outcome(http, new_request())] += 1

    await asyncio.gather(*(on_one_connection() for _ in range(target.count)))
    return answers


async def outcome(http: httpx.AsyncClient, request: Request) -> str:
    """The status of a request's answer, or the name of the error that prevented it."""
    try:
        answer = await http.request(
            request.method, request.path, content=request.content, headers=dict(request.headers)
        )
    except httpx.TransportError as error:
        return type(error).__name__
    return str(answer.status_code)
