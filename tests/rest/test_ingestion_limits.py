from dataclasses import replace
from pathlib import Path

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient, Response

from app.server import create_app
from core.errors import Unauthenticated
from tests.conftest import BASE_URL, counted, make_settings
from tests.rest_requests import AUTH, BATCH, BEHAVIORS, event, with_key
from tests.servers import own_world, redis_server
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


async def test_no_key_is_looked_up_for_a_network_that_was_just_refused_for_unknown_ones(limited: World):
    organization = await limited.organization()
    known, new = await limited.recorded(organization), await limited.recorded(organization)
    assert (await _post(limited, with_key(known))).status_code == 201

    with counted(limited.services) as statements:
        guesses = [await _post(limited, {"X-API-Key": f"wb_{number}"}) for number in range(20)]
    others = [await _post(limited, with_key(person)) for person in (known, new)]

    assert [answer.status_code for answer in guesses] == [401] * 3 + [429] * 17
    _says_when_to_come_back(guesses[-1])
    assert len([each for each in statements.statements if "extension_users" in each]) == 4
    assert [answer.status_code for answer in others] == [201, 429]


async def test_a_key_that_was_revoked_is_looked_up_like_an_unknown_one(limited: World):
    revoked = await limited.recorded(await limited.organization())
    cache = limited.services.api_key_cache
    await cache.claim(revoked.key.text)
    seen = cache.has_seen(revoked.key.text)
    async with limited.services.database.write() as db:
        await db.exec_driver_sql("UPDATE extension_users SET is_active = false WHERE id = $1", (revoked.id,))
    cache._remembered = type(cache._remembered)(
        {key_hash: (holder, 0.0) for key_hash, (holder, _) in cache._remembered.items()}  # a minute has passed
    )

    with pytest.raises(Unauthenticated):
        await cache.claim(revoked.key.text)

    assert (seen, cache.has_seen(revoked.key.text)) == (True, False)


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


@pytest.fixture
async def weighed(data_dir: Path, database_url: str, world: World):
    """A world whose application takes a batch a day in one person's name, and three from one address."""
    limits = {"ingest_event_limit_per_person": "1000/day", "ingest_event_limit_per_address": "3000/day"}
    async with own_world(make_settings(data_dir, rate_limit_enabled=True, **limits), database_url) as own:
        yield replace(world, services=own.services, http=own.http)


def batch(count: int, session: str = "s", **members: object) -> dict[str, list[dict[str, object]]]:
    """A request of so many events that differ."""
    return {"events": [event(sessionId=f"{session} {number}", **members) for number in range(count)]}


async def test_events_in_a_persons_name_are_limited_and_not_those_with_the_persons_key(weighed: World):
    ada = await weighed.recorded(await weighed.organization())
    mine = {"userId": str(ada.id)}

    flood = await weighed.http.post(BATCH, json=batch(1000, **mine))
    more = await weighed.http.post(BATCH, json=batch(2, "more", **mine))
    single = await weighed.http.post(BEHAVIORS, json=event(**mine, sessionId="single"))
    keyed = await weighed.http.post(BATCH, json=batch(1000, "keyed"), headers=with_key(ada))
    keyed_more = await weighed.http.post(BATCH, json=batch(2, "more"), headers=with_key(ada))

    assert [flood.status_code, more.status_code, single.status_code] == [201, 429, 429]
    assert [keyed.status_code, keyed_more.status_code] == [201, 429]
    for refused in (more, single, keyed_more):
        _says_when_to_come_back(refused, 86_400)
        assert "Nothing was stored" in refused.json()["message"]
    assert await _count(weighed) == 1000 + 1000


async def test_a_batch_beyond_the_limit_is_refused_as_a_whole_and_a_smaller_one_is_not(weighed: World):
    ben = str((await weighed.recorded(await weighed.organization())).id)

    answers = [await weighed.http.post(BATCH, json=batch(count, f"{count}", userId=ben)) for count in (800, 300, 200)]

    assert [answer.status_code for answer in answers] == [201, 429, 201]
    assert await _count(weighed) == 1000


async def test_events_of_an_address_are_limited_whomever_they_name(weighed: World):
    organization = await weighed.organization()
    people = [str((await weighed.recorded(organization)).id) for _ in range(3)]

    answers = [await weighed.http.post(BATCH, json=batch(1000, userId=person)) for person in people]
    anonymous = await weighed.http.post(BEHAVIORS, json=event())

    assert [answer.status_code for answer in answers] == [201] * 3
    assert anonymous.status_code == 429
    assert "from this network address (limit: 3000/day)" in anonymous.json()["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [("not JSON", 400), ('{"events": []}', 400), ("[" + " " * 6 * 2**20, 413)],
    ids=["not JSON", "no events", "too large"],
)
async def test_requests_that_hold_no_events_count_as_requests(limited: World, body: str, status: int):
    answers = [await limited.http.post(BATCH, content=body) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [status] * 3 + [429] * 2


async def test_graphql_counts_events_alike(weighed: World):
    ada = str((await weighed.recorded(await weighed.organization())).id)
    mutation = """mutation($events: [BehaviorInput!]!) { ingestBehaviors(input: {events: $events}) {
        __typename ... on TooManyAttempts { message retryAfterSeconds } } }"""

    await weighed.http.post(BATCH, json=batch(1000, userId=ada))
    answer = await weighed.stranger.ask(mutation, events=[event(type="FOCUS", userId=ada)])

    assert answer["ingestBehaviors"]["__typename"] == "TooManyAttempts"
    assert "events without an API key of one userId" in answer["ingestBehaviors"]["message"]


async def _count(world: World) -> int:
    async with world.services.database.read() as db:
        count: int = (await db.exec_driver_sql("SELECT count(*) FROM behaviors")).scalar_one()
    return count


async def _post(world: World, headers: dict[str, str]) -> Response:
    return await world.http.post(BEHAVIORS, json=event(), headers=headers)


def _says_when_to_come_back(answer: Response, most: int = 3600) -> None:
    assert 1 <= int(answer.headers["Retry-After"]) <= most
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
