import asyncio
import gc
import logging
import signal
from pathlib import Path

import pytest
import structlog
from alembic.script import ScriptDirectory
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from typer.testing import CliRunner, Result

from app.asgi import create
from cli.main import cli, main
from core.events import payload_text
from db.engine import Database
from db.migrate import config, latest_revision
from schema.build import sdl
from tests.auth.test_login import LOGIN
from tests.rest_requests import event
from tests.servers import new_database
from tests.world import World

PASSWORD = "a password for an admin"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A folder without `.env`; logging, as the commands set it up, is put back afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "250")
    root, handler = logging.getLogger(), signal.getsignal(signal.SIGTERM)
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    """The commands work on the tests' database."""
    monkeypatch.setenv("DATABASE_URL", database_url)


async def run(*arguments: str, typed: str | None = None) -> Result:
    """Return what a command wrote and raised. In a thread: commands have an event loop of their own."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(cli, arguments, input=typed))


@pytest.mark.usefixtures("configured")
async def test_create_admin_makes_a_super_admin(world: World):
    result = await run("create-admin", "--username", "[b]root", "--password", PASSWORD)

    assert result.exit_code == 0, result.output
    assert "[b]root can sign in" in result.stderr
    login = (await world.stranger.ask(LOGIN, username="[b]root", password=PASSWORD))["login"]
    assert login["viewer"] == {"username": "[b]root"}
    async with world.services.database.read() as db:
        assert (await db.execute(text("SELECT is_super_admin FROM users"))).scalar_one() is True


@pytest.mark.usefixtures("configured", "world")
@pytest.mark.parametrize(
    ("username", "password", "message"),
    [
        ("root", "short", "between 12 and 256"),
        ("taken", PASSWORD, "There is a user named taken already"),
        ("", PASSWORD, "username"),
    ],
)
async def test_create_admin_says_what_is_wrong(world: World, username: str, password: str, message: str):
    await world.user("taken")

    result = await run("create-admin", "--username", username, "--password", password)

    assert result.exit_code == 1
    assert message in str(result.exception)


@pytest.mark.usefixtures("configured")
async def test_set_password_sets_it_and_ends_every_sign_in(world: World):
    asker = await world.sign_in(await world.user("Ada"))

    result = await run("set-password", "ada", typed=f"{PASSWORD}\n{PASSWORD}\n")

    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    login = (await world.stranger.ask(LOGIN, username="Ada", password=PASSWORD))["login"]
    assert login["viewer"] == {"username": "Ada"}
    assert (await asker.refused("{ viewer { username } }"))["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("username", "password", "message"),
    [("nobody", PASSWORD, "There is no user named nobody"), ("Ada", "short", "between 12 and 256")],
)
async def test_set_password_says_what_is_wrong(world: World, username: str, password: str, message: str):
    asker = await world.sign_in(await world.user("Ada"))

    result = await run("set-password", username, "--password", password)

    assert result.exit_code == 1
    assert message in str(result.exception)
    assert "errors" not in await asker.post("{ viewer { username } }")


async def test_migrate_goes_up_and_down(monkeypatch: pytest.MonkeyPatch, database_url: str):
    async with new_database(database_url) as url:
        monkeypatch.setenv("DATABASE_URL", url)

        revisions, told = [], []
        down = ["migrate", "--yes", "--down"]
        for arguments in (["migrate"], ["migrate"], [*down, "base"], ["migrate"], down):
            result = await run(*arguments)
            assert result.exit_code == 0, result.output
            revisions.append(await _tables(url))
            told.append(result.stderr.strip().splitlines()[-1])

    assert ["users" in tables for tables in revisions] == [True, True, False, True, True]
    latest = latest_revision()
    before = ScriptDirectory.from_config(config("")).get_revision(str(latest)).down_revision
    reached = (latest, latest, "nothing", latest, before)
    assert told == [f"The schema is at {revision}." for revision in reached]


async def test_export_schema_writes_the_schema_to_a_file_or_standard_output(tmp_path: Path):
    to_file = await run("export-schema", str(tmp_path / "schema.graphql"))
    to_output = await run("export-schema")

    assert (to_file.exit_code, to_output.exit_code) == (0, 0)
    assert (tmp_path / "schema.graphql").read_text() == to_output.stdout == sdl()


def test_the_schema_that_is_checked_in_is_the_present_one():
    checked_in = Path(__file__).parent.parent.parent / "schema.graphql"

    assert checked_in.read_text() == sdl()


@pytest.mark.usefixtures("configured")
async def test_rejected_events_shows_the_newest_with_their_reasons(world: World):
    for number in range(3):
        body = event(type=f"hover{number}")
        assert (await world.http.post("/api/v1/inayla/behaviors", json=body)).status_code == 400

    result = await run("rejected-events", "--limit", "2")

    assert result.exit_code == 0, result.output
    assert "invalid event type: hover2" in result.output
    assert "hover1" in result.output
    assert "hover0" not in result.output
    assert "invalid_type" in result.output


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(("arguments", "shown"), [([], False), (["--full"], True)])
async def test_rejected_events_are_shown_whole_when_asked_for(world: World, arguments: list[str], *, shown: bool):
    body = event(type="hover", url="https://a.com/" + "x" * 400 + "END")
    assert (await world.http.post("/api/v1/inayla/behaviors", json=body)).status_code == 400

    result = await run("rejected-events", *arguments)

    text = "".join(part.strip() for line in result.output.splitlines() for part in line.split("│")[4:5])
    assert result.exit_code == 0, result.output
    assert ("END" in text) is shown
    assert ("…" in text) is not shown


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("shown", ["[/red]", "[bold]x"])
async def test_what_clients_sent_is_shown_as_it_is(world: World, shown: str):
    await world.http.post("/api/v1/inayla/behaviors", json=event(type=shown))

    result = await run("rejected-events")

    assert result.exit_code == 0, result.output
    assert f"invalid event type: {shown}" in result.output
    assert payload_text({"type": shown})[1:-1] in result.output


@pytest.mark.usefixtures("configured")
async def test_what_clients_sent_commands_no_terminal(world: World):
    await world.http.post("/api/v1/inayla/behaviors", json=event(type="\x1b[2J\x07\u202egone"))

    result = await run("rejected-events")

    assert result.exit_code == 0, result.output
    assert "gone" in result.output
    assert not set("\x1b\x07\u202e") & set(result.output)


@pytest.mark.usefixtures("configured")
async def test_the_demo_does_not_run_in_production(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ENV", "prod")
    monkeypatch.setenv("JWT_SECRET", "x" * 32)
    monkeypatch.setenv("BASE_URL", "https://api.example")

    result = await run("demo")

    assert result.exit_code == 1
    assert "does not run with ENV=prod" in str(result.exception)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"ENV": "prod"}, "JWT_SECRET"),
        ({"ENV": "prod", "JWT_SECRET": "short"}, "JWT_SECRET"),
        ({"ENV": "prod", "JWT_SECRET": "x" * 32}, "BASE_URL"),
        ({"PORT": "eighty"}, "PORT"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"FORWARDED_ALLOW_IPS": "proxy.internal"}, "FORWARDED_ALLOW_IPS: 'proxy.internal' does not appear to be"),
        ({"INGEST_LIMIT_PER_KEY": "often"}, "INGEST_LIMIT_PER_KEY"),
    ],
)
def test_a_bad_setting_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, str],
    named: str,
):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["web-behavior", "serve"])

    with pytest.raises(SystemExit) as left:
        main()

    told = capsys.readouterr().err
    assert left.value.code == 1
    assert named in told
    assert told.count("\n") == 1


@pytest.mark.usefixtures("configured")
async def test_the_processes_that_serve_find_the_application_in_the_environment():
    application = create()

    async with (
        LifespanManager(application),
        AsyncClient(transport=ASGITransport(application), base_url="http://test") as client,
    ):
        assert (await client.get("/ready")).status_code == 200
        assert gc.get_freeze_count() > 100_000  # nothing of what lasts is gone through again and again
    assert gc.get_freeze_count() == 0


async def _tables(url: str) -> set[str]:
    database = Database(url)
    async with database.read() as db:
        names = (await db.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).scalars().all()
    await database.close()
    return set(names)
