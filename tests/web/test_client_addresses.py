"""The address that limits count, over real sockets: a proxy's word for it is taken only if the proxy is named."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import httpx
import pytest

from tests.auth.test_login import LOGIN
from tests.cli.test_serve import serving
from tests.world import PASSWORD

LIMITS = {"SIGN_IN_LIMIT_PER_ADDRESS": "3/hour", "ENV": "test"}
ONCE_MORE = ["InvalidCredentials"] * 3 + ["TooManyAttempts"] * 2
NEVER = ["InvalidCredentials"] * 5
Serve = Callable[[str], httpx.Client]


@pytest.fixture
def serve(database_url: str, tmp_path: Path) -> Iterator[Serve]:
    """Starts the service with these proxies named; it stops with the test."""
    with ExitStack() as stack:
        yield lambda proxies: stack.enter_context(
            serving(tmp_path, DATABASE_URL=database_url, FORWARDED_ALLOW_IPS=proxies, **LIMITS)
        )


def tried(client: httpx.Client, *forwarded: str) -> list[str]:
    """Return the outcomes of sign-ins one after the other, each with the next of these headers."""
    return [_outcome(client, f"user {next(_NUMBERS)}", header) for header in forwarded]


_NUMBERS = count()


def _outcome(client: httpx.Client, username: str, forwarded: str) -> str:
    body = {"query": LOGIN, "variables": {"username": username, "password": PASSWORD}}
    answer = client.post("/graphql", json=body, headers={"X-Forwarded-For": forwarded}).json()
    name: str = answer["data"]["login"]["__typename"]
    return name


def test_nobody_is_believed_by_default(serve: Serve):
    client = serve("")

    assert tried(client, *(f"203.0.113.{number}" for number in range(5))) == ONCE_MORE


def test_only_a_named_proxy_is_believed(serve: Serve):
    client = serve("203.0.113.250,198.51.100.0/24")

    assert tried(client, *(f"198.51.100.{number}" for number in range(5))) == ONCE_MORE


def test_the_right_most_address_that_is_no_proxy_counts(serve: Serve):
    client = serve("127.0.0.1,10.42.0.0/16")

    forged = tried(client, *(f"198.51.100.{number}, 203.0.113.9, 10.42.0.{number}" for number in range(5)))
    apart = tried(client, *(f"203.0.113.9, 198.51.100.{number}" for number in range(5)))

    assert forged == ONCE_MORE
    assert apart == NEVER


def test_not_even_a_proxy_decides_on_the_scheme_and_the_host(serve: Serve):
    client = serve("127.0.0.1")

    answer = client.get("/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"})

    assert answer.headers["location"] == "/graphql"
    assert "strict-transport-security" not in answer.headers
    assert "evil.example" not in str(answer.headers)
