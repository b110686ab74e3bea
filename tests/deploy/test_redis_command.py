import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.deploy.conftest import Manifest
from tests.deploy.test_compose import PRODUCTION, services
from tests.free_ports import free_port
from tests.servers import wait_until

PASSWORD = "0a1b2c3d" * 8


@pytest.fixture(params=["compose", "k3s"])
def command(request: pytest.FixtureRequest, pods: dict[str, Manifest]) -> list[str]:
    """The command that starts Redis."""
    if request.param == "compose":
        found: list[str] = services(PRODUCTION)["redis"]["command"]
    else:
        [redis] = pods["redis"]["spec"]["containers"]
        found = redis["command"]
    return found


def test_redis_wants_the_password_and_shows_it_to_nobody(command: list[str], tmp_path: Path):
    port = free_port()

    with _started(command, tmp_path, port) as process, Redis(port=port, password=PASSWORD) as client:
        wait_until(lambda: _answers(client), "Redis")
        with Redis(port=port) as stranger, pytest.raises(AuthenticationError):
            stranger.ping()
        client.set("kept", "yes")
        settings = client.config_get("appendonly", "maxmemory-policy", "dir")
        assert PASSWORD not in Path(f"/proc/{process.pid}/cmdline").read_text()

        process.terminate()  # it is the shell's own process, so the signal reaches Redis itself
        assert process.wait(10) == 0

    assert settings == {"appendonly": "yes", "maxmemory-policy": "volatile-ttl", "dir": str(tmp_path)}


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisConnectionError:
        return False


@contextmanager
def _started(command: list[str], folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    *shell, script = command
    here = script.replace("dir /data", f"dir {folder}\nport {port}\nbind 127.0.0.1")
    assert here != script
    environment = {"PATH": os.environ["PATH"], "REDIS_PASSWORD": PASSWORD}
    process = subprocess.Popen([*shell, here], env=environment, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
