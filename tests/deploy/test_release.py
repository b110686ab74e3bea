"""`make release`: what it refuses, and the tag it makes. The checks that it runs are left out here."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from core.clock import now

ROOT = Path(__file__).parents[2]
VERSION = "9.9.9"
_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in {"NAME": "Ada", "EMAIL": "ada@example.com"}.items()
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository that is ready for a release."""
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    pyproject = (ROOT / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(re.sub(r'(?m)^version = ".*"', f'version = "{VERSION}"', pyproject))
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## {VERSION} — {now():%Y-%m-%d}\n\n- A change.\n")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path)
    return tmp_path


def git(project: Path, *arguments: str) -> str:
    command = ["git", "-C", str(project), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | _IDENTITY).stdout


def commit(project: Path) -> None:
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "A change")


def release(project: Path) -> subprocess.CompletedProcess[str]:
    command = ["make", "-C", str(project), "release", "MAKE=echo would run:"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | _IDENTITY)


def test_a_release_is_an_annotated_tag_after_all_checks(project: Path):
    outcome = release(project)

    assert outcome.returncode == 0, outcome.stderr
    assert "would run: check test build" in outcome.stdout
    assert git(project, "cat-file", "-t", f"v{VERSION}").strip() == "tag"
    assert git(project, "rev-parse", f"v{VERSION}^{{commit}}") == git(project, "rev-parse", "HEAD")


def on_another_branch(project: Path) -> None:
    git(project, "switch", "--quiet", "--create", "idea")


def with_changes(project: Path) -> None:
    (project / "new").touch()


def with_an_older_heading(project: Path) -> None:
    changelog = project / "CHANGELOG.md"
    changelog.write_text(re.sub(r"— .*", "— 2020-01-01", changelog.read_text()))
    commit(project)


def that_is_tagged(project: Path) -> None:
    git(project, "tag", f"v{VERSION}")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (on_another_branch, "Releases are made on main"),
        (with_changes, "The tree is not clean"),
        (with_an_older_heading, f"CHANGELOG.md needs the heading: ## {VERSION} — "),
        (that_is_tagged, f"v{VERSION} is tagged already"),
    ],
)
def test_what_is_not_ready_is_refused_before_anything_runs(project: Path, change, reason: str):
    change(project)
    tags = git(project, "tag")

    outcome = release(project)

    assert outcome.returncode != 0
    assert reason in outcome.stdout
    assert "would run" not in outcome.stdout
    assert git(project, "tag") == tags
