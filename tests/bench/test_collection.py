import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient

from bench.bare_echo import create
from bench.collection import COPY, ECHO, OURS, section
from bench.driving import IngestionRun
from bench.load import LoadResult, drive
from bench.posts import ORIGIN, Load, Poster
from core.clock import now
from core.events import EventRules
from core.identity import OccurrenceCounter
from rest.decoding import decode_batch, decode_event
from tests.world import World

ADA = Poster(1, UUID(int=1), "her-key")
BIG = 3_000_000
"""More bytes than a socket takes at once."""


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[str, int]]:
    """A server that answers bodies of BIG bytes on one connection by these in turn, each in two parts."""

    def answer(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as arriving:
            for each in answers:
                arriving.read(BIG)
                connection.sendall(each[:20])
                time.sleep(0.01)
                connection.sendall(each[20:])

    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as threads:
        done = threads.submit(answer, listening)
        yield listening.getsockname()
        done.result()


def test_requests_are_sent_whole_and_answers_counted_whole():
    created = b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\nbody"
    busy = b"HTTP/1.1 503 Service Unavailable\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"

    with answering(created, busy, created) as address:
        driven = drive(address, [[b"x" * BIG] * 3], 60)

    assert driven.statuses == {201: 2, 503: 1}
    assert driven.requests == 3
    assert 0 < driven.percentile(0.5) <= driven.percentile(0.99) <= driven.seconds


def test_the_percentile_is_that_of_the_requests():
    driven = LoadResult(1.0, {201: 100}, [number / 100 for number in range(100)], 0.1)

    assert (driven.percentile(0.5), driven.percentile(0.99), driven.percentile(1.0)) == (0.5, 0.99, 0.99)


@pytest.mark.parametrize("size", [1, 10])
def test_what_is_posted_meets_every_rule_and_no_event_is_like_another(size: int):
    load = Load([ADA], now() - timedelta(days=1), size, 20, 0)
    more = Load([ADA], load.start, size, 20, load.size * load.requests)

    requests = [*load.of("a.com", ADA), *more.of("a.com", ADA)]

    heads, bodies = zip(*(request.split(b"\r\n\r\n") for request in requests), strict=True)
    decoded = [decode_batch(body).content if size > 1 else [decode_event(body).content] for body in bodies]
    candidates = [each for events_of_one in decoded for each in events_of_one]
    events = [EventRules().check(each, now()) for each in candidates]  # type: ignore[arg-type]  # or it fails here
    ids = {OccurrenceCounter().id_of(ADA.user_id or UUID(int=0), event) for event in events}
    assert len(ids) == 40 * size
    assert all(
        b"X-API-Key: her-key" in head and b"Content-Length: %d" % len(body) in head
        for head, body in zip(heads, bodies, strict=True)
    )


def test_the_page_tells_parts_of_the_ceilings_and_which_targets_are_met():
    def run(events_per_second: float) -> IngestionRun:
        return IngestionRun(events_per_second, 0.004, 0.02, 0.0001, 0.00003, 0.2)

    found = {
        1: {ECHO: [run(10_000)] * 3, OURS: [run(7_000), run(1), run(8_000)], COPY: [run(100_000)] * 3},
        1000: {ECHO: [run(500_000)] * 3, OURS: [run(50_000)] * 3, COPY: [run(100_000)] * 3},
    }

    told = section(found)

    assert [(each.reached, each.met) for each in told.targets] == [("70%", True), ("20 ms", True), ("50%", False)]
    row = "| web-behavior | 7,000 | 7,000 | 70% | 7% | 4.0 ms | 20.0 ms | 100 µs | 30 µs | 20% |"
    assert row in told.lines


async def test_the_echo_answers_with_the_headers_of_the_service(world: World):
    event = {"sessionId": "s", "ts": now().isoformat(), "type": "focus", "url": "https://a.com/"}
    echo = AsyncClient(transport=ASGITransport(create()), base_url="http://localhost")
    async with echo:
        theirs, ours = [
            await client.post("/api/v1/inayla/behaviors", json=event, headers={"Origin": ORIGIN})
            for client in (echo, world.http)
        ]

    assert theirs.status_code == ours.status_code == 201
    assert set(theirs.headers) == set(ours.headers)
    differ = {name for name, value in ours.headers.items() if theirs.headers[name] != value}
    assert differ <= {"content-length", "x-request-id"}
