import re

import pytest

from app.metrics_docs import BEGIN, END, PAGE, rendered
from db.metrics.measures import MEASURES


def test_the_page_of_metrics_has_the_tables_of_the_registry():
    page = PAGE.read_text()

    assert page == rendered(page), "docs/metrics.md is out of date: run `make schema` and commit it"


def test_the_tables_name_every_measure_once_with_its_definition():
    tables = rendered(f"{BEGIN}\nold\n{END}")

    definitions, splits = tables.split("\n\n")
    for measure in MEASURES:
        assert (
            f"| `{measure.field}` | {measure.unit.value} | `{measure.additivity.name}` | {measure.definition} |"
            in definitions
        )
        assert splits.count(f"`{measure.field}`") == 1
    assert "old" not in tables


def test_the_tables_say_what_can_be_split_by_what():
    *_, splits = rendered(f"{BEGIN}{END}").split("\n\n")

    titles, _, *rows = [line.strip("| ").split(" | ") for line in splits.splitlines() if line.startswith("|")]
    found = {
        (name, title.strip("`"))
        for names, *marks in rows
        for name in re.findall(r"`(\w+)`", names)
        for title, mark in zip(titles[1:], marks, strict=True)
        if mark == "✓"
    }
    assert found == {
        *((measure.field, dimension.name) for measure in MEASURES for dimension in measure.dimensions),
        *((measure.field, "series") for measure in MEASURES if measure.by_time),
    }


def test_what_stands_around_the_tables_stays():
    assert rendered(f"above\n{BEGIN}\n{END}\nbelow\n").startswith(f"above\n{BEGIN}\n| measure |")
    assert rendered(f"above\n{BEGIN}\n{END}\nbelow\n").endswith(f"|\n{END}\nbelow\n")


@pytest.mark.parametrize("page", ["", BEGIN, END, f"{END}{BEGIN}"])
def test_a_page_without_the_markers_is_refused(page: str):
    with pytest.raises(ValueError, match="lacks"):
        rendered(page)
