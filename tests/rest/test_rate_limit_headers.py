"""`RateLimit` and `RateLimit-Policy`: what is told, to whom, and in what form."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from httpx import Response

from tests.conftest import make_settings
from tests.rest.export_requests import EVENTS, fetched
from tests.rest_requests import AUTH, BATCH, BEHAVIORS, event, with_key
from tests.servers import own_world
from tests.world import World

# RFC 9651, of the fields that the draft defines: a list of strings, with integers and strings as parameters.
_PARAMETER = r';[a-z][a-z0-9_.*-]*=(?:\d{1,15}|"[ !#-\[\]-~]*")'
_MEMBER = rf'"[ !#-\[\]-~]*"(?:{_PARAMETER})*'
_LIST = re.compile(rf"{_MEMBER}(?:, *{_MEMBER})*")


@pytest.fixture
async def limited(data_dir: Path, database_url: str, world: World) -> AsyncIterator[World]:
    """A world whose application has the usual limits, but few requests by a key, and few exports."""
    limits = {"ingest_limit_per_key": "10/hour", "export_limit_per_account": "2/minute", "jwt_secret": "x" * 32}
    async with own_world(make_settings(data_dir, rate_limit_enabled=True, **limits), database_url) as own:
        yield replace(world, services=own.services, http=own.http)


def fields(response: Response) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """The policies and what is left, by name, with their parameters as they are written."""
    texts = response.headers["RateLimit-Policy"], response.headers["RateLimit"]
    assert all(map(_LIST.fullmatch, texts)), texts
    found = [
        {
            member[1]: dict(re.findall(r";([a-z]+)=([^;,]+)", member[0]))
            for member in re.finditer(rf'"([^"]*)"(?:{_PARAMETER})*', text)
        }
        for text in texts
    ]
    return found[0], found[1]


async def test_a_post_with_a_key_tells_what_is_left_to_it(limited: World):
    person = await limited.recorded(await limited.organization())

    response = await limited.http.post(BATCH, json={"events": [event(), event(x=1)]}, headers=with_key(person))

    policies, left = fields(response)
    assert policies == {
        "ingest-key": {"q": "10", "w": "3600"},
        "ingest-person-events": {"q": "100000", "qu": '"events"', "w": "3600"},
        "ingest-person-bytes": {"q": "300000000", "qu": '"content-bytes"', "w": "3600"},
    }
    assert list(left) == list(policies)
    assert left["ingest-key"]["r"] == "9"
    assert left["ingest-key"]["t"] in {"359", "360"}
    assert left["ingest-person-events"] == {"r": "99998", "t": "1"}
    assert int(left["ingest-person-bytes"]["r"]) == 300_000_000 - len(response.request.content)


async def test_without_a_key_it_is_what_is_left_to_the_address(limited: World):
    named = await limited.recorded(await limited.organization())

    policies, left = fields(await limited.http.post(BEHAVIORS, json=event(userId=str(named.id))))

    assert set(policies) == set(left) == {"ingest-address", "ingest-address-events", "ingest-address-bytes"}
    assert left["ingest-address"]["r"] == "11999"


async def test_refused_requests_are_told_too_and_not_to_come_back_before_they_may(limited: World):
    person = await limited.recorded(await limited.organization())

    async def post(content: str) -> Response:
        return await limited.http.post(BEHAVIORS, content=content, headers=with_key(person))

    bad = await post("no JSON")
    for _ in range(9):
        await limited.http.get(AUTH, headers=with_key(person))
    unknown = await limited.http.get(AUTH, headers={"X-API-Key": "wb_nobodys"})
    for _ in range(9):
        await post("no JSON")
    counted, closed = await post("no JSON"), await post("no JSON")

    assert (bad.status_code, fields(bad)[1]["ingest-key"]["r"]) == (400, "9")
    assert (unknown.status_code, set(fields(unknown)[0])) == (401, {"ingest-address"})
    for refused in (counted, closed):
        assert refused.status_code == 429
        assert fields(refused)[1]["ingest-key"]["r"] == "0"
        assert 0 < int(fields(refused)[1]["ingest-key"]["t"]) <= int(refused.headers["Retry-After"])


async def test_a_batch_that_is_too_much_is_told_of_what_is_left(limited: World):
    person = await limited.recorded(await limited.organization())
    organization_limits = limited.services.ingest_limits
    organization_limits._per_person[0].capacity = 5  # a small limit, as if by the settings

    refused = await limited.http.post(BATCH, json={"events": [event(x=n) for n in range(6)]}, headers=with_key(person))

    assert (refused.status_code, fields(refused)[1]["ingest-person-events"]) == (429, {"r": "5"})


async def test_exports_tell_how_many_more_may_begin(limited: World):
    admin = await limited.member(await limited.organization())

    answers = [await fetched(admin, EVENTS) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [fields(answer)[1]["exports-account"]["r"] for answer in answers] == ["1", "0", "0"]
    assert fields(answers[0])[0] == {
        "exports-account": {"q": "2", "w": "60"},
        "exports-under-way": {"q": "20", "qu": '"concurrent-requests"'},
    }
    assert fields(answers[0])[1]["exports-under-way"] == {"r": "19"}
    assert set(fields(answers[2])[0]) == {"exports-account"}


async def test_scripts_of_other_origins_may_read_them(limited: World):
    response = await limited.http.post(BEHAVIORS, json=event(), headers={"Origin": "chrome-extension://abc"})

    assert {"RateLimit", "RateLimit-Policy"} <= set(response.headers["Access-Control-Expose-Headers"].split(", "))


async def test_where_nothing_is_limited_nothing_is_told(world: World):
    answers = [await world.http.post(BEHAVIORS, json=event()), await world.http.get("/health")]

    assert not any("RateLimit" in answer.headers for answer in answers)


async def test_what_posts_over_graphql_is_told_alike(limited: World):
    response = await limited.http.post(
        "/graphql",
        json={
            "query": "mutation ($events: [BehaviorInput!]!) { ingestBehaviors(input: { events: $events }) "
            "{ __typename } }",
            "variables": {"events": [event(type="FOCUS")]},
        },
    )

    assert fields(response)[1]["ingest-address-events"]["r"] == "299999"


async def test_swagger_documents_them(limited: World):
    document = (await limited.http.get("/swagger/openapi.json")).json()

    for path in ("/api/v1/inayla/behaviors", "/api/v1/inayla/behaviors/batch", "/api/v1/exports/behaviors.csv"):
        for method in document["paths"][path].values():
            for status, answer in method["responses"].items():
                assert {"RateLimit", "RateLimit-Policy"} <= set(answer["headers"]), (path, status)
