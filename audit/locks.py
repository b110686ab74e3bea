"""The packages that the locks name, of Python and of npm."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PYTHON, NPM = "PyPI", "npm"
_PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)
_FOLDER = "node_modules/"


class Locked(NamedTuple):
    """A package of an ecosystem (as OSV calls it) in a version."""

    ecosystem: str
    name: str
    version: str


def locked_packages(root: Path) -> set[Locked]:
    """Every package in a `requirements*.lock` of the folder or of an example, or in a `package-lock.json` below it."""
    return {*_of_python(root), *_of_npm(root)}


def normalized(ecosystem: str, name: str) -> str:
    """A package's name as its ecosystem compares it."""
    return re.sub(r"[-_.]+", "-", name).lower() if ecosystem == PYTHON else name


def _of_python(root: Path) -> Iterator[Locked]:
    for lock in [*root.glob("requirements*.lock"), *root.glob("examples/*/requirements.lock")]:
        for name, version in _PIN.findall(lock.read_text()):
            yield Locked(PYTHON, normalized(PYTHON, name), version)


def _of_npm(root: Path) -> Iterator[Locked]:
    for lock in root.rglob("package-lock.json"):
        if _FOLDER in lock.as_posix():
            continue
        for path, package in json.loads(lock.read_text())["packages"].items():
            if _FOLDER in path and "version" in package:
                yield Locked(NPM, path.rpartition(_FOLDER)[2], package["version"])
