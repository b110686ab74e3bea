"""uvicorn's protocol with limits on what a connection may send, and how long it may take.

    bound               on                                                   past it
    HeadLimit           request line and headers, their number, their time   431 or 408, and the connection ends
    MAX_PIPELINED       requests sent before earlier ones were answered      those are answered, the connection ends
    chunk overhead      what is no payload in a chunked body: tiny chunks,   400, and the connection ends
                        extensions, trailers (which are never headers)
    ConnectionTimeouts  an answer of which the client reads nothing          cut

uvicorn goes on reading while a request is answered, until a second one has arrived; it resumes after each answer,
however many requests wait by then. After a refusal what the client still sends is discarded, as in
web/lingering_close.py, so that the client reads the answer.
"""

from typing import Any

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from web.connection_limits import CONNECTION_COUNTS, ConnectionLimits
from web.connection_timeouts import StalledWrites
from web.head_limit import MAX_HEADERS, RefusedHead, head_bytes, too_large
from web.lingering_close import LINGER_BYTES, LINGER_SECONDS

MAX_PIPELINED = 16
"""The most requests that may wait for the one being answered: 18 bytes make a request, which holds some kilobytes."""
OVERHEAD_BYTES = 64 * 1024
OVERHEAD_PART = 4
"""A chunked body may have this much framing, plus a quarter of its payload: enough for chunks of 20 bytes."""


class LimitedInputProtocol(HttpToolsProtocol):
    """A connection. `limits` are those of the process."""

    def __init__(self, *arguments: Any, limits: ConnectionLimits, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.limits = limits
        self._head_limit = limits.head
        self._awaits_head = True
        self._head_deadline: float | None = None  # None: no deadline
        self._head_begun = False
        self._head_bytes = 0  # of the current head; an upper bound, since it may have begun within a piece
        self._shared_bytes = 0  # of the piece in which the head began
        self._piece_bytes = 0
        self._body_wire_bytes = 0  # of the current body, in pieces that hold nothing else
        self._body_bytes = 0
        self._discards = False
        self._discarded_bytes = 0
        self._writes = StalledWrites()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        CONNECTION_COUNTS.open += 1
        self._head_deadline = self.limits.timeouts.now + self._head_limit.seconds
        connections: Any = self.connections  # all are of this class
        self.limits.timeouts.start(self.loop, connections)

    def connection_lost(self, exc: Exception | None) -> None:
        CONNECTION_COUNTS.open -= 1
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._discards:
            self._discard(len(data))
            return
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        self._piece_bytes = len(data)
        if self._awaits_head:
            self._head_bytes += len(data)
            if not self._head_begun:
                self._begin_head()
        else:
            self._body_wire_bytes += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, RefusedHead) else self._no_http())
            return
        if self._awaits_head:
            own, headers = self._head_bytes - self._shared_bytes, self.headers
            if own > self._head_limit.max_bytes or (headers and len(headers) > MAX_HEADERS):
                self._refuse(too_large(self._head_limit))
        elif self._overhead_is_excessive():
            self._refuse(RefusedHead("chunks", 400, "chunked request body has far more framing than payload"))

    def on_headers_complete(self) -> None:
        limit = self._head_limit
        if len(self.headers) > MAX_HEADERS or (
            self._head_bytes > limit.max_bytes and head_bytes(self.url, self.headers) > limit.max_bytes
        ):
            raise too_large(limit)
        if self.pipeline and len(self.pipeline) >= MAX_PIPELINED:
            raise RefusedHead("pipelined", 400, "too many requests were sent before the answers to earlier ones")
        super().on_headers_complete()
        self._awaits_head, self._head_deadline = False, None
        self._body_wire_bytes = self._body_bytes = 0
        self.headers = []  # uvicorn would add trailers to the headers of the request

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._awaits_head, self._head_begun = True, False
        self._head_bytes = self._shared_bytes = self._piece_bytes

    def resume_writing(self) -> None:
        self._writes.note_progress()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        # A request may have arrived by now that a busy process has not read yet: read first, then close.
        self.timeout_keep_alive_task = self.loop.call_later(0.01, super().timeout_keep_alive_handler)

    def check(self, now: float) -> None:
        """End the connection if its client takes too long."""
        pending = self.transport.get_write_buffer_size()
        if self._writes.seconds(pending, now) >= self.limits.timeouts.write_seconds:
            CONNECTION_COUNTS.refusals["stalled"] += 1
            self.transport.abort()
        elif self._head_deadline is not None and now >= self._head_deadline:
            self._end_waiting()

    def _should_upgrade(self) -> bool:
        return False  # to nothing: the request is answered as one without an upgrade

    def _begin_head(self) -> None:
        self._head_begun = True
        self._head_deadline = self.limits.timeouts.now + self._head_limit.seconds

    def _feed(self, data: bytes) -> None:
        """Parse a piece; the parser stops after a request that asks for an upgrade."""
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                self.logger.warning("Unsupported upgrade request.")
                data = data[upgrade.args[0] :]
            else:
                return

    def _overhead_is_excessive(self) -> bool:
        overhead = self._body_wire_bytes - self._body_bytes
        return overhead > OVERHEAD_BYTES + self._body_bytes // OVERHEAD_PART

    def _end_waiting(self) -> None:
        if self._discards or not self._head_begun:
            if not self._discards:
                CONNECTION_COUNTS.refusals["silent"] += 1
            self.transport.close()
            self._head_deadline = None
        else:
            self._refuse(RefusedHead("slow_head", 408, "request head took too long to arrive"))

    def _refuse(self, refusal: RefusedHead) -> None:
        """Stop parsing the connection; send the refusal, unless answers to earlier requests are due, and end it."""
        CONNECTION_COUNTS.refusals[refusal.reason] += 1
        self._discards, self._head_deadline = True, self.limits.timeouts.now + LINGER_SECONDS
        cycle: Any = self.cycle  # None before the first request
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body or cycle.response_started or self.pipeline:
                cycle.keep_alive = False
                self._head_deadline = None
                return
            cycle.disconnected = True  # the request that is being received: nobody else will answer it
            cycle.message_event.set()
        self._write_refusal(refusal)

    def _write_refusal(self, refusal: RefusedHead) -> None:
        body = orjson.dumps({"message": refusal.message, "success": False})
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"x-content-type-options", b"nosniff"),
            (b"connection", b"close"),
        ]
        lines = [b"%b: %b\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[refusal.status], *lines, b"\r\n", body]))
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _no_http(self) -> RefusedHead:
        self.logger.warning("Invalid HTTP request received.")
        return RefusedHead("no_http", 400, "Invalid HTTP request received.")

    def _discard(self, size: int) -> None:
        self._discarded_bytes += size
        if self._discarded_bytes > LINGER_BYTES:
            self.transport.abort()
