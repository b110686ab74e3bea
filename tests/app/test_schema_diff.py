"""`make schema-diff`, in repositories of its own."""

import re
import subprocess
from pathlib import Path

import pytest

from app.schema_diff import ROOT, deprecated, last_release, main, present

OLD = 'type Query { a: Int b(n: Int): String @deprecated(reason: "Use a.") } enum Color { RED }'
NEW = "type Query { a: Int! c: Int } enum Color { RED GREEN }"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, OLD, "# Changelog\n\n## 0.2.0 — 2026-11-27\n\n- News.\n")
    commit(tmp_path, NEW, "# Changelog\n\n## Unreleased\n\n- More.\n\n## 0.2.0 — 2026-11-27\n\n- News.\n")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)


def commit(folder: Path, schema: str, changelog: str) -> None:
    (folder / "schema.graphql").write_text(schema)
    (folder / "CHANGELOG.md").write_text(changelog)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "A change")


def test_what_breaks_clients_is_told_and_what_may_surprise_them(repository: Path):
    told = main([], repository)

    breaking, dangerous, _ = told.split("\n\n")[1:]
    assert breaking == "Breaks clients:\n- Field Query.b was removed."
    assert dangerous.startswith("May surprise clients:\n- Enum value Color.GREEN was added.")


def test_the_last_release_is_its_tag_or_the_commit_of_its_heading(repository: Path):
    without_tag = last_release(repository)
    git(repository, "tag", "v0.2.0", without_tag)

    assert re.fullmatch("[0-9a-f]{7,}", without_tag)
    assert last_release(repository) == "v0.2.0"


def test_another_revision_may_be_named(repository: Path):
    assert "Breaks clients:\n- nothing" in main(["HEAD"], repository)
    with pytest.raises(SystemExit, match=r"nonsense has no schema\.graphql\. Name another"):
        main(["nonsense"], repository)


def test_without_a_release_a_revision_is_asked_for(repository: Path):
    (repository / "CHANGELOG.md").write_text("# Changelog\n")

    with pytest.raises(SystemExit, match=r"has no release yet\. Name a revision"):
        main([], repository)


def test_whatever_is_deprecated_says_since_when_and_until_when():
    found = deprecated(present(ROOT))

    assert found
    date = r"\d{4}-\d\d-\d\d"
    assert [each for each in found if not re.search(f"Deprecated since {date}; .*{date}", each)] == []
