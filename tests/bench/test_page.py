from pathlib import Path

import pytest

from bench.page import NoPlace, Page
from bench.parts import BY_REQUEST, PARTS
from bench.section import Section, Target, table

PAGE = """# How fast it is

<!-- targets: written by `make bench` -->
<!-- /targets -->

## Metrics

By hand.

<!-- metrics: written by `make bench` -->
<!-- /metrics -->

## Storing

<!-- storing: written by `make bench` -->
<!-- /storing -->

The end.
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "performance.md"
    file.write_text(PAGE)
    return file


def test_a_part_measured_anew_replaces_its_own_figures_and_targets_alone(file: Path):
    page = Page(file)
    page.write("storing", Section(["Stored."], [Target("cost ≤ 25 %", "8 %", met=True)]), "a machine")
    page.write("metrics", Section(["Slow."], [Target("≥ 10 ×", "3 ×", met=False)]), "a machine")

    page.write(
        "metrics",
        Section(["Fast."], [Target("≥ 10 ×", "17 ×", met=True)]),
        "a machine",
        file.parent / "performance-m.png",
    )

    text = file.read_text()
    assert "Stored." in text
    assert "Fast.\n\n![Metrics](performance-m.png)\n<!-- /metrics -->" in text
    assert "Slow." not in text
    assert text.count("a machine.") == 2
    assert (
        "| [metrics](#metrics) | ≥ 10 × | 17 × | met |\n| [storing](#storing) | cost ≤ 25 % | 8 % | met |\n"
        "<!-- /targets -->"
    ) in text
    assert all(line in text for line in ("By hand.", "The end."))


def test_a_missed_target_is_told(file: Path):
    Page(file).write("metrics", Section([], [Target("≥ 10 ×", "3 ×", met=False)]), "a machine")

    assert "| ≥ 10 × | 3 × | **missed** |" in file.read_text()


def test_a_part_without_its_place_is_refused(file: Path):
    with pytest.raises(NoPlace, match="<!-- graphql: written by `make bench` -->"):
        Page(file).check("graphql")


def test_the_page_has_a_place_for_every_part():
    page = Page(Path(__file__).parents[2] / "docs" / "performance.md")

    for name in (*PARTS, *BY_REQUEST):
        page.check(name)


def test_a_table_is_markdown():
    assert table(["", "ms"], [["one", 2]]) == ["|  | ms |", "|---|---:|", "| one | 2 |"]
