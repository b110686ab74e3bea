"""The examples, generated and bundled as their users do it, and a service that knows their documents."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx import AsyncClient
from playwright.async_api import Browser, async_playwright

from core.clock import now
from core.events import RawEvent
from core.roles import Role
from db.queries import memberships
from db.queries.organizations import OrganizationRow
from db.queries.users import UserRow
from tests.e2e.chromium import launch
from tests.free_ports import free_port
from tests.servers import COMMAND, surroundings, wait_until
from tests.static_pages import static_pages
from tests.world import Recorded, World

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
BIN = Path(sys.executable).parent
ARIADNE = BIN.parent / "ariadne-codegen" / "bin"
"""An environment of its own: ariadne-codegen needs an older graphql-core than the service."""
BUDGET = 2_000
_GENERATED = ("dist", "gql", "graphql-env.d.ts", "__generated__", "web_behavior_client")


def run(folder: Path, *command: str | Path, **environment: str) -> str:
    """What a program prints, run in a folder with Node's programs at hand; all that it said when it fails."""
    surroundings = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"} | environment
    outcome = subprocess.run(
        [str(word) for word in command], cwd=folder, env=surroundings, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, f"{command}\n{outcome.stdout}\n{outcome.stderr}"
    return outcome.stdout


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of examples/ with all that is generated in it. It is made once for all test processes."""
    assert (EXAMPLES / "node_modules").exists(), "`make examples/node_modules` installs the clients"
    assert ARIADNE.exists(), "`make .venv/ariadne-codegen` installs ariadne-codegen"
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with _locked(shared / "examples.lock"):
        if not (shared / "examples").exists():
            _make(shared)
    return shared / "examples"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(shared: Path) -> None:
    shutil.copy(ROOT / "schema.graphql", shared)
    folder = shared / "examples.part"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("node_modules", *_GENERATED))
    (folder / "node_modules").symlink_to(EXAMPLES / "node_modules")
    with ThreadPoolExecutor(2) as pool:  # each makes files of its own
        steps = [
            pool.submit(run, folder, "npm", "run", "--silent", f"generate:{example}")
            for example in ("codegen-apollo", "gql-tada-urql", "relay")
        ]
        path = f"{ARIADNE}:{os.environ['PATH']}"
        steps.append(pool.submit(run, folder / "ariadne-codegen", ARIADNE / "ariadne-codegen", PATH=path))
        for step in steps:
            step.result()
    run(folder, "npm", "run", "--silent", "build")
    folder.rename(shared / "examples")


@pytest.fixture(scope="session")
def pages_port(examples: Path) -> Iterator[int]:
    """The port of the page of codegen-apollo: another origin than the service's."""
    with static_pages(examples) as port:
        yield port


@dataclass(frozen=True)
class Frontend:
    """The service, and the page that asks it from another origin."""

    http: AsyncClient
    pages_port: int

    @property
    def graphql(self) -> str:
        """The address of the GraphQL API."""
        return f"http://localhost:{self.http.base_url.port}/graphql"

    def page(self, host: str = "localhost") -> str:
        """The address of the page."""
        return f"http://{host}:{self.pages_port}/codegen-apollo/page.html?api={self.graphql}"


@pytest.fixture(scope="module")
async def frontend(examples: Path, pages_port: int, database_url: str, data_dir: Path) -> AsyncIterator[Frontend]:
    """`web-behavior serve` with the page's origins, and its documents beside all others.

    It stops with the module: its background jobs would meddle with other tests.
    """
    port = free_port()
    own = {
        "ENV": "test",
        "PORT": str(port),
        "DATABASE_URL": database_url,
        "DATA_DIR": str(data_dir),
        "CORS_ORIGINS": f"http://localhost:{pages_port},http://127.0.0.1:{pages_port}",
        "TRUSTED_DOCUMENTS": str(examples / "codegen-apollo/src/gql/persisted-documents.json"),
        "QUERY_MAX_COST": str(BUDGET),
        "QUERY_BUDGET_PER_VIEWER": f"{BUDGET}/minute",
    }
    process = _serving(own)
    try:
        async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            wait_until(lambda: process.poll() is not None or _is_ready(client), "the service")
            yield Frontend(client, pages_port)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _serving(settings: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([COMMAND, "serve"], env=surroundings(**settings), stderr=subprocess.DEVNULL)


def _is_ready(client: AsyncClient) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{client.base_url}/ready").is_success
    return False


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright, launch(playwright) as running:
        yield running


@dataclass(frozen=True)
class Acme:
    """An organization whose admin can sign in, with five people of so many events."""

    organization: OrganizationRow
    admin: UserRow
    people: dict[str, Recorded]
    events: dict[str, int]


@pytest.fixture
async def acme(world: World) -> Acme:
    """Ann has an event, Ben two, and so on; a stranger of another organization has nine."""
    organization = await world.organization("Acme")
    admin = await world.user_with_password("ada")
    async with world.services.database.write() as db:
        await memberships.add(db, organization.id, admin.id, Role.ADMIN)
    events = {"ann": 1, "ben": 2, "cyd": 3, "eve": 4, "gus": 5}
    people = {name: await world.recorded(organization, name) for name in events}
    for name, person in people.items():
        await world.browse(person, *_clicks(events[name]))
    await world.browse(await world.recorded(await world.organization(), "stranger"), *_clicks(9))
    return Acme(organization, admin, people, events)


def _clicks(count: int) -> Iterator[RawEvent]:
    yesterday = now() - timedelta(days=1)
    for number in range(count):
        at = (yesterday + timedelta(minutes=number)).isoformat()
        yield RawEvent("s1", at, "click", "https://docs.example.com/")


def printed(output: str) -> Any:
    """The JSON that an example prints."""
    return json.loads(output)
