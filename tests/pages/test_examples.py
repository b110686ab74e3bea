import json

import pytest
from graphql import parse, validate

from pages.html import Example, load_examples
from schema.build import schema
from tests.world import World

EXAMPLES = load_examples()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_an_example_is_one_named_operation_that_the_schema_knows(example: Example):
    document = parse(example.query)

    assert validate(schema._schema, document) == []
    assert len(document.definitions) == 1
    assert document.definitions[0].name is not None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "example", [example for example in EXAMPLES if "mutation" not in example.query], ids=lambda example: example.title
)
async def test_an_example_runs(world: World, example: Example):
    await world.organization()
    admin = await world.super_admin()

    data = await admin.ask(example.query, **json.loads(example.variables or "{}"))

    assert all(value is not None for value in data.values())


async def test_the_example_of_a_mutation_explains_its_placeholder(world: World):
    [example] = [example for example in EXAMPLES if "mutation" in example.query]
    admin = await world.super_admin()

    answer = await admin.ask(example.query, **json.loads(example.variables))

    assert answer["createExtensionUser"] == {"__typename": "NotFound", "message": "There is no such organization."}
