"""The folder of examples: short to read, exactly pinned, and what the documents show of it is in it."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.clients.conftest import EXAMPLES, ROOT

FOLDERS = [path.parent for path in sorted(EXAMPLES.glob("*/README.md")) if path.parent.name != "node_modules"]
PAGES = ("clients.md", "graphql.md")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LEFT_OUT = re.compile(r"^\W*…\W*$")
_OF_EXAMPLES = {"clients.md": None, "graphql.md": {"ts"}}
"""The languages of the blocks of a page that show examples; None: all."""


def sources() -> dict[Path, list[str]]:
    """The lines of every file of the examples, without their indentation."""
    kept = {".ts", ".json", ".toml", ".graphql", ".py", ".yaml", ".md", ".html", ".mjs"}
    files = [
        path
        for folder in FOLDERS
        for path in folder.rglob("*")
        if path.suffix in kept and not {"gql", "__generated__", "web_behavior_client"} & set(path.parts)
    ]
    return {path: lines(path.read_text()) for path in [*files, EXAMPLES / "package.json"]}


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def parts(block: list[str]) -> list[list[str]]:
    """A block's lines between those that say `…`: something is left out there."""
    cuts = [-1, *(place for place, line in enumerate(block) if _LEFT_OUT.match(line)), len(block)]
    return [block[start + 1 : end] for start, end in pairwise(cuts) if end > start + 1]


def stands_in(block: list[str], source: list[str]) -> bool:
    """True if the source has each part of the block, in their order."""
    place = 0
    for part in parts(block):
        found = [start for start in range(place, len(source)) if source[start : start + len(part)] == part]
        if not found:
            return False
        place = found[0] + len(part)
    return True


def shown() -> list[tuple[str, list[str]]]:
    """The blocks of the pages that show examples."""
    found = []
    for page in PAGES:
        for language, text in _BLOCK.findall((ROOT / "docs" / page).read_text()):
            languages = _OF_EXAMPLES[page]
            if languages is None or language in languages:
                found.append((page, lines(text)))
    return found


@pytest.mark.parametrize(("page", "block"), shown(), ids=lambda value: value[0] if isinstance(value, list) else value)
def test_what_a_page_shows_stands_in_an_example(page: str, block: list[str]):
    assert any(stands_in(block, source) for source in sources().values()), (page, block)


def test_the_page_shows_examples():
    assert len(shown()) >= 12


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_readme_has_five_lines(folder: Path):
    assert len((folder / "README.md").read_text().splitlines()) == 5


def test_every_package_is_pinned_and_any_registry_will_do():
    package = json.loads((EXAMPLES / "package.json").read_text())
    lock = json.loads((EXAMPLES / "package-lock.json").read_text())
    python = (EXAMPLES / "ariadne-codegen/requirements.lock").read_text()

    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package["devDependencies"].values())
    installed = {path: entry for path, entry in lock["packages"].items() if path}
    assert all(entry["integrity"] and "resolved" not in entry for entry in installed.values())
    assert len(re.findall(r"^\S+==", python, re.MULTILINE)) >= 10
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\S)", python.strip()))


def test_every_folder_is_in_the_list():
    listed = re.findall(r"^\| `([\w-]+)` \|", (EXAMPLES / "README.md").read_text(), re.MULTILINE)

    assert sorted(listed) == [folder.name for folder in FOLDERS]
