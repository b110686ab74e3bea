import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app import probe
from tests.free_ports import free_port


@contextmanager
def answering(statuses: dict[str, int]) -> Iterator[int]:
    """A server that answers each path with a status: its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses[self.path])
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("statuses", "ready", "alive"),
    [
        ({"/ready": 200, "/health": 200}, 0, 0),
        ({"/ready": 503, "/health": 200}, 1, 0),
        # It answers, so it must not be restarted.
        ({"/ready": 503, "/health": 503}, 1, 0),
    ],
)
def test_a_service_that_answers_is_alive_and_ready_when_it_says_so(
    monkeypatch: pytest.MonkeyPatch, statuses: dict[str, int], ready: int, alive: int
):
    with answering(statuses) as port:
        monkeypatch.setenv("PORT", str(port))

        assert probe.main("ready") == ready
        assert probe.main("alive") == alive


def test_a_service_that_does_not_answer_is_neither(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", str(free_port()))

    assert probe.main("ready") == 1
    assert probe.main("alive") == 1
