"""A load generator: requests made beforehand, sent over so many connections at once, by a process of its own.

Each connection sends its next request when the last is answered. No HTTP library is in the way: a response is read as
far as needed to know its status and its end, so the generator takes a small part of one core; which part, it tells.
"""

import gc
import re
import select
import socket
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNK = 256 * 1024
_PATIENCE_SECONDS = 30
_STATUS = slice(9, 12)  # of `HTTP/1.1 201 Created`


class NoAnswer(Exception):
    """A server closed a connection, or did not answer for half a minute."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The result of a load: `seconds` from the first request to the last answer, the responses by status.

    `latencies` are in seconds, ascending; `cpu` is the part of one core that the generator itself took.
    """

    seconds: float
    statuses: dict[int, int]
    latencies: Sequence[float]
    cpu: float

    @property
    def requests(self) -> int:
        """The number of requests that were answered."""
        return len(self.latencies)

    def percentile(self, part: float) -> float:
        """The latency, in seconds, that so great a part of the requests did not exceed: 0.99."""
        return self.latencies[min(int(part * self.requests), self.requests - 1)]


class _Connection:
    """One connection, and the requests that it has still to send."""

    def __init__(self, address: tuple[str, int], requests: Sequence[bytes]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unsent = memoryview(b"")
        self.waits_to_send = False
        self.began = 0.0
        self._requests = iter(requests)
        self._received = b""

    def begin(self) -> bool:
        """Send the next request, as much of it as the system takes; False when there is none."""
        request = next(self._requests, None)
        if request is None:
            return False
        self.unsent = memoryview(request)
        self.began = time.perf_counter()
        self.send()
        return True

    def send(self) -> None:
        """Send more of the request."""
        with suppress(BlockingIOError):
            self.unsent = self.unsent[self.socket.send(self.unsent) :]

    def receive(self) -> int | None:
        """Read more of the answer; its status once it is complete."""
        received = self.socket.recv(_CHUNK)
        if not received:
            raise NoAnswer("the server closed a connection")
        self._received += received
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = _LENGTH.search(head)
        complete = len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")
        if not complete:
            return None
        self._received = b""
        return int(head[_STATUS])


def drive(address: tuple[str, int], requests: Sequence[Sequence[bytes]], seconds: float) -> LoadResult:
    """Send each connection's requests to a server for `seconds`, or until one has no more left. Raises NoAnswer."""
    poll, latencies, statuses = select.epoll(), [], Counter[int]()
    connections = {each.socket.fileno(): each for each in (_Connection(address, own) for own in requests)}
    gc.disable()
    cpu, began = time.process_time(), time.perf_counter()
    until, busy, more = began + seconds, len(connections), True
    for number, connection in connections.items():
        poll.register(number, select.EPOLLIN)
        connection.begin()
        _watch(poll, number, connection)
    while busy:
        happened = poll.poll(_PATIENCE_SECONDS)
        if not happened:
            raise NoAnswer(f"no answer for {_PATIENCE_SECONDS} s")
        for number, what in happened:
            connection = connections[number]
            if what & select.EPOLLOUT:
                connection.send()
                _watch(poll, number, connection)
            status = connection.receive() if what & ~select.EPOLLOUT else None
            if status is None:
                continue
            now = time.perf_counter()
            latencies.append(now - connection.began)
            statuses[status] += 1
            more = more and now < until and connection.begin()
            if more:
                _watch(poll, number, connection)
            else:
                busy -= 1
    elapsed, used = time.perf_counter() - began, time.process_time() - cpu
    gc.enable()
    for connection in connections.values():
        connection.socket.close()
    return LoadResult(elapsed, dict(statuses), sorted(latencies), used / elapsed)


def _watch(poll: select.epoll, number: int, connection: _Connection) -> None:
    """Be told when more can be sent, as long as there is more."""
    if bool(connection.unsent) != connection.waits_to_send:
        connection.waits_to_send = not connection.waits_to_send
        poll.modify(number, select.EPOLLIN | select.EPOLLOUT if connection.waits_to_send else select.EPOLLIN)
