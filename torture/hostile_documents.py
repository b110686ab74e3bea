"""The cost of hostile GraphQL requests for the event loop: `python -m torture.hostile_documents` writes the page anew.

Each is put to the whole application, signed in as a super admin, as a request that it has never seen. What counts is
the processor time of the thread that everybody's requests share, from the request to the end of the answer.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from graphql import get_introspection_query
from starlette.types import ASGIApp, Message

from app.asgi import lasting_objects_spared
from app.settings import Settings
from core.clock import now
from db import embedded, migrate
from tests.conftest import make_settings
from tests.execution import hostile_documents
from tests.servers import own_world
from tests.world import World

PAGE = Path(__file__).parent.parent / "docs" / "hostile-documents.md"
BOUND_MILLISECONDS = 50
ROUNDS = 9
_MARK = "<!-- measured -->"
_INGEST = "mutation($events: [BehaviorInput!]!){ingestBehaviors(input: {events: $events}){... on Error{message}}}"
_USAGE = "query($where: UsageFilter){usage(period: {preset: TODAY}, where: $where){start}}"


@dataclass(frozen=True, slots=True)
class DocumentCost:
    """The result of a request: its size, status and code, and the milliseconds of each round."""

    name: str
    size: int
    status: int
    code: str
    milliseconds: list[float]


def requests() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every hostile request."""
    for name, text in hostile_documents.DOCUMENTS.items():
        yield name, {"query": text}
    yield "what GraphiQL asks about the schema", {"query": get_introspection_query()}
    yield "variables: 12,000 values", {"query": "{ __typename }", "variables": {"a": [[0] * 1000] * 12}}
    yield "variables: lists within lists", {"query": _USAGE, "variables": {"where": json.loads("[" * 900 + "]" * 900)}}
    for count in (50, 51):
        nested = json.loads('{"not":' * count + "{}" + "}" * count)
        yield f"variables: {count + 1} filters within one another", {"query": _USAGE, "variables": {"where": nested}}
    wrong = {"where": {"eventTypes": ["CLIC"] * 5000}}
    yield "variables: 5000 values that are nearly right", {"query": _USAGE, "variables": wrong}
    names = {"where": {f"eventType{number}": 1 for number in range(4000)}}
    yield "variables: 4000 names that are nearly right", {"query": _USAGE, "variables": names}
    yield "variables nobody declared", {"query": "{ __typename }", "variables": {f"a{n}": n for n in range(8000)}}
    yield "100 KiB of text", {"query": _USAGE, "variables": {"where": {"url": {"contains": "%" * 100_000}}}}
    yield "events: a megabyte of empty lists", {"query": _INGEST, "variables": {"events": [[]] * 300_000}}
    yield "events: 12,000 empty objects", {"query": _INGEST, "variables": {"events": [{}] * 12_000}}
    yield "events: 5900 of unknown members", {"query": _INGEST, "variables": {"events": [{"sessionI": 1}] * 5900}}


async def measured(app: ASGIApp, token: str, name: str, request: dict[str, Any]) -> DocumentCost:
    """Put a request so many times, each time with a document that is new."""
    taken: list[float] = []
    status, answer, size = 0, b"", 0
    for number in range(ROUNDS):
        text = f"{request['query']}#{number}"
        body = json.dumps(request | {"query": text}, separators=(",", ":")).encode()
        size = len(body)
        began = time.thread_time()
        status, answer = await _post(app, token, body)
        taken.append((time.thread_time() - began) * 1000)
    errors = json.loads(answer).get("errors", ())
    code = errors[0]["extensions"]["code"] if errors else ""
    return DocumentCost(name, size, status, code, taken)


async def _post(app: ASGIApp, token: str, body: bytes) -> tuple[int, bytes]:
    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {token}".encode())]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/graphql", "raw_path": b"/graphql", "root_path": "", "query_string": b"",
        "headers": [*headers, (b"host", b"testserver"), (b"content-length", str(len(body)).encode())],
        "client": ("127.0.0.1", 4711), "server": ("testserver", 80),
    }  # fmt: skip
    status, parts, sent = 0, [], False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()  # the client stays
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, b"".join(parts)


async def outcomes(folder: Path) -> list[DocumentCost]:
    """Every request's outcome, on a database of its own and with the limits that an operator who sets none has."""
    url = embedded.start(folder / "pg")
    await migrate.upgrade(url)
    changed = (
        "query_max_aliases",
        "query_max_root_fields",
        "query_max_directives",
        "query_max_cost",
        "query_budget_per_viewer",
    )
    limits = {name: Settings.model_fields[name].default for name in changed}
    async with own_world(make_settings(folder, **limits), url) as world:
        admin = await world.super_admin()
        assert admin.token  # noqa: S101 - they are signed in
        app = _application(world)
        await measured(app, admin.token, "warming up", {"query": "{ viewer { id } }"})
        with lasting_objects_spared():
            return [await measured(app, admin.token, name, request) for name, request in requests()]


def _application(world: World) -> ASGIApp:
    transport: Any = world.http._transport  # noqa: SLF001 - httpx's way to an application in process
    app: ASGIApp = transport.app
    return app


def report(found: list[DocumentCost]) -> str:
    """The page's measured part."""
    machine = f"{psutil.cpu_count()} cores, Python {sys.version.split()[0]}"
    late = [outcome for outcome in found if median(outcome.milliseconds) >= BOUND_MILLISECONDS]
    verdict = (
        f"Every one took less than {BOUND_MILLISECONDS} ms, by the median of {ROUNDS}."
        if not late
        else "**Missed** by " + ", ".join(outcome.name for outcome in late) + "."
    )
    rows = "\n".join(
        f"| {each.name} | {each.size:,} | {each.code or 'answered'} | {median(each.milliseconds):.1f} "
        f"| {max(each.milliseconds):.1f} |"
        for each in found
    )
    return f"""Measured on {now():%d %B %Y}: {machine}. {verdict}

| request | bytes | outcome | ms (median) | ms (worst) |
|---|---:|---|---:|---:|
{rows}
"""


def main() -> None:
    """Measure, and write the page."""
    with tempfile.TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own when this runs as root
        text = report(asyncio.run(outcomes(Path(folder))))
    before, _, _ = PAGE.read_text().partition(_MARK)
    PAGE.write_text(f"{before}{_MARK}\n{text}")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
