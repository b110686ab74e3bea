"""`web-behavior import-people`: people of a CSV, their keys, and what is wrong with lines."""

import csv
from pathlib import Path

import pytest

from tests.cli.test_command_line import configured, run, surroundings
from tests.schema.test_extension_user_mutations import key_status
from tests.world import World

__all__ = ["configured", "surroundings"]


@pytest.fixture(autouse=True)
def _as_commands_run(surroundings: None, configured: None) -> None:
    """In a folder without `.env`, on the tests' database."""


async def test_people_are_made_once_and_their_keys_written_for_the_owner_alone(world: World, tmp_path: Path):
    organization = await world.organization("Acme")
    await world.recorded(organization, "olga")
    names = [f"person {number}" for number in range(600)]
    rows = ["\ufeffTeam,Username", "x,OLGA", 'y,""', *(f"z,{name}" for name in names), "", 'x,"=1+1"', "short"]
    file, keys = tmp_path / "people.csv", tmp_path / "keys.csv"
    file.write_text("\r\n".join(rows), encoding="utf-8", newline="")

    first = await run("import-people", "acme", str(file), "--keys", str(keys))
    again = await run("import-people", str(organization.id), str(file))

    assert "601 people made, 1 existed already, 2 lines refused." in first.stderr
    assert "line 2: OLGA exists already, and is left as is." in first.stderr
    assert "line 3: `username` must not be empty." in first.stderr
    assert "line 606: `username` must not be empty." in first.stderr
    assert first.exit_code == 1
    assert keys.stat().st_mode & 0o777 == 0o600
    written = list(csv.DictReader(keys.read_text().splitlines()))
    assert [row["username"] for row in written] == [*names, "'=1+1"]
    assert await key_status(world.http, written[-1]["apiKey"]) == 200
    assert "0 people made, 602 existed already, 2 lines refused." in again.stderr
    assert again.stdout.splitlines() == ["username,userId,apiKey"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "line 1: there must be one column `username`"),
        (b"name\nolga\n", "line 1: there must be one column `username`"),
        (b"username,Username\n", "line 1: there must be one column `username`"),
        (b"username\nolga\n\xff\n", "the file is not in UTF-8"),
        (b"username\n" + b"x" * 70_000, "line 2: it is too long"),
        (b'username\n"' + b"x\n" * 70_000, "this is no CSV: field larger than field limit"),
    ],
    ids=["empty", "no column", "twice", "not UTF-8", "endless line", "endless field"],
)
async def test_what_is_no_such_file_is_told_by_its_line(world: World, tmp_path: Path, content: bytes, told: str):
    await world.organization("Acme")
    file = tmp_path / "people.csv"
    file.write_bytes(content)

    result = await run("import-people", "Acme", str(file))

    assert result.exit_code == 1
    assert told in str(result.exception)


async def test_nothing_is_made_without_one_organization_and_a_new_file_of_keys(world: World, tmp_path: Path):
    await world.organization("Twin")
    await world.organization("twin")
    await world.organization("Acme")
    file, keys = tmp_path / "people.csv", tmp_path / "keys.csv"
    file.write_text("username\nolga\n")
    keys.write_text("kept")

    unknown = await run("import-people", "Nobody", str(file))
    several = await run("import-people", "TWIN", str(file))
    no_new_file = await run("import-people", "Acme", str(file), "--keys", str(keys))

    assert "There is no organization named Nobody" in str(unknown.exception)
    assert "There are several organizations named TWIN" in str(several.exception)
    assert "name a new file" in str(no_new_file.exception)
    assert keys.read_text() == "kept"
    assert (await (await world.super_admin()).ask("{ extensionUsers { totalCount } }"))["extensionUsers"] == {
        "totalCount": 0
    }
