"""The tables of docs/metrics.md, made from the registry of measures: `python -m app.metrics_docs` writes them anew."""

from collections.abc import Iterable
from pathlib import Path

from core.dimensions import Dimension
from db.metrics.measure import Measure
from db.metrics.measures import MEASURES

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
BEGIN, END = "<!-- measures:begin -->", "<!-- measures:end -->"


def rendered(page: str) -> str:
    """Return the page with up-to-date tables between the markers."""
    before, _, rest = page.partition(BEGIN)
    _, marker, after = rest.partition(END)
    if not marker:
        raise ValueError(f"The page lacks {BEGIN} … {END}.")
    return f"{before}{BEGIN}\n{_definitions()}\n\n{_splits()}\n{END}{after}"


def _definitions() -> str:
    rows = [
        (f"`{measure.field}`", measure.unit.value, f"`{measure.additivity.name}`", measure.definition)
        for measure in MEASURES
    ]
    return _table(("measure", "unit", "additivity", "definition"), rows)


def _splits() -> str:
    """Return the table of the dimensions of each measure; measures with the same dimensions share a row."""
    alike: dict[tuple[frozenset[Dimension], bool], list[Measure]] = {}
    for measure in MEASURES:
        alike.setdefault((measure.dimensions, measure.by_time), []).append(measure)
    rows = [
        (
            ", ".join(f"`{measure.field}`" for measure in measures),
            *("✓" if dimension in dimensions else "–" for dimension in Dimension),
            "✓" if by_time else "–",
        )
        for (dimensions, by_time), measures in alike.items()
    ]
    return _table(("measures", *(f"`{dimension.name}`" for dimension in Dimension), "`series`"), rows)


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (titles, ("---",) * len(titles), *rows))


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text()))
