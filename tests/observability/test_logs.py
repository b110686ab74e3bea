import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from observability import logs

PRODUCTION = {"env": "prod", "jwt_secret": "x" * 32, "base_url": "https://api.example"}


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging is put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_production_logs_json_a_line(capsys: pytest.CaptureFixture[str]):
    logs.configure("info", as_json=True)

    try:
        int("no number\nat all")
    except ValueError:
        structlog.get_logger().exception("it failed", path="/graphql")
    logging.getLogger("a.library").warning("beware of %s", "dogs")

    own, foreign = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (own["event"], own["path"], own["level"]) == ("it failed", "/graphql", "error")
    assert "ValueError: invalid literal" in own["exception"]
    assert (foreign["event"], foreign["level"]) == ("beware of dogs", "warning")
    assert own["timestamp"].endswith("Z")


def test_development_logs_for_people(capsys: pytest.CaptureFixture[str]):
    logs.configure("info", as_json=False)

    structlog.get_logger().info("ready", port=8080)

    line = capsys.readouterr().err
    assert "ready" in line
    assert "port=8080" in line
    assert "\x1b" not in line


@pytest.mark.parametrize(("level", "shown"), [("debug", 3), ("info", 2), ("WARNING", 1), ("error", 0)])
def test_the_level_decides_what_is_said(capsys: pytest.CaptureFixture[str], level: str, shown: int):
    logs.configure(level, as_json=False)
    log = structlog.get_logger()

    log.debug("a")
    log.info("b")
    log.warning("c")

    assert len(capsys.readouterr().err.splitlines()) == shown


def test_libraries_are_quiet_below_a_warning(capsys: pytest.CaptureFixture[str]):
    logs.configure("debug", as_json=False)

    logging.getLogger("a.library").info("chatter")

    assert capsys.readouterr().err == ""
