"""The dashboard for Grafana: its queries fit the schema, and answer a token with the columns that its panels name.

Grafana and its plugin are not run. Selectors are plain paths (`measures.activeSeconds`), followed here as the plugin's
parsers do.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from graphql import parse, validate

from core.clock import now
from schema.build import schema
from tests.clients.conftest import EXAMPLES, Acme, Frontend
from tests.clients.test_typed_clients import service_account
from tests.world import Asker

FOLDER = EXAMPLES / "grafana"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboards/usage.json").read_text())
SOURCE: dict[str, Any] = yaml.safe_load((FOLDER / "provisioning/datasources/web-behavior.yaml").read_text())
SCOPES = ["METRICS_READ", "ORGANIZATION_READ", "PEOPLE_READ"]
_PATH = re.compile(r"\w+(\.\w+)*")
_VARIABLE = re.compile(r"\$\{(\w+)(?::[\w:]+)?\}")


def targets() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every query of the dashboard, with the title of what asks it."""
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["label"], variable["query"]["infinityQuery"]
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target


TARGETS = dict(targets())


def follow(value: Any, path: str) -> Any:
    for member in path.split("."):
        value = value[member]
    return value


def is_of(kind: str, value: Any) -> bool:
    """True if a column of the plugin's type can hold the value; there may be none."""
    if value is None:
        return True
    if kind == "timestamp":
        return datetime.fromisoformat(value).tzinfo is not None
    return isinstance(value, (int, float) if kind == "number" else str)


async def rows(asker: Asker, target: dict[str, Any], values: dict[str, str]) -> list[dict[str, Any]]:
    """The rows of a query's table: its columns by their titles."""
    options = target["url_options"]
    variables = json.loads(_VARIABLE.sub(lambda found: values[found[1]], options["body_graphql_variables"]))
    data = {"data": await asker.ask(options["body_graphql_query"], **variables)}
    root = follow(data, target["root_selector"])
    return [
        {column["text"]: follow(row, column["selector"]) for column in target["columns"]}
        for row in (root if isinstance(root, list) else [root])
    ]


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_each_query_fits_the_schema_and_what_is_provisioned(target: dict[str, Any]):
    [source] = SOURCE["datasources"]
    options = target["url_options"]

    assert validate(schema._schema, parse(options["body_graphql_query"])) == []
    assert target.get("datasource", DASHBOARD["templating"]["list"][0]["datasource"]) == {
        "type": source["type"], "uid": source["uid"],
    }  # fmt: skip
    assert (target["type"], target["source"], target["url"]) == ("graphql", "url", "/graphql")
    assert (options["method"], options["body_type"]) == ("POST", "graphql")
    names = {variable["name"] for variable in DASHBOARD["templating"]["list"]} | {"__from", "__to"}
    assert set(_VARIABLE.findall(options["body_graphql_variables"])) <= names
    for path in (target["root_selector"], *(column["selector"] for column in target["columns"])):
        assert _PATH.fullmatch(path)


async def test_each_query_answers_a_token_with_the_columns_that_its_panel_names(frontend: Frontend, acme: Acme):
    asker = Asker(frontend.http, token=await service_account(acme, frontend, SCOPES))
    end = now().astimezone(UTC).replace(microsecond=0)
    values = {"__from": (end - timedelta(days=7)).isoformat(), "__to": end.isoformat(), "every": "DAY"}

    [organization] = await rows(asker, TARGETS["Organization"], values)
    assert organization["__text"] == "Acme"
    values |= {"organization": organization["__value"]}
    tables = {title: await rows(asker, target, values) for title, target in TARGETS.items()}

    for title, target in TARGETS.items():
        kinds = {column["text"]: column["type"] for column in target["columns"]}
        assert tables[title], title
        assert all(is_of(kinds[name], value) for row in tables[title] for name, value in row.items()), title
    [cards] = tables["In all"]
    assert cards == {"People": 5, "Events": 15, "Active time": 600, "Engagement": 100}
    series = tables["Active time and deep work"]
    assert len(series) in {7, 8}
    assert sum(row["Active time"] for row in series) == 600
    assert tables["Sites"] == [{"Site": "example.com", "Active time": 600, "Share": 1, "People": 5}]
    assert [(row["Person"], row["Active time"]) for row in tables["People"]] == [
        ("gus", 240), ("eve", 180), ("cyd", 120), ("ben", 60), ("ann", 0),
    ]  # fmt: skip


@pytest.mark.parametrize("every", ["HOUR", "DAY", "WEEK", "MONTH"])
async def test_each_length_of_buckets_that_can_be_chosen_is_answered(frontend: Frontend, acme: Acme, every: str):
    choices = DASHBOARD["templating"]["list"][1]
    asker = Asker(frontend.http, token=await service_account(acme, frontend, SCOPES))
    values = {
        "__from": (now() - timedelta(days=7)).isoformat(),
        "__to": now().isoformat(),
        "every": every,
        "organization": str(acme.organization.id),
    }

    series = await rows(asker, TARGETS["Active time and deep work"], values)

    assert every in choices["query"].split(",")
    assert sum(row["Active time"] for row in series) == 600


def test_the_token_is_kept_out_of_the_file():
    [source] = SOURCE["datasources"]

    assert source["secureJsonData"] == {"bearerToken": "$WEB_BEHAVIOR_TOKEN"}
    assert source["jsonData"] == {"auth_method": "bearerToken", "allowedHosts": [source["url"]]}
