"""`web-behavior migrate --down` in a process of its own: what it tells, whom it asks, and when it refuses."""

import os
import pty
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest

from db import migrate
from db.engine import Database
from tests.auth.test_login import LOGIN
from tests.cli.test_serve import serving
from tests.rest_requests import AUTH, BATCH, BEHAVIORS, event
from tests.servers import COMMAND, new_database, surroundings

LATEST = migrate.latest_revision()
DOWN = ("--down", "0009")
AT_THE_LATEST = f"The schema is at {LATEST}."
DROPPED = "column sign_ins.successor_seed: 0 rows"
QUESTION = "Go down? Only a backup brings back what is dropped. [y/N]"

# The application on the tests' database is connected to the same server: other databases' services are in nobody's way.
pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
async def url(database_url: str) -> AsyncIterator[str]:
    """A migrated database of this test's own."""
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        yield url


async def test_it_asks_and_does_nothing_without_a_yes(url: str, tmp_path: Path):
    refused = migrate_on_a_terminal(url, tmp_path, DOWN, typed="n\n")

    assert refused.returncode == 1
    assert f"Going down from {LATEST} to 0009 drops for good:\n" in refused.stderr
    assert f"  {DROPPED}\n" in refused.stderr
    assert QUESTION in refused.stderr
    assert await revision(url) == LATEST


async def test_it_goes_down_after_a_yes(url: str, tmp_path: Path):
    done = migrate_on_a_terminal(url, tmp_path, DOWN, typed="y\n")

    assert done.returncode == 0, done.stderr
    assert QUESTION in done.stderr
    assert "The schema is at 0009." in done.stderr
    assert await revision(url) == "0009"


async def test_without_a_terminal_it_refuses_and_says_how_to_go_down_all_the_same(url: str, tmp_path: Path):
    refused = run_migrate(url, tmp_path, DOWN)
    still_at = await revision(url)
    done = run_migrate(url, tmp_path, (*DOWN, "--yes"))

    assert (refused.returncode, still_at) == (1, LATEST)
    assert DROPPED in refused.stderr
    assert "no terminal" in refused.stderr
    assert "--yes" in refused.stderr
    assert (done.returncode, await revision(url)) == (0, "0009")
    assert DROPPED in done.stderr
    assert QUESTION not in done.stderr


@pytest.mark.parametrize("option", ["--yes", "--force"])
async def test_options_of_going_down_are_refused_on_the_way_up(url: str, tmp_path: Path, option: str):
    refused = run_migrate(url, tmp_path, (option,))

    assert refused.returncode == 2
    assert "--down" in refused.stderr


async def test_a_service_that_runs_is_in_the_way_unless_forced(url: str, tmp_path: Path):
    with serving(tmp_path, DATABASE_URL=url) as client:
        refused = run_migrate(url, tmp_path, ("--down", "base", "--yes"))
        untouched = client.post(BEHAVIORS, json=event())

        forced = run_migrate(url, tmp_path, ("--down", "base", "--yes", "--force"))
        ready = client.get("/ready")
        failed = [
            client.post(BEHAVIORS, json=event()),
            client.post(BEHAVIORS, json=event(), headers={"X-API-Key": "wb_nobodys"}),
            client.post(BATCH, json={"events": [event(), event(type="foo")]}),
            client.get(AUTH, headers={"X-API-Key": "wb_nobodys"}),
        ]
        codes = [code_of(client) for _ in range(2)]

        up = run_migrate(url, tmp_path, ())
        well = [client.get("/ready"), client.post(BEHAVIORS, json=event()), client.post(BEHAVIORS, json=event())]

    assert refused.returncode == 1
    assert "The service is connected to this database: web-behavior" in refused.stderr
    assert "--force" in refused.stderr
    assert untouched.status_code == 201
    assert (forced.returncode, up.returncode) == (0, 0)
    assert "table behaviors: 1 row\n" in forced.stderr
    assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
    assert f"at nothing, not {LATEST}. Run `web-behavior migrate`" in ready.json()["message"]
    assert [response.status_code for response in failed] == [503] * 4
    assert all(1 <= int(response.headers["Retry-After"]) <= 5 for response in failed)
    assert all(response.json()["success"] is False for response in failed)
    assert codes == ["SERVICE_UNAVAILABLE"] * 2
    assert AT_THE_LATEST in up.stderr
    assert [response.status_code for response in well] == [200, 201, 201]
    log = (tmp_path / "log").read_text()
    assert log.count("run `web-behavior migrate`") == 1
    assert "Traceback" not in log


def migrate_on_a_terminal(
    url: str, folder: Path, arguments: Sequence[str], typed: str
) -> subprocess.CompletedProcess[str]:
    """Run the command for somebody who types that."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed.encode())
        return run_migrate(url, folder, arguments, stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)


def run_migrate(
    url: str, folder: Path, arguments: Sequence[str], stdin: int = subprocess.DEVNULL
) -> subprocess.CompletedProcess[str]:
    """Run the command; by default from a script, where nobody can be asked."""
    environment = surroundings(DATABASE_URL=url, COLUMNS="250")
    command = [str(COMMAND), "migrate", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, stdin=stdin, capture_output=True, text=True, timeout=60, check=False
    )


def code_of(client: httpx.Client) -> str:
    """The code of the error that a login meets."""
    body = {"query": LOGIN, "variables": {"username": "ada", "password": "a password"}}
    code: str = client.post("/graphql", json=body).json()["errors"][0]["extensions"]["code"]
    return code


async def revision(url: str) -> str | None:
    database = Database(url)
    try:
        return await migrate.current_revision(database)
    finally:
        await database.close()
