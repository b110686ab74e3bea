import socket
from pathlib import Path

import pytest
from prometheus_client.samples import Sample
from pydantic import ValidationError

from app.metrics_listener import NoPortLeft
from tests.conftest import make_settings
from tests.free_ports import free_port, two_free_ports
from tests.observability.prometheus_scrape import scrape
from tests.servers import own_world


async def test_each_process_takes_the_next_port(data_dir: Path, database_url: str):
    port = two_free_ports()
    settings = make_settings(data_dir, metrics_port=port, workers=2)
    async with own_world(settings, database_url) as one:
        async with own_world(settings, database_url) as other:
            await one.http.get("/health")
            await other.http.get("/ready")

            routes = [{sample.labels["route"] for sample in requests} for requests in await _requests(port, port + 1)]

            with pytest.raises(NoPortLeft, match=f"METRICS_PORT: none of the ports {port} to {port + 1}"):
                async with own_world(settings, database_url):
                    pass

        # The port of one that has gone is free for the one that takes its place.
        async with own_world(settings, database_url):
            await scrape(settings, port + 1)

    assert routes == [{"/health"}, {"/ready"}]


async def test_metrics_are_told_over_ipv6_too(data_dir: Path, database_url: str):
    settings = make_settings(data_dir, metrics_port=free_port(), metrics_host="::1")
    async with own_world(settings, database_url):
        with socket.create_connection(("::1", settings.metrics_port or 0)) as connection:
            assert connection.getpeername()[0] == "::1"


@pytest.mark.parametrize(
    ("port", "workers", "metrics_port", "fits"),
    [
        (8080, 1, 8081, True),
        (8080, 1, 8080, False),
        (8080, 4, 8077, False),
        (8080, 3, 8077, True),
        (80, 2, 65535, False),
    ],
)
def test_the_ports_of_metrics_are_not_the_services(port: int, workers: int, metrics_port: int, *, fits: bool):
    changes = {"port": port, "workers": workers, "metrics_port": metrics_port}
    if fits:
        assert make_settings(Path(), **changes).metrics_port == metrics_port
        return
    with pytest.raises(ValidationError, match="METRICS_PORT: each of the"):
        make_settings(Path(), **changes)


async def _requests(*ports: int) -> list[list[Sample]]:
    settings = make_settings(Path())
    return [(await scrape(settings, port)).families["web_behavior_http_requests"].samples for port in ports]
