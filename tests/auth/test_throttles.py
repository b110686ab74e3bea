import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from limits import parse
from redis import Redis

from auth.throttle import Counters, Throttle
from core.errors import TooManyAttempts
from resolvers.caller import Client
from tests.auth.accounts import quick_user
from tests.auth.test_login import LOGIN
from tests.auth.test_sessions import CHANGE, NEW, REFRESH
from tests.conftest import make_settings
from tests.servers import RedisServer, own_world, redis_server
from tests.world import PASSWORD, World

THREE = parse("3/hour")
THROTTLED = "... on TooManyAttempts { message retryAfterSeconds }"


@pytest.fixture
def redis():
    with redis_server() as server:
        yield server


@pytest.fixture
async def throttled(data_dir: Path, database_url: str, world: World):
    """A world whose application allows three attempts an account and six an address."""
    limits = {"sign_in_limit_per_account": "3/hour", "sign_in_limit_per_address": "6/hour"}
    settings = make_settings(data_dir, rate_limit_enabled=True, **limits)
    async with own_world(settings, database_url) as own:
        yield replace(world, services=own.services, http=own.http)


async def login(world: World, username: str, password: str = "a wrong password") -> str:
    answer = await world.stranger.ask(LOGIN, username=username, password=password)
    name: str = answer["login"]["__typename"]
    return name


async def test_attempts_on_an_account_are_limited_whatever_the_case_of_its_name(throttled: World):
    await quick_user(throttled, "Ada")

    tried = [await login(throttled, name) for name in ("Ada", "ADA", "ada", "aDa")]

    assert tried == ["InvalidCredentials"] * 3 + ["TooManyAttempts"]
    assert await login(throttled, "ada", PASSWORD) == "TooManyAttempts"
    assert await login(throttled, "somebody else") == "InvalidCredentials"


async def test_attempts_of_an_address_are_limited_whatever_the_account(throttled: World):
    tried = [await login(throttled, f"user {number}") for number in range(7)]

    assert tried == ["InvalidCredentials"] * 6 + ["TooManyAttempts"]


async def test_addresses_are_counted_apart(data_dir: Path, database_url: str, redis: RedisServer):
    settings = make_settings(data_dir, rate_limit_enabled=True, sign_in_limit_per_address="1/hour", redis_url=redis.url)

    async with (
        own_world(settings, database_url, "10.0.0.1") as one,
        own_world(settings, database_url, "10.0.0.2") as two,
    ):
        tried = [await login(one, "a"), await login(one, "b"), await login(two, "c"), await login(two, "d")]

    assert tried == ["InvalidCredentials", "TooManyAttempts"] * 2


async def test_somebody_elses_wrong_passwords_lock_nobody_out(
    data_dir: Path, database_url: str, redis: RedisServer, world: World
):
    await quick_user(world, "Ada")
    settings = make_settings(data_dir, rate_limit_enabled=True, sign_in_limit_per_account="2/hour", redis_url=redis.url)

    async with (
        own_world(settings, database_url, "10.0.0.1") as stranger,
        own_world(settings, database_url, "10.0.0.2") as ada,
    ):
        tried = [await login(stranger, "Ada") for _ in range(3)]
        owner = await login(ada, "Ada", PASSWORD)

    assert tried == ["InvalidCredentials"] * 2 + ["TooManyAttempts"]
    assert owner == "LoginSuccess"


@pytest.mark.parametrize("name", ["Ada", "nobody"])
async def test_guessing_one_account_from_many_addresses_is_bounded(
    data_dir: Path, database_url: str, redis: RedisServer, world: World, name: str
):
    await quick_user(world, "Ada")
    settings = make_settings(
        data_dir, rate_limit_enabled=True, sign_in_limit_per_account_everywhere="2/hour", redis_url=redis.url
    )

    tried = []
    for number, spelled in enumerate([name, name.upper(), name.lower()]):
        async with own_world(settings, database_url, f"10.0.0.{number}") as guesser:
            tried.append(await login(guesser, spelled))

    assert tried == ["InvalidCredentials"] * 2 + ["TooManyAttempts"]


async def test_the_addresses_of_one_ipv6_network_are_counted_together(
    data_dir: Path, database_url: str, redis: RedisServer
):
    settings = make_settings(data_dir, rate_limit_enabled=True, sign_in_limit_per_address="1/hour", redis_url=redis.url)

    tried = []
    for address in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"):
        async with own_world(settings, database_url, address) as guesser:
            tried.append(await login(guesser, address))

    assert tried == ["InvalidCredentials", "TooManyAttempts", "InvalidCredentials"]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:cb00:7107", "203.0.113.7"),
        (f"fe80::1%{'x' * 60_000}", "fe80::/64"),
        ("unknown", "unknown"),
        ("", "unknown"),
        ("203.0.113.7 or so", "unknown"),
        ("x" * 60_000, "unknown"),
    ],
)
def test_what_an_address_is_counted_by(address: str, network: str):
    assert Client(address).network == network


@pytest.mark.usefixtures("world")
async def test_counters_hold_no_names_and_stay_small(data_dir: Path, database_url: str, redis: RedisServer):
    settings = make_settings(data_dir, rate_limit_enabled=True, redis_url=redis.url)
    async with own_world(settings, database_url) as own:
        tried = [await login(own, name) for name in ("mallory", "x" * 255, "x" * 256, "x" * 100_000)]

    with Redis(port=redis.port) as client:
        keys = [bytes(key).decode() for key in client.scan_iter()]
    assert tried == ["InvalidCredentials"] * 4
    assert keys
    assert not [key for key in keys if "mallory" in key or "xxx" in key or len(key) > 200]


async def test_logins_under_aliases_of_one_request_count_one_by_one(throttled: World):
    fields = " ".join(
        f'a{number}: login(input: {{username: "Ada", password: "guess number {number}"}}) {{ __typename {THROTTLED} }}'
        for number in range(15)
    )

    answers = (await throttled.stranger.ask(f"mutation {{ {fields} }}")).values()

    names = [answer["__typename"] for answer in answers]
    assert names == ["InvalidCredentials"] * 3 + ["TooManyAttempts"] * 12
    assert all(0 < answer["retryAfterSeconds"] <= 3600 for answer in list(answers)[3:])


async def test_refreshes_under_aliases_of_one_request_count_one_by_one(throttled: World):
    fields = " ".join(
        f'a{number}: refreshSession(input: {{refreshToken: "guess {number}"}}) {{ __typename }}' for number in range(15)
    )

    answers = (await throttled.stranger.ask(f"mutation {{ {fields} }}")).values()

    names = [answer["__typename"] for answer in answers]
    assert names == ["InvalidRefreshToken"] * 6 + ["TooManyAttempts"] * 9


async def test_changes_of_the_password_under_aliases_of_one_request_count_one_by_one(throttled: World):
    asker = await throttled.sign_in(await quick_user(throttled, "Ada"))
    fields = " ".join(
        f'a{number}: changePassword(input: {{currentPassword: "x{number}", newPassword: "{NEW}"}}) {{ __typename }}'
        for number in range(15)
    )

    answers = (await asker.ask(f"mutation {{ {fields} }}")).values()

    names = [answer["__typename"] for answer in answers]
    assert names == ["InvalidCredentials"] * 3 + ["TooManyAttempts"] * 12


async def test_fragments_and_several_kinds_of_attempts_hide_none(throttled: World):
    login_ = 'login(input: {username: "nobody", password: "x"}) { __typename }'
    refresh = 'refreshSession(input: {refreshToken: "x"}) { __typename }'
    document = f"""mutation {{ ...logins again: {login_} ...refreshes }}
        fragment logins on Mutation {{ a: {login_} b: {login_} c: {login_} }}
        fragment refreshes on Mutation {{ d: {refresh} e: {refresh} f: {refresh} g: {refresh} }}"""

    answers = await throttled.stranger.ask(document)

    names = {alias: answer["__typename"] for alias, answer in answers.items()}
    assert [names[alias] for alias in "abc"] == ["InvalidCredentials"] * 3
    assert names["again"] == "TooManyAttempts"  # the fourth on the account, and the fourth of the address
    assert [names[alias] for alias in "defg"] == ["InvalidRefreshToken"] * 2 + ["TooManyAttempts"] * 2


async def test_refreshing_counts_against_the_address(throttled: World):
    answers = [await throttled.stranger.ask(REFRESH, token="nonsense") for _ in range(7)]

    names = [answer["refreshSession"]["__typename"] for answer in answers]
    assert names == ["InvalidRefreshToken"] * 6 + ["TooManyAttempts"]


async def test_guessing_the_current_password_is_limited(throttled: World):
    asker = await throttled.sign_in(await quick_user(throttled, "Ada"))

    answers = [await asker.ask(CHANGE, current="a wrong guess", new=NEW) for _ in range(4)]

    names = [answer["changePassword"]["__typename"] for answer in answers]
    assert names == ["InvalidCredentials"] * 3 + ["TooManyAttempts"]


async def test_a_throttle_counts_each_key_and_each_kind_for_itself():
    counters = Counters()
    one, other = Throttle(counters, "one", "1/hour"), Throttle(counters, "other", "1/hour")

    await one.attempt("a", "too many")
    await one.attempt("b", "too many")
    await other.attempt("a", "too many")

    with pytest.raises(TooManyAttempts, match="too many") as refused:
        await one.attempt("a", "too many")
    assert 0 < refused.value.retry_after <= 3600


async def test_a_throttle_that_is_off_counts_nothing():
    throttle = Throttle(Counters(), "off", "1/hour", enabled=False)

    for _ in range(5):
        await throttle.attempt("a", "too many")

    assert await throttle._counters.hit(throttle._limit, "off", "a") is None


async def test_concurrent_attempts_are_all_counted():
    counters = Counters()

    outcomes = await asyncio.gather(*(counters.hit(THREE, "a") for _ in range(20)))

    assert outcomes.count(None) == 3


async def test_two_processes_share_one_count_in_redis(redis: RedisServer):
    one, two = Counters(redis.url), Counters(redis.url)

    outcomes = [await counters.hit(THREE, "a") for counters in (one, two, one, two, one)]

    assert outcomes[:3] == [None] * 3
    assert all(seconds and 0 < seconds <= 3600 for seconds in outcomes[3:])
    await one.close()
    await two.close()


async def test_counting_goes_on_in_process_without_redis_and_comes_back_to_it(redis: RedisServer):
    counters = Counters(redis.url)
    assert [await counters.hit(THREE, "a") for _ in range(2)] == [None] * 2

    redis.kill()
    without = [await counters.hit(THREE, "a") for _ in range(5)]

    assert without[:3] == [None] * 3
    assert all(without[3:])

    redis.start()
    assert await counters.hit(THREE, "a"), "a server that has just failed is left alone"
    counters._retry_redis_at = 1  # as after a while
    again, elsewhere = await counters.hit(THREE, "a"), Counters(redis.url)
    assert again is None
    assert [await elsewhere.hit(THREE, "a") for _ in range(3)][:2] == [None] * 2
    assert await counters.hit(THREE, "a")
    await counters.close()
    await elsewhere.close()


async def test_a_frozen_redis_holds_up_one_attempt_and_no_more(redis: RedisServer):
    counters = Counters(redis.url)
    await counters.hit(THREE, "a")
    redis.freeze()

    async with asyncio.timeout(3):
        assert await counters.hit(THREE, "a") is None
    async with asyncio.timeout(0.5):
        outcomes = [await counters.hit(THREE, "a") for _ in range(4)]

    assert outcomes[:2] == [None] * 2
    assert all(outcomes[2:])
    await counters.close()
