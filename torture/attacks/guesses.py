"""Passwords guessed: by one who claims a new address with each guess, and by many who have an address each."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import httpx

from torture.attacks.repeated import Request, repeated
from torture.attacks.target import Target
from torture.http import client

_TIMEOUT_SECONDS = 60
_JSON = {"Content-Type": "application/json"}
_LOGIN = """
mutation ($username: String!, $password: String!) {
  login(input: {username: $username, password: $password}) { __typename }
}
"""


async def forwarded(target: Target) -> Counter[str]:
    """`count` guesses at one account's password, each said to be forwarded for somebody else."""
    found, deadline = Counter[str](), asyncio.get_running_loop().time() + target.seconds
    async with client(target.url, source=target.source, timeout=_TIMEOUT_SECONDS) as http:
        for number in range(target.count):
            if asyncio.get_running_loop().time() > deadline:
                break
            headers = _JSON | {"X-Forwarded-For": f"198.51.100.{number + 1}"}
            found[await _outcome(http, "guessed", headers)] += 1
    return found


async def by_many(target: Target) -> Counter[str]:
    """Guesses from `count` addresses, each at an account of its own."""

    def attacker(number: int) -> tuple[Target, bytes]:
        return replace(target, count=1, source=f"127.0.9.{number + 1}"), _guess(f"guessed-{number}")

    async def guess(own: Target, body: bytes) -> Counter[str]:
        return await repeated(own, lambda: Request("POST", "/graphql", body, _JSON))

    found = await asyncio.gather(*(guess(*attacker(number)) for number in range(target.count)))
    return sum(found, Counter[str]())


async def _outcome(http: httpx.AsyncClient, username: str, headers: Mapping[str, str]) -> str:
    try:
        answer = (await http.post("/graphql", content=_guess(username), headers=dict(headers))).json()
    except httpx.TransportError:
        return "refused"
    name = (answer.get("data") or {}).get("login", {}).get("__typename", "refused")
    return "tried" if name == "InvalidCredentials" else "refused"


def _guess(username: str) -> bytes:
    return json.dumps({"query": _LOGIN, "variables": {"username": username, "password": "a guess"}}).encode()
