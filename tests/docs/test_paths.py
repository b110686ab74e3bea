"""The documents name files and link to one another: every path in them exists."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)\s]+)\)")
_FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*\.(?:py|md|toml|yml|yaml|graphql|lock|txt|sh|ts|mjs))`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def tracked() -> list[str]:
    """Every file of the repository, by its path from the root."""
    output = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return output.splitlines()


DOCUMENTS = [path for path in tracked() if path.endswith(".md") and "vendor" not in path]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str):
    text = (ROOT / document).read_text()

    broken = [target for target in _LINK.findall(text) if not _leads_somewhere(document, target)]

    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_exists(document: str):
    files = tracked()
    named = set(_FILE.findall((ROOT / document).read_text()))

    missing = sorted(name for name in named if not any(path == name or path.endswith(f"/{name}") for path in files))

    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_merge_is_left_half_done(document: str):
    assert re.findall(r"^(?:<{7} |>{7} ).*$", (ROOT / document).read_text(), re.MULTILINE) == []


def _leads_somewhere(document: str, target: str) -> bool:
    path, _, anchor = target.partition("#")
    file = (ROOT / document).parent / unquote(path)
    if not file.exists():
        return False
    return not anchor or anchor in {_anchor(heading) for heading in _HEADING.findall(file.read_text())}


def _anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
