"""Members that are not as they should be, and must not cost their event."""

import json
from urllib.parse import unquote_to_bytes

import pytest

from tests.rest_requests import BATCH, BEHAVIORS, event, post_batch, rejected, stored
from tests.world import World

LIMIT = 8192
REQUIRED = {"message": "coordinates (x, y) are required for click events", "success": False}


NO_COORDINATES = {
    **{
        text: text
        for text in ('"5"', "true", "[1]", '{"a": 1}', "10.5", "5.0", "-1", "10001", "NaN", "-Infinity", "1e400")
    },
    "past int4": "2147483648",
    "past int8": "9223372036854775808",
    "30 digits": "-" + "9" * 30,
    "5000 digits": "9" * 5000,
}


@pytest.mark.parametrize("odd", NO_COORDINATES.values(), ids=NO_COORDINATES)
async def test_an_odd_coordinate_is_left_out_and_the_event_and_its_neighbours_stay(world: World, odd: str):
    texts = [json.dumps(event(type="click", eventId=name, y=7)) for name in "ab"]
    body = '{"events": [%s, %s]}' % (texts[0].removesuffix("}") + f', "x": {odd}}}', texts[1])  # noqa: UP031 - braces

    single = await world.http.post(BEHAVIORS, content=texts[0].removesuffix("}") + f', "x": {odd}}}')
    batch = await world.http.post(BATCH, content=body)

    assert single.status_code == batch.status_code == 201
    assert single.json()["data"]["y"] == 7
    assert "x" not in single.json()["data"]
    assert (batch.json()["accepted"], batch.json()["duplicates"], batch.json()["rejected"]) == (1, 1, [])
    assert [(row["x"], row["y"]) for row in await stored(world.services)] == [(None, 7)] * 2
    assert await rejected(world.services) == []


async def test_a_single_click_of_which_no_coordinate_is_usable_is_refused_and_in_a_batch_it_stays(world: World):
    odd = event(type="click", x="5", y=-1)

    single = await world.http.post(BEHAVIORS, json=odd)
    batch = await post_batch(world.http, odd)

    assert (single.status_code, single.json()) == (400, REQUIRED)
    assert (batch.status_code, batch.json()["accepted"]) == (201, 1)


async def test_an_event_with_an_odd_coordinate_is_known_again(world: World):
    odd, out_of_range = event(x=1.5, y=7), event(type="blur", x=-1, y=7)
    await post_batch(world.http, odd, out_of_range)

    replay = await post_batch(world.http, odd, out_of_range)
    beside_a_bad_one = await post_batch(world.http, odd, out_of_range, {})

    assert (replay.json()["accepted"], replay.json()["duplicates"]) == (0, 2)
    assert (beside_a_bad_one.json()["accepted"], beside_a_bad_one.json()["duplicates"]) == (0, 2)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.com/" + "u" * LIMIT, LIMIT),
        ("https://a.com/" + "ü" * LIMIT, LIMIT),
        ("https://a.com/u" + "ü" * LIMIT, LIMIT - 1),
        ("https://a.com/" + "🙂" * LIMIT, LIMIT - 2),
        ("https://a.com/" + "%41" * LIMIT, LIMIT),
        ("https://a.com/u" + "%41" * LIMIT, LIMIT - 2),
        ("https://a.com/uu" + "%41" * LIMIT, LIMIT - 1),
        ("https://a.com/" + "%F0%9F%99%82" * LIMIT, LIMIT - 6),
        ("https://a.com/" + "%" * LIMIT, LIMIT),
    ],
    ids=["letters", "ü", "ü, odd", "emoji", "escapes", "escapes + 1", "escapes + 2", "escaped emoji", "percents"],
)
async def test_a_long_url_costs_its_tail_and_not_the_event(world: World, url: str, kept: int):
    sent = event(url=url)

    batch = await post_batch(world.http, sent, event(type="blur"))
    single = await world.http.post(BEHAVIORS, json=sent)

    answer = batch.json()
    assert (answer["accepted"], answer["urlTruncated"]) == (2, 1)
    data = single.json()["data"]
    assert (data["urlTruncated"], data["url"]) == (True, url.encode()[:kept].decode())
    rows = {row["type"]: row for row in await stored(world.services)}
    assert [row["url"] for row in rows.values() if len(row["url"]) > 100] == [data["url"]]
    assert {row["domain"] for row in rows.values()} == {"a.com"}
    if "%F0" in url:
        unquote_to_bytes(data["url"]).decode()


async def test_the_domain_of_a_long_url_is_that_of_the_whole_one(world: World):
    await post_batch(world.http, event(url=f"https://{'u' * 9000}@A.com:8080/path"))

    [row] = await stored(world.services)
    assert (row["domain"], len(row["url"])) == ("a.com:8080", LIMIT)


async def test_a_long_url_is_known_again_and_told_from_one_with_another_tail(world: World):
    long = "https://a.com/" + "u" * 20_000
    await post_batch(world.http, event(url=long))

    replay = await post_batch(world.http, event(url=long), event(url=long + "v"))

    answer = replay.json()
    assert (answer["accepted"], answer["duplicates"], answer["urlTruncated"]) == (1, 1, 2)


async def test_usual_urls_are_not_said_to_be_truncated(world: World):
    batch = await post_batch(world.http, event(url="u" * LIMIT), event(url="ü" * (LIMIT // 2)))
    single = await world.http.post(BEHAVIORS, json=event(url="v" * LIMIT))

    assert "urlTruncated" not in batch.json()
    assert "urlTruncated" not in single.json()["data"]


@pytest.mark.parametrize("tail", ["\0", "\ud800"], ids=["NUL", "lone surrogate"])
async def test_a_url_that_cannot_be_stored_is_refused_however_long(world: World, tail: str):
    response = await world.http.post(BATCH, content=json.dumps({"events": [event(url="u" * 9000 + tail), event()]}))

    assert [each["code"] for each in response.json()["rejected"]] == ["invalid_event"]


@pytest.mark.parametrize("depth", [100, 950, 1000, 1100, 15_000])
@pytest.mark.parametrize(("first", "last"), [("[", "]"), ('{"a":', "}")])
async def test_an_unknown_member_may_be_nested_deeply(world: World, depth: int, first: str, last: str):
    deep = first * depth + '"]}\\"["' + last * depth
    good = json.dumps(event())
    odd = json.dumps(event(type="blur")).removesuffix("}") + f', "more": {deep}}}'

    batch = await world.http.post(BATCH, content=f'{{"events": [{good}, {odd}], "more": {deep}}}')
    single = await world.http.post(BEHAVIORS, content=odd)

    assert (batch.status_code, batch.json()["accepted"], batch.json()["rejected"]) == (201, 2, [])
    assert single.status_code == 201
    assert len(await stored(world.services)) == 2


@pytest.mark.parametrize("deep", ["[" * 2000, "[" * 2000 + "]" * 1999, "[" * 2000 + "}" * 2000, "[" * 2000 + '"'])
async def test_brackets_that_do_not_match_are_no_json_however_deep(world: World, deep: str):
    body = json.dumps(event()).removesuffix("}") + f', "more": {deep}}}'

    response = await world.http.post(BEHAVIORS, content=body)

    assert (response.status_code, response.json()["message"]) == (400, "invalid request body: not valid JSON")
