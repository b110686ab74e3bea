"""The table of access (access.txt), read, and compared with what there is."""

from pathlib import Path

from fastapi import FastAPI
from graphql import GraphQLSchema
from starlette.routing import BaseRoute

from observability.names import _flat
from tests.access.sample_objects import PARTS
from tests.access.schema_queries import SchemaQueries

Row = dict[str, str]
"""What each part gets."""
_VARIANTS = (" of nobody's", "GET the ticket of")
"""What marks a row that asks for more than the bare field or route."""


def read() -> dict[str, Row]:
    """The rows by the name of the field, mutation or route."""
    text = (Path(__file__).parent / "access.txt").read_text(encoding="utf-8")
    rows = [line.split(maxsplit=len(PARTS)) for line in text.splitlines() if line and not line.startswith("#")]
    table = {what: dict(zip(PARTS, outcomes, strict=True)) for *outcomes, what in rows}
    assert len(table) == len(rows), "something stands in the table twice"
    return table


def asked_for(schema: GraphQLSchema) -> set[str]:
    """The rows that a schema must have."""
    questions = SchemaQueries(schema)
    return {*questions.queries, *(f"Mutation.{name}" for name in questions.mutations)}


def routed(app: FastAPI) -> set[str]:
    """The rows that the application's routes must have; HEAD is GET, and POST /graphql has all the others."""
    return {
        f"{method} {route.path}"  # type: ignore[attr-defined]
        for route in routes(app)
        for method in (getattr(route, "methods", None) or {"GET"}) - {"HEAD", "OPTIONS"}
    }


def routes(app: FastAPI) -> list[BaseRoute]:
    """Every route of the application that has a path."""
    return [route for route in _flat(app.routes) if getattr(route, "path", None)]


def differences(table: dict[str, Row], schema: GraphQLSchema) -> set[str]:
    """The rows that the schema has and the table lacks, and the other way round."""
    rows = {what for what in table if not (what.endswith(_VARIANTS) or what.startswith(("GET ", "POST ")))}
    return rows ^ asked_for(schema)
