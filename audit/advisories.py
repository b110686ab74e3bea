"""Advisories from files: OSV records (ossf.github.io/osv-schema) in YAML or JSON, and safety-db's `insecure.json`."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from audit.locks import PYTHON, normalized

_YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # by libyaml, where that is there: many times as fast
_SAFETY_DB = "insecure.json"


@dataclass(frozen=True)
class Advisory:
    """An advisory on some versions of a package. `affects` raises ValueError if versions cannot be compared."""

    id: str
    ecosystem: str
    name: str
    modified: datetime
    affects: Callable[[str], bool]


def read_advisories(folder: Path) -> Iterator[Advisory]:
    """Every advisory in the folder and below it; those that were withdrawn are left out."""
    for path in folder.rglob("*"):
        if path.name == _SAFETY_DB:
            yield from _of_safety_db(json.loads(path.read_text()))
        elif path.suffix in {".json", ".yaml"}:
            yield from _of_osv(_parsed(path))


def _parsed(path: Path) -> Any:
    text = path.read_text()
    return json.loads(text) if path.suffix == ".json" else yaml.load(text, _YAML_LOADER)  # noqa: S506 - it is a safe one


def _of_osv(record: Any) -> Iterator[Advisory]:
    if not isinstance(record, dict) or "affected" not in record or record.get("withdrawn"):
        return
    modified = datetime.fromisoformat(str(record["modified"]))
    for affected in record["affected"]:
        if package := affected.get("package"):
            ecosystem = package["ecosystem"]
            name, affects = normalized(ecosystem, package["name"]), partial(_is_affected, affected)
            yield Advisory(record["id"], ecosystem, name, modified, affects)


def _is_affected(affected: dict[str, Any], version: str) -> bool:
    if version in affected.get("versions", ()):
        return True
    ranges = (each["events"] for each in affected.get("ranges", ()) if each["type"] in {"ECOSYSTEM", "SEMVER"})
    return any(_is_within(Version(version), events) for events in ranges)


def _is_within(version: Version, events: list[dict[str, str]]) -> bool:
    """Follow the events up to the version: each begins or ends a range of affected versions."""
    changes = sorted((Version(number), kind) for event in events for kind, number in event.items())
    within = False
    for number, kind in changes:
        if kind == "introduced" and number <= version:
            within = True
        elif (kind == "fixed" and number <= version) or (kind == "last_affected" and number < version):
            within = False
    return within


def _of_safety_db(packages: dict[str, Any]) -> Iterator[Advisory]:
    modified = datetime.fromtimestamp(packages.pop("$meta")["timestamp"], UTC)
    for name, ranges in packages.items():
        for text in ranges:
            affects = partial(_is_specified, text)
            yield Advisory(f"safety-db {text}", PYTHON, normalized(PYTHON, name), modified, affects)


def _is_specified(specifiers: str, version: str) -> bool:
    return Version(version) in SpecifierSet(specifiers, prereleases=True)
