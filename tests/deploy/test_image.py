import re
import subprocess
import sys
from pathlib import Path

from app.settings import Settings
from tests.deploy.conftest import ROOT

DOCKERFILE = ROOT / "Dockerfile"
SCRIPTS = Path(sys.executable).parent


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions and what they are given, lines put together."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def final_stage() -> list[tuple[str, str]]:
    """Return the instructions of the image itself."""
    found = instructions()
    start = max(position for position, (word, _) in enumerate(found) if word == "FROM")
    return found[start:]


def test_the_linter_of_dockerfiles_has_nothing_to_say():
    result = subprocess.run([SCRIPTS / "hadolint", DOCKERFILE], capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout) == (0, "")


def test_the_image_is_the_command_line_of_somebody_who_is_not_root():
    stage = dict(final_stage())

    assert stage["ENTRYPOINT"] == '["web-behavior"]'
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", stage["USER"])
    assert stage["HEALTHCHECK"].endswith('CMD ["python", "-m", "app.probe", "ready"]')
    assert not [word for word, _ in final_stage() if word == "RUN"]  # nothing is installed beside what was built


def test_both_stages_are_built_on_one_pinned_base():
    assert [rest.split()[0] for word, rest in instructions() if word == "FROM"] == ["${PYTHON_IMAGE}"] * 2
    [base] = [rest for word, rest in instructions() if word == "ARG" and rest.startswith("PYTHON_IMAGE=")]
    assert re.fullmatch(r"PYTHON_IMAGE=python:\d+\.\d+\.\d+-slim-\w+", base)


def test_settings_of_the_image_are_settings():
    [environment] = [rest for word, rest in final_stage() if word == "ENV"]
    variables = dict(pair.split("=", 1) for pair in environment.split())

    assert set(variables) - {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"} <= {
        name.upper() for name in Settings.model_fields
    }
    assert (variables["ENV"], variables["HOST"]) == ("prod", "0.0.0.0")


def test_the_image_holds_what_the_package_is_built_from_and_no_embedded_database():
    kept = {
        line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    tools = {"tests", "docs", "audit", "bench", "torture"}
    assert not kept & {*tools, "examples"}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - tools
    locked = (ROOT / "requirements-image.lock").read_text()

    assert packages | {"pyproject.toml", "README.md", "requirements-image.lock"} <= kept
    assert "pgserver" not in locked
    assert "psutil" not in locked
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\S)", locked.strip()))


def test_what_is_installed_in_the_image_is_what_is_tested():
    locked, tested = (
        dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements-image.lock", "requirements.lock")
    )

    assert {name: locked.get(name, version) for name, version in tested.items()} == tested
