"""Everything that can go wrong with Redis, while events are posted, questions asked and passwords guessed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from redis import Redis
from redis.exceptions import OutOfMemoryError

from tests.auth.test_login import LOGIN
from tests.auth.test_sessions import LOGOUT, VIEWER
from tests.servers import Postgres15, RedisServer, redis_server
from torture.asking import QuestionOutcomes, asking
from torture.bookkeeping import Balance, balance
from torture.client import Ledger, posting
from torture.findings import Finding
from torture.http import client
from torture.people import ask, recorded_person, signed_in
from torture.service import running

GUESSES = 30
LIMIT = 5
"""Attempts in an hour on one account."""
MOST_GUESSES = 2 * LIMIT
"""Counted in Redis before, counted by the process without: each once."""
LONGEST_DELAY = 2.5
_MEMORY = ("--maxmemory", "2mb", "--maxmemory-policy", "noeviction")
_LIMITS = {
    "RATE_LIMIT_ENABLED": "true",
    "SIGN_IN_LIMIT_PER_ACCOUNT": f"{LIMIT}/hour",
    "SIGN_IN_LIMIT_PER_ADDRESS": "100000/minute",
    "INGEST_LIMIT_PER_KEY": "1000000/minute",
    "INGEST_LIMIT_PER_ADDRESS": "1000000/minute",
    "INGEST_EVENT_LIMIT_PER_PERSON": "1000000000/minute",
}

Trouble = Callable[[RedisServer], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class WithoutRedis:
    """The observations of one kind of trouble. `before` is the same load's slowest answer while Redis was well.

    `guesses` were let through to the password, of GUESSES made before the trouble and as many in it; `revoked` is what
    a token was answered whose sign-in ended, in the trouble and after it.
    """

    name: str
    before: float
    ledger: Ledger
    asked: QuestionOutcomes
    guesses: int
    revoked: Counter[str]
    balance: Balance

    @property
    def findings(self) -> list[Finding]:
        """The promises, and whether they were kept."""
        ledger = self.ledger
        return [
            Finding(
                f"Redis {self.name}",
                "collection and questions go on; throttles of signing in are never unlimited; what is revoked stays so",
                f"{ledger.events:,} events acknowledged, {ledger.refusals} requests refused: {self.balance}; the "
                f"slowest answer took {ledger.slowest[httpx.codes.CREATED]:.1f} s (with Redis: {self.before:.1f} s), "
                f"GraphQL's {self.asked.slowest:.1f} s; {self.guesses} of {2 * GUESSES} guesses at one account's "
                f"password were tried (limit: {LIMIT} an hour, in each process without Redis); a revoked token was "
                f"refused {self.revoked['UNAUTHENTICATED']} times of {self.revoked.total()}",
                not self.broken,
            )
        ]

    @property
    def broken(self) -> list[str]:
        """The promises that were broken."""
        ledger, asked = self.ledger, self.asked
        wrong = {
            "events were not stored": not ledger.events or bool(set(ledger.answers) - {httpx.codes.CREATED}),
            "questions were not answered": set(asked.answers) != {"OK"},
            "slow": ledger.slowest[httpx.codes.CREATED] > self.before + LONGEST_DELAY,
            "throttles": not LIMIT <= self.guesses <= MOST_GUESSES,
            "revoked": set(self.revoked) != {"UNAUTHENTICATED"},
            "events": not self.balance.is_even,
        }
        return [name for name, is_wrong in wrong.items() if is_wrong]


async def without_redis(
    server: Postgres15, folder: Path, troubles: Mapping[str, Trouble], seconds: float
) -> list[WithoutRedis]:
    """Make each trouble for so long, with one and the same process of the service."""
    found, ledgers = [], list[Ledger]()
    with redis_server(options=_MEMORY) as redis:
        async with running(folder, server.url, REDIS_URL=redis.url, **_LIMITS) as service:
            key, token = await recorded_person(service.url), await signed_in(service.url)
            for number, (name, trouble) in enumerate(troubles.items()):
                before = await _load(service.url, key, token, ledgers, seconds / 2)
                revoked = await signed_in(service.url)
                guesses = await _guess(service.url, f"guessed-{number}")
                async with trouble(redis):
                    await ask(service.url, LOGOUT, revoked)
                    load = asyncio.create_task(_load(service.url, key, token, ledgers, seconds))
                    guesses += await _guess(service.url, f"guessed-{number}")
                    refused = Counter([await _look(service.url, revoked)])
                    during = await load
                refused[await _look(service.url, revoked)] += 1
                even = await balance(server.url, ledgers)
                found.append(WithoutRedis(name, before.slowest, during.ledger, during.asked, guesses, refused, even))
    return found


@asynccontextmanager
async def killed(redis: RedisServer) -> AsyncIterator[None]:
    """`kill -9`; it comes back empty."""
    redis.kill()
    yield
    await asyncio.to_thread(redis.start)


@asynccontextmanager
async def frozen(redis: RedisServer) -> AsyncIterator[None]:
    """SIGSTOP: connections stay, nothing answers."""
    redis.freeze()
    yield
    redis.thaw()


@asynccontextmanager
async def out_of_memory(redis: RedisServer) -> AsyncIterator[None]:
    """Full, and set to throw nothing away: it answers, but counts nothing."""
    with Redis(port=redis.port) as client:
        with suppress(OutOfMemoryError):
            for number in range(100_000):
                client.set(f"filler-{number}", bytes(2_000))
        yield
        client.flushall()


TROUBLES: dict[str, Trouble] = {
    "killed (`kill -9`)": killed,
    "frozen (SIGSTOP)": frozen,
    "out of memory": out_of_memory,
}


@dataclass(frozen=True, slots=True)
class _Loaded:
    ledger: Ledger
    asked: QuestionOutcomes

    @property
    def slowest(self) -> float:
        return self.ledger.slowest[httpx.codes.CREATED]


async def _load(url: str, key: str, token: str, ledgers: list[Ledger], seconds: float) -> _Loaded:
    loaded = _Loaded(Ledger(), QuestionOutcomes())
    ledgers.append(loaded.ledger)
    async with posting(url, loaded.ledger, key), asking(url, token, loaded.asked):
        await asyncio.sleep(seconds)
    return loaded


async def _guess(url: str, username: str) -> int:
    """Return how many of GUESSES wrong passwords were tried, the rest being turned away."""
    answers = [await ask(url, LOGIN, username=username, password=f"guess number {number}") for number in range(GUESSES)]
    names = Counter(answer["login"]["__typename"] for answer in answers)
    return names["InvalidCredentials"]


async def _look(url: str, token: str) -> str:
    """Return the answer to a token: `OK`, or the error's code."""
    async with client(url, token) as http:
        answer = (await http.post("/graphql", json={"query": VIEWER})).json()
    return str(answer["errors"][0]["extensions"]["code"]) if answer.get("errors") else "OK"
