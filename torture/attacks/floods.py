"""Events without a key, or with keys that are nobody's: as many as will be taken, and from every month there is."""

import json
from collections import Counter
from datetime import timedelta
from itertools import cycle
from typing import Any
from uuid import uuid4

from core.clock import now
from torture.attacks.repeated import Request, outcome, repeated
from torture.attacks.target import Target
from torture.client import BATCH, SINGLE
from torture.http import client

_EVENTS = 1000
_DAYS_OF_A_MONTH = 30.4
_TIMEOUT_SECONDS = 20
_BODY = 5 * 1024 * 1024


async def anonymous(target: Target) -> Counter[str]:
    """Batches of a thousand anonymous events on `count` connections."""
    return await _flood(target, {})


async def in_a_name(target: Target) -> Counter[str]:
    """Events in the name of a person who exists, without their key."""
    return await _flood(target, {"userId": target.user_id})


async def months(target: Target) -> Counter[str]:
    """One batch of anonymous events, each of another of `count` months."""
    events = [_event(number) | {"ts": _months_ago(number)} for number in range(target.count)]
    async with client(target.url, source=target.source, timeout=_TIMEOUT_SECONDS) as http:
        return Counter([await outcome(http, Request("POST", BATCH, json.dumps({"events": events}).encode()))])


async def unknown_keys(target: Target) -> Counter[str]:
    """Single events on `count` connections, each with a new key that nobody has."""
    event = json.dumps(_event(0)).encode()
    return await repeated(target, lambda: Request("POST", SINGLE, event, {"X-API-Key": uuid4().hex}))


async def crowded_bodies(target: Target) -> Counter[str]:
    """Bodies of 5 MiB on `count` connections: empty lists for events, and one event with as many members as fit in."""
    lists = b'{"events":[' + b"[]," * ((_BODY - 20) // 3) + b"[]]}"
    members = b'{"events":[{' + b",".join(b'"%06x":0' % number for number in range(_BODY // 11 - 10)) + b"}]}"
    bodies = cycle([lists, members])
    return await repeated(target, lambda: Request("POST", BATCH, next(bodies)))


async def _flood(target: Target, members: dict[str, Any]) -> Counter[str]:
    template = json.dumps({"events": [_event(number) | members for number in range(_EVENTS)]}).encode()
    return await repeated(target, lambda: Request("POST", BATCH, template.replace(b"NEW", uuid4().hex.encode())))


def _event(number: int) -> dict[str, Any]:
    return {
        "sessionId": "flood-NEW",
        "ts": now().isoformat(),
        "type": "focus",
        "url": f"https://flood.example/{number}",
        "eventId": f"flood-NEW-{number}",
    }


def _months_ago(number: int) -> str:
    return (now() - timedelta(days=_DAYS_OF_A_MONTH * number)).isoformat()
