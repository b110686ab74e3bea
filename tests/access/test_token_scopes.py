"""The scopes that an API token needs for each field, node, mutation and route: scopes.txt."""

from pathlib import Path
from typing import Any

import pytest
from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, build_schema, parse

from core.token_scopes import TokenScope
from execution.declarations import MissingDeclaration
from execution.token_scopes import ScopesOfOperation, declare_type_scopes
from resolvers import api_tokens
from resolvers.api_tokens import TokenRequest
from resolvers.authentication import authenticate
from resolvers.caller import Caller
from schema.build import schema, sdl
from schema.token_scopes import TYPE_SCOPES
from tests.access.access_table import read
from tests.access.sample_objects import SampleObjects, another_tenant, create_sample_objects
from tests.access.test_access import INPUTS, QUESTIONS, asked, requested
from tests.world import Asker, World

SIGN_IN = "sign-in"
ROUTES = {what for what, row in read().items() if what.startswith("GET /api/v1/exports") and row["admin"] != SIGN_IN}
"""Downloads that take a token; the others take a ticket alone."""


def table() -> dict[str, str]:
    """The scopes by row, separated by commas; `-` for none, `sign-in` where no token is let in."""
    text = (Path(__file__).parent / "scopes.txt").read_text(encoding="utf-8")
    rows = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    found = {what: scopes for scopes, what in rows}
    assert len(found) == len(rows), "something stands in the table twice"
    return found


def needed(question: str) -> str:
    """The scopes that a question needs, in the spelling of the table."""
    [operation] = parse(question).definitions
    assert isinstance(operation, OperationDefinitionNode)
    scopes = ScopesOfOperation(schema._schema, operation, {}).needed
    return SIGN_IN if scopes is None else ",".join(sorted(scope.value for scope in scopes)) or "-"


def test_the_table_has_the_scopes_of_everything():
    computed = {what: needed(question) for what, question in QUESTIONS.queries.items()}
    for name, question in QUESTIONS.mutations.items():
        computed[f"Mutation.{name}"] = needed(question % INPUTS[name])

    assert {what: scopes for what, scopes in table().items() if what not in ROUTES} == computed
    assert table().keys() - computed.keys() == ROUTES


async def token_of(asker: Asker, world: World, scopes: set[str]) -> Asker:
    """The asker, by a personal token of theirs with these scopes."""
    assert asker.token
    viewer, _ = await authenticate(world.services, asker.token)
    request = TokenRequest("test", [TokenScope(scope) for scope in scopes], None)
    issued = await api_tokens.create_personal(Caller.of(viewer, world.services), request)
    return Asker(world.http, asker.user, issued.text)


@pytest.fixture
async def samples(world: World) -> SampleObjects:
    return await create_sample_objects(world)


def is_refused_for(answer: dict[str, Any], scope: str) -> bool:
    """True if the answer is a refusal that names the scope alone."""
    [error] = answer["errors"]
    return error["extensions"]["code"] == "FORBIDDEN" and f"the scope {scope}." in error["message"]


async def test_a_token_with_just_these_scopes_is_answered_as_its_owner_is(samples: SampleObjects):
    scopes, admin, tokens = table(), samples.askers["admin"], dict[str, Asker]()
    differing = {}
    for what, question in QUESTIONS.queries.items():
        least = scopes[what] if scopes[what] != "-" else "ingest"
        if least not in tokens:
            tokens[least] = await token_of(admin, samples.world, set(least.split(",")))
        by_token = await asked(tokens[least], question, samples.tenants.variables)
        by_owner = await asked(admin, question, samples.tenants.variables)
        if samples.outcome(by_token) != samples.outcome(by_owner):
            differing[what] = by_token, by_owner

    assert differing == {}


async def test_a_token_that_lacks_one_of_them_is_refused(samples: SampleObjects):
    all_scopes = {scope.value for scope in TokenScope}
    admin = samples.askers["admin"]
    lacking = {scope: await token_of(admin, samples.world, all_scopes - {scope}) for scope in sorted(all_scopes)}
    variables = samples.tenants.variables | await another_tenant(samples) | {"somebody": "x"}
    questions = dict(QUESTIONS.queries)
    questions |= {f"Mutation.{name}": text % INPUTS[name] for name, text in QUESTIONS.mutations.items()}

    for what, scopes in table().items():
        if what in ROUTES or scopes in {"-", SIGN_IN}:
            continue
        for scope in scopes.split(","):
            answer = await asked(lacking[scope], questions[what], variables)
            assert is_refused_for(answer, scope), (what, answer)


async def test_routes_need_the_scopes_of_the_table(samples: SampleObjects, monkeypatch: pytest.MonkeyPatch):
    all_scopes, admin = {scope.value for scope in TokenScope}, samples.askers["admin"]
    statuses = {}
    for what in ROUTES:
        scope = table()[what]
        for name, scopes in {"with": {scope}, "without": all_scopes - {scope}}.items():
            asker = await token_of(admin, samples.world, scopes)
            monkeypatch.setitem(samples.askers, "admin", asker)
            statuses[what, name] = (await requested(samples, "admin", *what.split(" "))).status_code

    assert statuses == {(what, name): status for what in ROUTES for name, status in (("with", 200), ("without", 403))}


def test_a_type_without_a_scope_keeps_the_service_from_starting():
    extended: GraphQLSchema = build_schema(sdl() + "\ntype Diary { text: String }\nextend type Query { diary: Diary }")

    with pytest.raises(MissingDeclaration, match="Diary has no scope: add it to `TYPE_SCOPES`"):
        declare_type_scopes(extended, TYPE_SCOPES)


def test_a_mutation_without_scopes_is_for_sign_ins_alone():
    extended = build_schema(sdl() + "\nextend type Mutation { spoil: LogoutResult! }")
    declare_type_scopes(extended, TYPE_SCOPES)
    [operation] = parse("mutation { spoil { ... on LogoutSuccess { username } } }").definitions
    assert isinstance(operation, OperationDefinitionNode)

    assert ScopesOfOperation(extended, operation, {}).needed is None


def test_scopes_are_found_below_fragments_and_aliases():
    document = parse("""
        query { organization(id: "x") { ...Person } }
        fragment Person on Organization { x: extensionUsers { nodes { ... on ExtensionUser { y: username } ...Loop } } }
        fragment Loop on ExtensionUser { behaviors { nodes { extensionUser { ...Loop } url } } }
    """)
    operation, *fragments = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    by_name = {each.name.value: each for each in fragments if isinstance(each, FragmentDefinitionNode)}

    scopes = ScopesOfOperation(schema._schema, operation, by_name).needed

    assert scopes == frozenset({TokenScope.PEOPLE_READ, TokenScope.BEHAVIORS_READ})
