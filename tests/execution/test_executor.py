"""Our executor gives the answers that graphql-core's gives, to the order of members and errors."""

import inspect
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
import strawberry
from graphql import (
    ExecutionResult,
    GraphQLField,
    GraphQLSchema,
    execute,
    get_introspection_query,
    is_required_argument,
    parse,
    validate,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext as Stock

from app.secret import jwt_secret
from core.ids import encode_node_id
from execution.executor import Executor
from schema.build import schema as service_schema
from tests.conftest import make_settings
from tests.execution.random_queries import Arguments, QueryMaker
from tests.execution.random_schema import CONFIG, LEAVES, WRONG, Maker, Row, Soon, list_of, object_type
from tests.servers import own_world
from tests.world import Asker, World, raw

QUERIES = 10
AS_OF = re.compile(r'"\w*([aA]sOf|generatedAt|[cC]ursor)":"[^"]*"')
"""The instants at which an answer was made, which differ between two, and cursors, which may hold them."""
check = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


async def answer(executor: Any, schema: GraphQLSchema, query: str, root: object) -> str:
    """Everything a client is told, as text: order matters, and so do 1, 1.0 and True."""
    result: Any = execute(
        schema,
        parse(query),
        root,
        executor_class=executor,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # less exact than graphql-core's own
        operation_extensions=None,
    )
    if inspect.isawaitable(result):
        result = await result
    assert isinstance(result, ExecutionResult)
    errors = [(error.message, error.path, error.locations, repr(error.original_error)) for error in result.errors or ()]
    return f"{result.data!r} {errors!r}"


async def assert_alike(schema: GraphQLSchema, query: str, root: object) -> None:
    """Both executors answer alike."""
    assert not validate(schema, parse(query)), query
    assert await answer(Executor, schema, query, root) == await answer(Stock, schema, query, root), query


@check
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.02, 0.15]))
async def test_random_queries_are_answered_as_graphql_core_answers_them(seed: int, wrong: float):
    maker = Maker(Random(seed), wrong)
    schema = maker.schema()._schema
    root = maker.row("Query")

    for number in range(QUERIES):
        await assert_alike(schema, QueryMaker(schema, Random(f"{seed} {number}")).query(), root)


@pytest.mark.parametrize("kind", LEAVES)
@pytest.mark.parametrize("optional", [True, False])
async def test_every_wrong_value_of_every_type_fails_alike(kind: Any, optional: bool):
    leaf = kind | None if optional else kind
    thing = object_type("Thing", {"one": leaf, "some": list_of(leaf)})
    query = object_type("Query", {"things": list_of(thing | None)})
    schema = strawberry.Schema(query, config=CONFIG)._schema
    right = LEAVES[kind]

    for wrong in WRONG:
        rows = [
            Row("Thing", {"one": one, "some": some}.__getitem__)
            for one, some in [(right[0], list(right)), (wrong, [*right, wrong]), (right[-1], [wrong])]
        ]
        root = Row("Query", {"things": rows}.__getitem__)
        await assert_alike(schema, "{ things { one } }", root)
        await assert_alike(schema, "{ things { some one } }", root)


@pytest.mark.parametrize("verdict", [True, False, None, "yes", Soon(True), Soon(False), ValueError("a verdict")])
async def test_objects_of_another_type_fail_alike(verdict: Any):
    def is_type_of(_cls: type, value: Any, _info: Any) -> Any:
        if value.number == 1 and isinstance(verdict, Exception):
            raise verdict
        return value.number != 1 or verdict

    thing = object_type("Thing", {"number": int}, is_type_of=classmethod(is_type_of))
    query = object_type("Query", {"one": thing | None, "things": list_of(thing | None)})
    schema = strawberry.Schema(query)._schema
    rows = [Row("Thing", {"number": number}.__getitem__) for number in range(3)]

    root = Row("Query", {"one": rows[1], "things": rows}.__getitem__)
    await assert_alike(schema, "{ one { number } things { number } }", root)


def arguments_of(ids: dict[str, str]) -> Arguments:
    """Arguments for the service's fields: an id where they take one, and every required one."""

    def arguments(name: str, field: GraphQLField) -> str | None:
        if name in {"periodPresets", "auditLog", "alertRulePreview"}:  # these differ from one moment to the next
            return None
        needed = [argument for argument, definition in field.args.items() if is_required_argument(definition)]
        given = {"id": f'"{ids.get(name)}"'} | GIVEN | ({"by": "DOMAIN"} if name == "transitions" else {})
        return f"({', '.join(f'{argument}: {given[argument]}' for argument in needed)})" if needed else ""

    return arguments


GIVEN = {
    "period": '{ between: { start: "2026-08-03T00:00:00Z", end: "2026-08-05T00:00:00Z" } }',
    "every": "DAY",
    "by": "[DOMAIN, EVENT_TYPE]",
    "of": "EVENTS",
    "rules": "[]",
}


async def test_without_the_columnar_executor_the_service_answers_alike(
    world: World, data_dir: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    person = await world.recorded(await world.organization())
    for second in range(3):
        await world.browse(person, raw(f"09:00:0{second}", "click", "https://a.com/", x=second, y=0))
    admin = await world.super_admin()
    query = "{ behaviors { nodes { id ts type url extensionUser { username } } edges { cursor } } }"
    columnar = await admin.post(query)
    assert len(columnar["data"]["behaviors"]["nodes"]) == 3
    settings = make_settings(data_dir, jwt_secret=jwt_secret(make_settings(data_dir)), columnar_executor=False)
    async with own_world(settings, database_url) as other:
        monkeypatch.setattr(Executor, "execute_fields", unexpected)

        assert await Asker(other.http, token=admin.token).post(query) == columnar


def unexpected(*_: Any, **__: Any) -> Any:
    """Fail, in place of a method that must not be called."""
    raise AssertionError("the columnar executor is in use")


async def test_random_queries_put_to_the_service_are_answered_alike(world: World, monkeypatch: pytest.MonkeyPatch):
    organization = await world.organization()
    person, other = await world.recorded(organization), await world.recorded(organization)
    for number in range(6):
        await world.browse(person, raw(f"09:0{number}:00", "click", f"https://{'ab'[number % 2]}.com/", x=number, y=0))
        await world.browse(other, raw(f"09:0{number}:30", "idle", ""))
    await world.browse(None, raw("10:00:00"))
    admin = await world.super_admin()
    schema = service_schema._schema
    ids = {
        "node": encode_node_id("ExtensionUser", person.id.bytes),
        "organization": str(organization.id),
        "extensionUser": str(person.id),
    }

    made = [QueryMaker(schema, Random(seed), 4, arguments_of(ids)).query() for seed in range(24)]
    for query in [get_introspection_query(), *made]:
        answers = []
        for executor in (Executor, Stock):
            monkeypatch.setattr(service_schema, "execution_context_class", executor)
            response = await admin.http.post(
                "/graphql", json={"query": query}, headers={"Authorization": f"Bearer {admin.token}"}
            )
            answers.append(AS_OF.sub("asOf", response.text))
        assert answers[0] == answers[1], query
        assert '"data":{' in answers[0]
