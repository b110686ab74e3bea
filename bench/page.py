"""docs/performance.md: the results of each part of the benchmark, between its markers, and a table of all targets."""

import re
from datetime import UTC, datetime
from pathlib import Path

from bench.section import Section, Target

_TARGETS = ("<!-- targets: written by `make bench` -->", "<!-- /targets -->")
_HEAD = ["| part | target | reached | |", "|---|---|---|---|"]


class NoPlace(ValueError):
    """The page has no markers for the section that is to be written."""


class Page:
    """The page in a file. Parts are replaced one by one; the others' figures and targets stay."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def check(self, name: str) -> None:
        """Raise NoPlace unless there is room for this part: better before it is measured than after."""
        text = self._file.read_text()
        _between(text, *_TARGETS)
        _between(text, *_markers(name))

    def write(self, name: str, section: Section, where: str, picture: Path | None = None) -> None:
        """Replace the section of a part. `where` names the machine, and how busy it was."""
        lines = [f"Measured on {datetime.now(UTC):%d %B %Y}: {where}.", "", *section.lines]
        if picture:
            lines += ["", f"![{name.capitalize()}]({picture.relative_to(self._file.parent).as_posix()})"]
        text = _replaced(self._file.read_text(), *_markers(name), lines)
        rows = [row for row in _between(text, *_TARGETS).splitlines() if row not in ("", *_HEAD)]
        own = _link(name)
        kept = [row for row in rows if not row.startswith(f"| {own} |")]
        rows = [*kept, *(_row(own, target) for target in section.targets)]
        in_order = sorted(rows, key=lambda row: text.find(_markers(_name_in(row))[0]))
        self._file.write_text(_replaced(text, *_TARGETS, [*_HEAD, *in_order]))


def _markers(name: str) -> tuple[str, str]:
    return f"<!-- {name}: written by `make bench` -->", f"<!-- /{name} -->"


def _link(name: str) -> str:
    return f"[{name}](#{name})"


def _name_in(row: str) -> str:
    return row.removeprefix("| [").partition("]")[0]


def _row(link: str, target: Target) -> str:
    return f"| {link} | {target.goal} | {target.reached} | {'met' if target.met else '**missed**'} |"


def _between(text: str, begin: str, end: str) -> str:
    found = re.search(f"{re.escape(begin)}\n(.*?){re.escape(end)}", text, re.DOTALL)
    if not found:
        raise NoPlace(f"The page lacks the markers {begin} and {end}, each on a line of its own. Add them.")
    return found[1]


def _replaced(text: str, begin: str, end: str, lines: list[str]) -> str:
    before, _, rest = text.partition(f"{begin}\n")
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n" + "\n".join(lines) + f"\n{end}{after}"
