from dataclasses import replace
from pathlib import Path

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient, Response

from app.server import create_app
from tests.conftest import BASE_URL, make_settings
from tests.servers import own_world, redis_server
from tests.wire import AUTH, BATCH, BEHAVIORS, event, with_key
from tests.world import Asker, World


@pytest.fixture
async def limited(data_dir: Path, database_url: str, world: World):
    """A world whose application takes two requests an hour by a key, and three by an address."""
    limits = {"ingest_limit_per_key": "2/hour", "ingest_limit_per_address": "3/hour"}
    async with own_world(make_settings(data_dir, rate_limit_enabled=True, **limits), database_url) as own:
        yield replace(world, services=own.services, http=own.http)


async def test_requests_by_one_key_are_limited(limited: World):
    organization = await limited.organization()
    person, neighbour = await limited.recorded(organization), await limited.recorded(organization)

    answers = [await _post(limited, with_key(person)) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    _says_when_to_come_back(answers[-1])
    assert (await _post(limited, with_key(neighbour))).status_code == 201


async def test_requests_without_a_key_are_limited_by_address(limited: World):
    person = await limited.recorded(await limited.organization())

    answers = [await _post(limited, {}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    _says_when_to_come_back(answers[-1])
    assert (await _post(limited, with_key(person))).status_code == 201


async def test_batches_count_as_one_request_and_under_the_same_limit(limited: World):
    events = [event(eventId=str(number)) for number in range(10)]

    answers = [await limited.http.post(BATCH, json={"events": events}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert (await limited.http.post(BEHAVIORS, json=event())).status_code == 429


@pytest.mark.parametrize(("by_key", "most"), [(True, 2), (False, 3)])
async def test_aliases_of_one_graphql_request_count_one_by_one(limited: World, by_key: bool, most: int):
    person = await limited.recorded(await limited.organization())
    fields = " ".join(
        f'a{number}: ingestBehaviors(input: {{events: [{{sessionId: "s", ts: "2026-08-03T09:00:00Z", type: FOCUS, '
        f'eventId: "{number}"}}]}}) {{ __typename }}'
        for number in range(15)
    )

    asker = Asker(limited.http, headers=with_key(person) if by_key else {})
    answers = (await asker.ask(f"mutation {{ {fields} }}")).values()

    names = [answer["__typename"] for answer in answers]
    assert names == ["IngestBehaviorsSuccess"] * most + ["TooManyAttempts"] * (15 - most)


async def test_guessing_keys_is_limited_by_address(limited: World):
    answers = [await limited.http.get(AUTH, headers={"X-API-Key": f"wb_{number}"}) for number in range(4)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    _says_when_to_come_back(answers[-1])


async def test_guessing_keys_while_posting_is_limited_by_address(limited: World):
    answers = [await _post(limited, {"X-API-Key": f"wb_{number}"}) for number in range(5)]

    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429


async def test_what_is_refused_is_not_stored(limited: World):
    for number in range(5):
        await limited.http.post(BEHAVIORS, json=event(eventId=str(number)))

    async with limited.services.database.read() as db:
        assert (await db.exec_driver_sql("SELECT count(*) FROM behaviors")).scalar_one() == 3


@pytest.mark.usefixtures("world")
async def test_events_are_taken_while_redis_is_away(data_dir: Path, database_url: str):
    with redis_server() as redis:
        settings = make_settings(
            data_dir, rate_limit_enabled=True, ingest_limit_per_address="2/hour", redis_url=redis.url
        )
        async with own_world(settings, database_url) as own:
            assert (await _post(own, {})).status_code == 201
            redis.kill()

            answers = [await _post(own, {}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 429]


async def _post(world: World, headers: dict[str, str]) -> Response:
    return await world.http.post(BEHAVIORS, json=event(), headers=headers)


def _says_when_to_come_back(answer: Response) -> None:
    assert 1 <= int(answer.headers["Retry-After"]) <= 3600
    assert answer.json()["success"] is False
    assert answer.json()["message"]


@pytest.mark.usefixtures("world")
async def test_an_ipv6_network_counts_as_one_address(data_dir: Path, database_url: str):
    application = create_app(
        make_settings(data_dir, rate_limit_enabled=True, ingest_limit_per_address="1/minute"), database_url
    )
    async with LifespanManager(application):
        answers = []
        for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"):
            transport = ASGITransport(application, client=(address, 4711))
            async with AsyncClient(transport=transport, base_url=BASE_URL) as http:
                answers.append((await http.post(BEHAVIORS, json=event())).status_code)

    assert answers == [201, 429, 201]
