"""A part of the benchmark: it measures, and reports in a section of the page.

Each part is a module of this package with a `measure` of the type `Measure`, listed in bench/parts.py. Its words stand
in docs/performance.md between the markers of its name; what is written around them by hand stays.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a run. Each part takes those that concern it."""

    events: tuple[int, ...] = (300_000, 1_000_000, 3_000_000)
    """How many events, to see how time grows; in rising order."""
    ingested: int = 200_000
    """How many events to compare ways of storing with."""
    growth: int = 30_000_000
    """How far the table grows."""
    load_seconds: float = 30.0
    """How long a service is kept under full load to see what memory it takes."""
    peer_url: str | None = None
    """Where another server listens that speaks the REST contract, to be measured side by side."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The context of the parts of a run: a PostgreSQL of their own (as superuser), a folder for files, the options."""

    server_url: str
    folder: Path
    options: Options = Options()


@dataclass(frozen=True, slots=True)
class Target:
    """A target, and whether it was met: `goal` and `reached` are words, with their units."""

    goal: str
    reached: str
    met: bool


@dataclass(frozen=True, slots=True)
class Section:
    """The results of a part, as Markdown lines (headings from the third level on), and the targets that it met.

    `draw` is given an empty matplotlib Figure and draws the section's picture.
    """

    lines: Sequence[str]
    targets: Sequence[Target] = ()
    draw: Callable[[Any], None] | None = None


Measure = Callable[[Bench], Awaitable[Section]]


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A Markdown table; the first column is aligned to the left, figures to the right."""
    return [
        f"| {' | '.join(columns)} |",
        f"|---|{'---:|' * (len(columns) - 1)}",
        *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows),
    ]
