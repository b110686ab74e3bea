"""Open-loop load, from a process of its own: requests leave when they are due, whether or not others were answered.

    python -m torture.load URL FIRST RATE SECONDS

posts RATE requests a second, numbered from FIRST on, each of EVENTS events in a session of its own, and prints what
became of them as JSON. Times count from when a request was due.
"""

import asyncio
import json
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import uvloop

from torture.client import BATCH

EVENTS = 10
_CONNECTIONS = 3000
_TICK_SECONDS = 0.005
_PATIENCE_SECONDS = 30
_REFUSALS = (429, 503)


@dataclass
class LoadOutcomes:
    """The outcomes of requests: the numbers of the acknowledged, their times, how many were refused, and the rest.

    `unfit` were refused without `Retry-After`; `broken` got no answer, or one that nobody should get.
    """

    acknowledged: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    unfit: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    slowest_refusal: float = 0.0
    lag: float = 0.0
    opened: float = 0.0

    @property
    def sent(self) -> int:
        """The number of requests."""
        return len(self.acknowledged) + self.refused + self.broken.total()

    def note(self, number: int, status: int, seconds: float, *, says_when: bool) -> None:
        """Write an answer down."""
        if status == 201:  # noqa: PLR2004
            self.acknowledged.append(number)
            self.seconds.append(seconds)
        elif status in _REFUSALS:
            self.refused += 1
            self.unfit += not says_when
            self.slowest_refusal = max(self.slowest_refusal, seconds)
        else:
            self.broken[str(status)] += 1


class _Connection(asyncio.Protocol):
    """One connection, with one request at a time."""

    def __init__(self, load: "_Load") -> None:
        self._load = load
        self._transport: Any = None
        self._number: int | None = None
        self._due = 0.0
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def post(self, number: int, due: float) -> None:
        self._number, self._due, self._received = number, due, b""
        self._transport.write(self._load.request(number))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or self._number is None:
            return
        head = head.lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        seconds = time.monotonic() - self._due
        self._load.outcome.note(self._number, int(head.split()[1]), seconds, says_when=b"retry-after:" in head)
        self._number = None
        if b"connection: close" in head:
            self._transport.close()
        else:
            self._load.idle.append(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._load.open -= 1
        if self in self._load.idle:
            self._load.idle.remove(self)
        if self._number is not None:
            self._load.outcome.broken["cut off"] += 1


class _Load:
    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port or 80
        self._template = _template(address.netloc)
        self.outcome = LoadOutcomes()
        self.idle: deque[_Connection] = deque()
        self.open = 0
        self._opening: set[asyncio.Task[None]] = set()

    async def run(self, first: int, rate: float, seconds: float) -> LoadOutcomes:
        began, number, last = time.monotonic(), first, first + round(rate * seconds)
        while number < last:
            while number < last and (due := began + (number - first) / rate) <= time.monotonic():
                self.outcome.lag = max(self.outcome.lag, time.monotonic() - due)
                self._post(number, due)
                number += 1
            await asyncio.sleep(_TICK_SECONDS)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self.outcome.sent < last - first and time.monotonic() < deadline:  # noqa: ASYNC110 - answers are counted
            await asyncio.sleep(_TICK_SECONDS)
        self.outcome.broken["no answer"] += last - first - self.outcome.sent
        return self.outcome

    def request(self, number: int) -> bytes:
        return self._template.replace(b"NUMBER", b"%09d" % number)

    def _post(self, number: int, due: float) -> None:
        if self.idle:
            self.idle.pop().post(number, due)
        elif self.open < _CONNECTIONS:
            self.open += 1
            opening = asyncio.create_task(self._open(number, due))
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)
        else:
            self.outcome.broken["no connection left"] += 1

    async def _open(self, number: int, due: float) -> None:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(self), self._host, self._port
            )
        except OSError:
            self.open -= 1
            self.outcome.broken["not connected"] += 1
        else:
            self.outcome.opened = max(self.outcome.opened, time.monotonic() - due)
            connection.post(number, due)


def _template(host: str) -> bytes:
    """A request; in it stands NUMBER where its own, of nine digits, belongs."""
    ts = datetime.now(UTC).isoformat()
    events = [
        {
            "sessionId": "load-NUMBER",
            "ts": ts,
            "type": "focus",
            "url": f"https://torture.example/load/NUMBER/{index}",
            "eventId": f"load-NUMBER-{index}",
        }
        for index in range(EVENTS)
    ]
    body = json.dumps({"events": events}).encode()
    length = len(body.replace(b"NUMBER", b"000000000"))
    return f"POST {BATCH} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n".encode() + body


if __name__ == "__main__":
    _url, _first, _rate, _seconds = sys.argv[1:]
    _outcome = uvloop.run(_Load(_url).run(int(_first), float(_rate), float(_seconds)))
    json.dump(vars(_outcome), sys.stdout)
