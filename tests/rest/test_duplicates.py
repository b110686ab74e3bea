import asyncio

from tests.rest_requests import BEHAVIORS, event, post_batch, stored, with_key
from tests.world import World, at


async def test_a_clients_own_id_is_the_events_identity(world: World):
    first = event(eventId="e1", url="https://a.com/1", type="focus")
    resent = event(eventId="e1", url="https://a.com/1#later", type="blur")

    response = await post_batch(world.http, first, resent, event(eventId="e2"))

    assert (response.json()["accepted"], response.json()["duplicates"]) == (2, 1)
    assert (await stored(world.services))[0]["url"] == "https://a.com/1"


async def test_equal_events_of_one_request_all_count_and_their_replay_adds_nothing(world: World):
    keydown = event(type="keydown")
    request = [keydown, keydown, event(), keydown]

    first = await post_batch(world.http, *request)
    replay = await post_batch(world.http, *request)
    one_more = await post_batch(world.http, keydown, *request)

    assert (first.json()["accepted"], first.json()["duplicates"]) == (4, 0)
    assert (replay.json()["accepted"], replay.json()["duplicates"]) == (0, 4)
    assert (one_more.json()["accepted"], one_more.json()["duplicates"]) == (1, 4)
    assert len(await stored(world.services)) == 5


async def test_the_same_event_of_two_people_is_two(world: World):
    organization = await world.organization()
    ada, ben = await world.recorded(organization), await world.recorded(organization)
    sent = event(eventId="e1")

    answers = [
        await world.http.post(BEHAVIORS, json=sent),
        await world.http.post(BEHAVIORS, json=sent, headers=with_key(ada)),
        await world.http.post(BEHAVIORS, json=sent, headers=with_key(ben)),
        await world.http.post(BEHAVIORS, json=sent | {"userId": str(ada.id)}),
    ]

    ids = [answer.json()["data"]["id"] for answer in answers]
    assert len(set(ids)) == 3
    assert ids[1] == ids[3]
    assert len(await stored(world.services)) == 3


async def test_of_requests_racing_the_same_events_each_event_is_accepted_once(world: World):
    events = [event(ts=at(f"09:00:{second:02}")) for second in range(20)]

    answers = await asyncio.gather(*(post_batch(world.http, *events[start:]) for start in range(10)))

    assert {answer.status_code for answer in answers} == {201}
    assert sum(answer.json()["accepted"] for answer in answers) == 20
    assert sum(answer.json()["duplicates"] for answer in answers) == sum(20 - start for start in range(10)) - 20
    assert len(await stored(world.services)) == 20


async def test_a_single_event_and_its_copy_at_once_get_one_answer(world: World):
    first, second = await asyncio.gather(*(world.http.post(BEHAVIORS, json=event()) for _ in range(2)))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
