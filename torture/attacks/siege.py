"""An attack from a process of its own, beside a neighbour who was there before and stays afterwards."""

import asyncio
import json
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg

from torture.attacks.catalogue import ATTACKS, Extent
from torture.attacks.neighbour import Neighbour, Sample
from torture.attacks.target import Target
from torture.attacks.verdict import Siege
from torture.memory import memory_watched
from torture.people import Person, organization_of, signed_in
from torture.service import Service

_FREEING_SECONDS, _NORMAL_SECONDS = 15.0, 20.0
_SLOW_SECONDS = 1.0
_PATIENCE_SECONDS = 60
_LOOK_SECONDS = 0.1
_LEAST_SECONDS = 0.5
"""However short an attack is, the neighbour sends something in so long a time."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A service under attack, whose neighbour is `person`; `calm` is for how long they are watched before and after."""

    service: Service
    database_url: str
    token: str
    person: Person
    calm: float


async def scene_of(service: Service, database_url: str, calm: float) -> Scene:
    """A scene with a neighbour of its own."""
    token = await signed_in(service.url)
    _, [person] = await organization_of(service.url, token, f"Neighbours at {service.port}", 1)
    return Scene(service, database_url, token, person, calm)


async def besieged(scene: Scene, name: str, extent: Extent) -> Siege:
    """Attack, and record the neighbour's requests."""
    service, neighbour = scene.service, Neighbour(scene.service.url, scene.person.key, scene.token)
    tables = await _tables(scene.database_url)
    async with neighbour.at_work():
        await asyncio.sleep(scene.calm)
        lines, started, worked = _lines(service), time.monotonic(), service.worked_seconds
        async with memory_watched(service) as sizes:
            found = await _attacked(scene, name, extent)
            worked = service.worked_seconds - worked
            freed_after = await _freed_after(service, ATTACKS[name].source, found["ended"])
            await _normal(neighbour, scene.calm)
    ended = found["ended"]
    return Siege(
        attack=ATTACKS[name],
        extent=extent,
        answers=Counter(found["answers"]),
        seconds=ended - found["began"],
        before=neighbour.between(0, started),
        during=neighbour.between(found["began"], max(ended, found["began"] + _LEAST_SECONDS)),
        normal_after=max([0.0, *(each.ended - ended for each in neighbour.samples if _is_bad(each))]),
        freed_after=freed_after,
        memory_before=sizes[0],
        memory_peak=max(sizes),
        worked=worked,
        lines=_lines(service) - lines,
        tables=await _tables(scene.database_url) - tables,
        lost=await neighbour.lost(scene.database_url),
    )


async def _attacked(scene: Scene, name: str, extent: Extent) -> dict[str, Any]:
    target = Target(scene.service.port, ATTACKS[name].source, extent.count, extent.seconds, str(scene.person.user_id))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "torture.attacks", name, json.dumps(asdict(target))),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent.parent,
    )
    try:
        async with asyncio.timeout(extent.seconds + _PATIENCE_SECONDS):
            output, _ = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if not output:
        raise RuntimeError(f"the attacker of {name} failed with {process.returncode}")
    found: dict[str, Any] = json.loads(output)
    return found


async def _freed_after(service: Service, source: str, ended: float) -> float:
    """Return the seconds from the attack's end until all of its connections were closed, or this was given up."""
    deadline = ended + _FREEING_SECONDS
    while service.connections_from(source) and time.monotonic() < deadline:  # noqa: ASYNC110 - another process's
        await asyncio.sleep(_LOOK_SECONDS)
    return time.monotonic() - ended


async def _normal(neighbour: Neighbour, calm: float) -> None:
    """Return once the neighbour has noticed nothing for so long, or this takes too long."""
    deadline, last_bad, seen = time.monotonic() + _NORMAL_SECONDS, time.monotonic(), len(neighbour.samples)
    while time.monotonic() < min(deadline, last_bad + calm):
        await asyncio.sleep(_LOOK_SECONDS)
        new, seen = neighbour.samples[seen:], len(neighbour.samples)
        if any(map(_is_bad, new)):
            last_bad = time.monotonic()


def _is_bad(sample: Sample) -> bool:
    return bool(sample.refusal) or sample.seconds > _SLOW_SECONDS


def _lines(service: Service) -> int:
    with service.log.open("rb") as log:
        return sum(1 for _ in log)


async def _tables(database_url: str) -> int:
    connection = await asyncpg.connect(database_url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
    finally:
        await connection.close()
