"""The locks against a folder of advisories, as files of each kind hold them."""

import json
from pathlib import Path

import pytest

from audit.__main__ import main

LOCK = "Some_Library==1.5.0 \\\n    --hash=sha256:00\nother==2.0.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
NPM_LOCK = {"packages": {"": {"version": "0"}, "node_modules/a/node_modules/@scope/b": {"version": "3.1.0"}}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with locks, and one of advisories in it that are about other packages or versions."""
    (tmp_path / "requirements-dev.lock").write_text(LOCK)
    (tmp_path / "web").mkdir()
    (tmp_path / "web/package-lock.json").write_text(json.dumps(NPM_LOCK))
    (tmp_path / "advisories").mkdir()
    (tmp_path / "advisories/notes.yaml").write_text("- no record\n")
    record(tmp_path, "ELSEWHERE", "another", introduced="0")
    record(tmp_path, "EARLIER", "some-library", introduced="0", fixed="1.5.0")
    return tmp_path


def record(root: Path, name: str, package: str, ecosystem: str = "PyPI", **events: str) -> None:
    """Write an OSV record on the versions between events."""
    ranges = [{"type": "ECOSYSTEM", "events": [{kind: version} for kind, version in events.items()]}]
    affected = [{"package": {"ecosystem": ecosystem, "name": package}, "ranges": ranges}]
    body = {"id": name, "modified": "2026-11-01T00:00:00Z", "affected": affected}
    (root / f"advisories/{name}.json").write_text(json.dumps(body))


def audited(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    status = main(root, root / "advisories")
    return status, [line for line in capsys.readouterr().out.splitlines() if line]


def test_versions_that_nothing_is_known_of_pass(root: Path, capsys: pytest.CaptureFixture[str]):
    assert audited(root, capsys) == (
        0,
        [
            "PyPI: 2 locked packages, 2 advisories, the newest of 2026-11-01",
            "npm: 1 locked packages, 0 advisories: nothing is known of these packages",
        ],
    )


@pytest.mark.parametrize(
    "events",
    [
        {"introduced": "0"},
        {"introduced": "1.5.0"},
        {"introduced": "1.0", "fixed": "1.5.1"},
        {"introduced": "1.0", "last_affected": "1.5.0"},
    ],
    ids=str,
)
def test_an_affected_version_is_found(root: Path, capsys: pytest.CaptureFixture[str], events: dict[str, str]):
    record(root, "OURS", "some.library", **events)

    status, lines = audited(root, capsys)

    assert (status, lines[0]) == (1, "PyPI some-library 1.5.0: OURS")


@pytest.mark.parametrize(
    "events", [{"introduced": "1.5.1"}, {"introduced": "0", "last_affected": "1.4.9"}, {"introduced": "2!0"}], ids=str
)
def test_versions_before_and_after_pass(root: Path, capsys: pytest.CaptureFixture[str], events: dict[str, str]):
    record(root, "OURS", "some-library", **events)

    assert audited(root, capsys)[0] == 0


def test_packages_of_npm_and_lists_of_versions_are_found(root: Path, capsys: pytest.CaptureFixture[str]):
    record(root, "SCOPED", "@scope/b", "npm", introduced="3.0.0", fixed="3.1.1-beta.1")
    (root / "advisories/listed.yaml").write_text(
        "id: LISTED\nmodified: 2026-11-02T00:00:00Z\n"
        "affected:\n- package: {ecosystem: PyPI, name: other}\n  versions: ['1.9.0', '2.0.0']\n"
    )

    status, lines = audited(root, capsys)

    assert status == 1
    assert lines[:2] == ["PyPI other 2.0.0: LISTED", "npm @scope/b 3.1.0: SCOPED"]
    assert lines[2].endswith("the newest of 2026-11-02")


def test_ranges_of_safety_db_are_found(root: Path, capsys: pytest.CaptureFixture[str]):
    packages = {"$meta": {"timestamp": 1775023247}, "Other": ["<1.0", ">=2.0,<2.1"]}
    (root / "advisories/insecure.json").write_text(json.dumps(packages))

    status, lines = audited(root, capsys)

    assert (status, lines[0]) == (1, "PyPI other 2.0.0: safety-db >=2.0,<2.1")


def test_withdrawn_advisories_do_not_count(root: Path, capsys: pytest.CaptureFixture[str]):
    record(root, "OURS", "some-library", introduced="0")
    path = root / "advisories/OURS.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"withdrawn": "2026-11-02T00:00:00Z"}))

    assert audited(root, capsys)[0] == 0


def test_what_cannot_be_compared_is_told(root: Path, capsys: pytest.CaptureFixture[str]):
    record(root, "ODD", "some-library", introduced="one")

    status, lines = audited(root, capsys)

    assert (status, "look yourself" in lines[0]) == (1, True)


def test_a_folder_without_advisories_is_no_good_news(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "requirements.lock").write_text(LOCK)

    assert main(tmp_path, tmp_path) == 2
    assert "There is nothing to compare" in capsys.readouterr().out
