"""Every attack: how it is made, how large it is in full and in short, and what it must come to."""

import math
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from torture.attacks import bodies, connections, documents, floods, guesses, heads, pipelines
from torture.attacks.target import Target

STRANGER, LOOPBACK = "127.0.0.9", "127.0.0.1"
_MIB = 2**20
_GUESSES = 20
"""Ten a minute, counted in a window that slides: two minutes' worth at most."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The extent of an attack: the number of its parts, and its seconds."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Attack:
    """`done` tells of it, with `{count}` and `{seconds}` in place; `kept` judges what the attacker was answered.

    `longest_work` is how much of a processor each answer may take, in seconds.
    """

    done: str
    run: Callable[[Target], Coroutine[Any, Any, Counter[str]]]
    full: Extent
    short: Extent
    promised: str = ""
    kept: Callable[[Counter[str]], bool] = lambda _: True
    source: str = STRANGER
    longest_work: float = math.inf


def _turned_away(answers: Counter[str]) -> bool:
    return set(answers) <= {"431", "408", "400", "closed"}


def _none_open(answers: Counter[str]) -> bool:
    return answers["open"] == 0


def _limited(answers: Counter[str]) -> bool:
    return answers["429"] > 0


ATTACKS: dict[str, Attack] = {
    "unfinished-heads": Attack(
        "{count:,} bytes of headers on one connection, and no end of them",
        heads.unfinished, Extent(400 * 10**6, 20), Extent(20 * 10**6, 1.5), "refused", _turned_away,
    ),
    "one-header": Attack(
        "a single header of {count:,} bytes, without an end",
        heads.one_header, Extent(86 * 10**6, 20), Extent(8 * 10**6, 1.5), "refused", _turned_away,
    ),
    "large-heads": Attack(
        "requests with a header of {count:,} bytes for {seconds:g} s",
        heads.large, Extent(2 * 10**6, 5), Extent(2 * 10**6, 1), "431", lambda answers: set(answers) == {"431"},
    ),
    "trickled-heads": Attack(
        "{count} connections on which a byte of the head arrives each second, for {seconds:g} s",
        heads.trickled, Extent(500, 16), Extent(100, 1), "all closed", _none_open,
    ),
    "blank-lines": Attack(
        "{count} connections on which an empty line arrives each second, for {seconds:g} s",
        heads.blank_lines, Extent(500, 16), Extent(100, 1), "all closed", _none_open,
    ),
    "trailers": Attack(
        "{count:,} bytes of headers behind a chunked body, and no end of them",
        heads.trailers, Extent(100 * 10**6, 20), Extent(20 * 10**6, 1.5),
    ),
    "unfinished-bodies": Attack(
        "{count} bodies of 5 MiB that lack ten bytes, kept open for {seconds:g} s",
        bodies.unfinished, Extent(200, 10), Extent(100, 0.5),
    ),
    "small-chunks": Attack(
        "a body in {count:,} chunks of one byte", bodies.small_chunks, Extent(_MIB, 10), Extent(_MIB // 8, 1),
    ),
    "crowded-bodies": Attack(
        "bodies of 5 MiB of empty lists, or of an event with 470,000 members, on {count} connections for {seconds:g} s",
        floods.crowded_bodies, Extent(4, 10), Extent(2, 1), "each takes at most 0.25 s of a processor",
        longest_work=0.25,
    ),
    "silent-connections": Attack(
        "{count:,} connections on which nothing is sent, for {seconds:g} s",
        connections.silent, Extent(2000, 10), Extent(2000, 1),
    ),
    "slow-readers": Attack(
        "{count} downloads of 5 MB read by the sip for {seconds:g} s",
        connections.slow_readers, Extent(256, 30), Extent(256, 1),
    ),
    "abandoned-downloads": Attack(
        "{count} connections that ask for 70 downloads each and hang up",
        pipelines.abandoned_downloads, Extent(20, 5), Extent(5, 0.5),
    ),
    "malformed-requests": Attack(
        "{count} connections that speak no HTTP", pipelines.malformed, Extent(500, 5), Extent(200, 1),
    ),
    "upgrades": Attack(
        "{count} connections that ask for WebSockets", pipelines.upgrades, Extent(500, 5), Extent(200, 1),
    ),
    "ready": Attack(
        "`/ready` asked on {count} connections for {seconds:g} s", pipelines.looks, Extent(64, 10), Extent(16, 1),
    ),
    "unread-answers": Attack(
        "{count:,} requests on one connection, none of whose answers is read, for {seconds:g} s",
        pipelines.unread, Extent(500_000, 10), Extent(20_000, 1),
    ),
    "months": Attack(
        "one batch of anonymous events of {count} months", floods.months, Extent(60, 5), Extent(60, 1),
    ),
    "anonymous-flood": Attack(
        "batches of 1000 anonymous events on {count} connections for {seconds:g} s",
        floods.anonymous, Extent(8, 20), Extent(8, 1.5), "limited (`429`)", _limited,
    ),
    "flood-in-a-name": Attack(
        "the same in a person's name, without their key, for {seconds:g} s",
        floods.in_a_name, Extent(8, 20), Extent(8, 1.5), "limited (`429`)", _limited,
    ),
    "unknown-keys": Attack(
        "events with keys that nobody has on {count} connections for {seconds:g} s",
        floods.unknown_keys, Extent(64, 20), Extent(16, 1),
    ),
    "guesses": Attack(
        "{count} guesses at one account's password by way of loopback, each with another `X-Forwarded-For`",
        guesses.forwarded, Extent(75, 60), Extent(6, 20), f"at most {_GUESSES} tried",
        lambda answers: answers["tried"] <= _GUESSES, LOOPBACK,
    ),
    "sign-ins": Attack(
        "guesses at passwords from {count} addresses, each at an account of its own, for {seconds:g} s",
        guesses.by_many, Extent(32, 15), Extent(8, 1),
    ),
    "hostile-documents": Attack(
        "hostile GraphQL documents on {count} connections for {seconds:g} s",
        documents.hostile, Extent(50, 15), Extent(20, 1),
    ),
    "introspection": Attack(
        "the schema asked about on {count} connections for {seconds:g} s",
        documents.introspection, Extent(8, 10), Extent(4, 1),
    ),
    "logouts": Attack(
        "`logout` ten times a request by cookies that nobody was given, on {count} connections for {seconds:g} s",
        documents.logouts, Extent(16, 10), Extent(8, 1),
    ),
}  # fmt: skip
