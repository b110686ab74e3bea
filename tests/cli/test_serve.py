import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.auth.test_login import LOGIN
from tests.free_ports import free_port, two_free_ports
from tests.rest_requests import BEHAVIORS, event
from tests.servers import COMMAND, surroundings, wait_until

ADMIN = {"ADMIN_USERNAME": "root", "ADMIN_PASSWORD": "a password to start"}


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[httpx.Client]:
    """`web-behavior serve` on the embedded database; at the end it is told to stop and must leave cleanly."""
    port = free_port()
    environment = surroundings(PORT=str(port), DATA_DIR=str(folder / "data"), **settings)
    with (folder / "log").open("a") as log, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        process = subprocess.Popen([COMMAND, "serve"], cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            wait_until(lambda: process.poll() is not None or _is_ready(client), "the service")
            yield client
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, (folder / "log").read_text()
        finally:
            process.kill()
            process.wait()


def test_what_was_acknowledged_is_there_after_a_stop_and_a_start(data_dir: Path):
    folder = data_dir / "serve"
    folder.mkdir()

    with serving(folder, MAX_CONNECTIONS="4", **ADMIN) as client:
        posted = client.post(BEHAVIORS, json=event(url="https://just.before/the-end"))
        full, healthy = _answer_beside(4, client, "/swagger"), _answer_beside(4, client, "/health")
    assert (folder / "log").read_text().count(f"http://localhost:{client.base_url.port}") == 1
    assert posted.status_code == 201
    assert (full.status_code, healthy.status_code) == (503, 200)
    assert 1 <= int(full.headers["Retry-After"]) <= 5
    assert full.json()["success"] is False
    assert not (folder / "data/postgres/postmaster.pid").exists(), "the embedded database was left running"

    metrics_port = two_free_ports()
    with serving(folder, WORKERS="2", METRICS_PORT=str(metrics_port)) as client:
        token = _ask(client, LOGIN, None, username="root", password=ADMIN["ADMIN_PASSWORD"])["login"]["accessToken"]
        stored = [_ask(client, "{ behaviors(first: 5) { nodes { url } } }", token) for _ in range(4)]
        # The second process may take longer to start than the first.
        wait_until(lambda: _has_metrics(metrics_port) and _has_metrics(metrics_port + 1), "each process's metrics")
        assert client.get("/metrics").status_code == 404
    assert stored == [{"behaviors": {"nodes": [{"url": "https://just.before/the-end"}]}}] * 4
    assert not (folder / "data/postgres/postmaster.pid").exists(), "the embedded database was left running"
    assert "Traceback" not in (folder / "log").read_text()


def test_a_database_that_cannot_be_reached_is_told_in_one_line(tmp_path: Path):
    environment = surroundings(DB_HOST="127.0.0.1", DB_PORT=str(free_port()), PORT=str(free_port()))

    process = subprocess.run(
        [COMMAND, "serve"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=20
    )

    assert process.returncode == 1
    assert "Check DB_HOST" in process.stderr
    assert process.stderr.count("\n") == 1
    assert process.stdout == ""


def test_a_command_that_is_interrupted_says_so(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # a database that lets one wait
        environment = surroundings(DB_HOST="127.0.0.1", DB_PORT=str(silent.getsockname()[1]))
        process = subprocess.Popen([COMMAND, "migrate", "--wait", "60"], cwd=tmp_path, env=environment)
        silent.settimeout(20)
        connection, _ = silent.accept()
        process.send_signal(signal.SIGTERM)

        assert process.wait(20) == 128 + signal.SIGTERM
        connection.close()


def _answer_beside(connections: int, client: httpx.Client, path: str) -> httpx.Response:
    """Return the answer to somebody while others hold that many connections."""
    with ExitStack() as held:
        for _ in range(connections):
            held.enter_context(socket.create_connection((client.base_url.host, client.base_url.port or 80)))
        return httpx.get(client.base_url.join(path))


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/ready").status_code == 200
    except httpx.TransportError:
        return False


def _has_metrics(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/metrics").status_code == 200
    except httpx.TransportError:
        return False


def _ask(client: httpx.Client, query: str, token: str | None, **variables: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = client.post("/graphql", json={"query": query, "variables": variables}, headers=headers).json()
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data
