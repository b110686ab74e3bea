"""The documents about metrics (the page, the dashboard, the alert rules) name the metrics that exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observability.prometheus_scrape import Family, Scrape

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "observability.md"
ALERTS = ROOT / "monitoring" / "alerts.yaml"
DASHBOARD = ROOT / "monitoring" / "dashboard.json"

_STRING = re.compile(r'"[^"]*"')
_RANGE = re.compile(r"\[[^\]]*\]")
_GROUPING = re.compile(r"\b(by|on|group_left)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"([a-z_]+)\s*(?:\{([^}]*)\})?")
_FUNCTIONS = {"sum", "max", "min", "count", "rate", "increase", "absent", "histogram_quantile", "time"}
_ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \| (.+) \|$", re.MULTILINE)


def alert_rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    queries = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [rule["expr"] for rule in alert_rules()] + queries


def selected(expression: str) -> Iterator[tuple[str, set[str]]]:
    """The samples that a PromQL expression names, with the labels that it asks of each."""
    plain = _GROUPING.sub("", _RANGE.sub("", _STRING.sub('""', expression)))
    for name, matchers in _SELECTOR.findall(plain):
        if name not in _FUNCTIONS:
            yield name, set(re.findall(r"(\w+)\s*[=!]", matchers))


def labels_of(scraped: Scrape) -> dict[str, set[str]]:
    """The labels of every sample."""
    return {each.name: set(each.labels) for family in scraped.families.values() for each in family.samples}


def written(family: Family) -> str:
    """A metric's name as it is asked for."""
    return f"{family.name}_total" if family.kind == "counter" else family.name


@pytest.mark.parametrize("expression", expressions())
def test_every_expression_names_samples_and_labels_that_there_are(expression: str, scraped: Scrape):
    found, labels = list(selected(expression)), labels_of(scraped)

    assert found
    for name, asked in found:
        assert name in labels, f"there is no sample {name}"
        assert asked <= labels[name], f"{name} has the labels {labels[name]}"
    grouped = {label.strip() for _, names in _GROUPING.findall(expression) for label in names.split(",")}
    known = {"", "le", "instance"}.union(*(labels[name] for name, _ in found))
    assert grouped <= known


def test_what_is_made_up_would_be_noticed():
    assert list(selected('sum by (le) (rate(nothing_of_that_name{code="x"}[5m])) / a_b > 0.5')) == [
        ("nothing_of_that_name", {"code"}),
        ("a_b", set()),
    ]


def test_every_alert_says_what_is_wrong_and_how_bad_it_is():
    rules = alert_rules()

    assert len({rule["alert"] for rule in rules}) == len(rules) > 10
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["alert"].startswith("WebBehavior")
        assert re.fullmatch(r"\d+m", rule.get("for", "1m"))
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_the_dashboard_asks_the_prometheus_that_is_chosen_and_no_panel_hides_another():
    places = [panel["gridPos"] for panel in panels()]

    assert len({panel["id"] for panel in panels()}) == len(panels()) > 15
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in panels())
    squares = [
        (x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(squares)) == len(squares)


def test_the_page_describes_every_metric_as_it_is_exposed(scraped: Scrape):
    described = {name: (kind, labels, meaning) for name, kind, labels, meaning in _ROW.findall(PAGE.read_text())}

    ours = [family for family in scraped.families.values() if not family.name.startswith("process_")]
    assert described == {
        written(family): (
            family.kind,
            ", ".join(f"`{label}`" for label in sorted(_labels(family))) or "–",
            family.meaning,
        )
        for family in ours
    }


def _labels(family: Family) -> set[str]:
    return {label for sample in family.samples for label in sample.labels} - {"le"}
