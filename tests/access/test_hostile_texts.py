"""Texts that mean ill, in every place of the schema and of the routes where a client puts text of its own."""

import asyncio
import base64
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from schema.build import schema
from tests.access.sample_objects import create_sample_objects, in_short, owners_named
from tests.access.schema_queries import SchemaQueries
from tests.access.text_inputs import TextInput, text_inputs_of
from tests.rest_requests import AUTH, BATCH, event
from tests.world import Asker, World, raw

TEXTS = {
    "a condition": "' OR '1'='1",
    "a statement": "x'; DROP TABLE behaviors; --",
    "a backslash": "\\",
    "anything": "%",
    "any character": "_",
    "parameters": "$1 :x ${x} %(x)s {0} {{7*7}}",
    "a nul": "a\0b",
    "patterns": '{"a": [1]} $.a[*] ? (@ == 1) (.*)+$|[',
    "graphql": '"}) { id } __schema { types { name } } #',
    "a time": "infinity",
    "a path": "../\u202e../etc/passwd\ufeff",
    "long": "é" * 5000,
}
EXPORT = "/api/v1/exports/behaviors.ndjson"
REFUSED = {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "NOT_FOUND"}
TEXT_INPUTS, QUESTIONS = text_inputs_of(schema._schema), SchemaQueries(schema._schema)


async def all_asked(
    asker: Asker, text_input: TextInput, texts: Iterable[str], variables: dict[str, Any]
) -> list[dict[str, Any]]:
    """The answers to the question of a text input with each text, a few at a time."""
    few = asyncio.Semaphore(6)

    async def one(text: str) -> dict[str, Any]:
        async with few:
            while True:
                answer = await asked(asker, text_input.question, variables | {"text": text}, text_input.kind)
                if not _is_to_come_back(answer):  # passwords are hashed one at a time, which takes a busy machine long
                    return answer

    return await asyncio.gather(*map(one, texts))


def _is_to_come_back(answer: dict[str, Any]) -> bool:
    return any(error["extensions"].get("code") == "TOO_MANY_REQUESTS" for error in answer.get("errors", ()))


async def asked(asker: Asker, question: str, variables: dict[str, Any], kind: str = "") -> dict[str, Any]:
    """The answer to a question with the variables that stand in it; `kind` is the type of `$text`."""
    used = {name: value for name, value in variables.items() if f"${name}" in question}
    types = {name: {"period": "Period", "text": kind}.get(name, "ID") for name in used}
    declared = ", ".join(f"${name}: {each}!" for name, each in types.items())
    operation, brace, rest = question.partition("{")
    return await asker.post(f"{operation or 'query '}{f'({declared})' if used else ''} {brace}{rest}", **used)


def test_every_kind_of_list_filter_and_input_is_tried():
    assert len(TEXT_INPUTS) > 80
    assert {"Query.node(id)", "Query.users(search)", "Period.last", "UsageFilter.url.contains"} <= set(TEXT_INPUTS)


async def test_hostile_texts_find_nothing_and_break_nothing(world: World):
    samples = await create_sample_objects(world)
    asker, variables = samples.tenants.super_admin, samples.tenants.variables

    for text_input in TEXT_INPUTS.values():
        answers = await all_asked(asker, text_input, TEXTS.values(), variables)

        for name, answer in zip(TEXTS, answers, strict=True):
            if "errors" in answer:
                assert answer["errors"][0]["extensions"]["code"] in REFUSED, (text_input, name, answer)
            elif "mutation" not in text_input.question:
                assert samples.outcome(answer) in {"-", "missing"}, (text_input, name, answer)

    for part, owner in ((samples.tenants.admin, "ours"), (samples.tenants.outsider, "theirs")):
        left = await asked(part, QUESTIONS.queries["Query.usage"], variables)
        assert samples.outcome(left) == owner


def tampered(cursor: str) -> list[str]:
    """A cursor with each hostile text in the place of each text in it, and some of its bytes changed."""
    padded = cursor + "=" * (-len(cursor) % 4)
    ordering, *key = json.loads(base64.urlsafe_b64decode(padded))
    texts = [TEXTS[name] for name in ("a condition", "anything", "a nul", "a time", "patterns")]
    keys = [[*key[:place], text, *key[place + 1 :]] for text in texts for place in range(len(key))]
    keys += [key[::-1], [None] * len(key), [1] * len(key), [[key]], [*key, 1]]
    written = [_cursor([ordering, *each]) for each in keys]
    written += [_cursor([text, *key]) for text in texts]
    return [*written, cursor[:-1], cursor[1:], cursor + "A", cursor.swapcase(), cursor * 200]


def _cursor(parts: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def cursor_in(value: Any) -> str | None:
    """The first cursor of an answer."""
    if isinstance(value, dict):
        here = value.get("endCursor")
        return here or next((found for part in value.values() if (found := cursor_in(part))), None)
    return next((found for part in value if (found := cursor_in(part))), None) if isinstance(value, list) else None


async def test_cursors_are_no_way_around_what_one_may_read(world: World):
    samples = await create_sample_objects(world)
    lists = [text_input for name, text_input in TEXT_INPUTS.items() if name.endswith("(after)")]
    assert len(lists) >= 10

    for text_input in lists:
        question = QUESTIONS.queries[text_input.name.removesuffix("(after)")]
        cursor = cursor_in((await asked(samples.tenants.super_admin, question, samples.tenants.variables))["data"])
        assert cursor, text_input
        answers = await all_asked(
            samples.tenants.outsider, text_input, [cursor, *tampered(cursor)], samples.tenants.variables
        )

        outcomes = {samples.outcome(answer) for answer in answers}
        assert outcomes <= {"theirs", "-", "missing", "forbidden", *REFUSED}, (text_input, outcomes)


async def test_hostile_parameters_of_downloads_find_nothing(world: World):
    samples = await create_sample_objects(world)
    headers = {"Authorization": f"Bearer {samples.tenants.super_admin.token}"}
    names = ("from", "to", "organizationId", "extensionUserId", "sessionId", "eventType", "domain", "urlContains")

    for text in TEXTS.values():
        for name in (*names, text):
            response = await world.http.get(EXPORT, params={name: text}, headers=headers)

            assert response.status_code in {200, 400}
            assert in_short(owners_named(response.text)) == "-"
        path = f"/api/v1/exports/extension-users/{quote(text, safe='')}.ndjson"
        assert (await world.http.get(path, headers=headers)).status_code == 404


async def test_hostile_headers_open_nothing(world: World):
    for text in TEXTS.values():
        raw = text.encode()[:8000]
        for name in (b"X-API-Key", b"API-Key"):
            for response in (
                await world.http.get(AUTH, headers=[(name, raw)]),
                await world.http.post(BATCH, json={"events": [event()]}, headers=[(name, raw)]),
            ):
                assert response.status_code == 401
        response = await world.http.get(EXPORT, headers=[(b"Authorization", b"Bearer " + raw)])
        assert response.status_code == 401


async def test_hostile_texts_are_stored_and_found_as_they_are(world: World):
    organization = await world.organization()
    admin = await world.member(organization)
    person = await world.recorded(organization)
    texts = [text for text in TEXTS.values() if "\0" not in text and len(text) < 255]
    await world.browse(person, *(raw("09:00:00", url=f"https://a.com/{text}", session=text) for text in texts))
    query = """query ($text: String!) { behaviors(where: {sessionIds: [$text], url: {contains: $text}}) {
        nodes { sessionId }
    } }"""

    found = {text: (await admin.ask(query, text=text))["behaviors"]["nodes"] for text in texts}

    assert found == {text: [{"sessionId": text}] for text in texts}
