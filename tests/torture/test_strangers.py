"""The attacks of `make torture` by a stranger, each so short that it can run with every change.

A machine that is busy makes everybody wait, so what is judged is who is refused, and how much the service holds.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from torture.attacks.catalogue import ATTACKS, Extent
from torture.attacks.siege import Scene, besieged, scene_of
from torture.attacks.strangers import LIMITED
from torture.postgres import on_any_disk
from torture.service import Service

_CALM_SECONDS = 0.5
_GUESSES = 2
_SLOW = {"trickled-heads", "blank-lines", "guesses"}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder: Path = tmp_path_factory.mktemp("strangers")
    limits = LIMITED | {
        "SIGN_IN_LIMIT_PER_ACCOUNT": f"{_GUESSES}/minute",
        "INGEST_EVENT_LIMIT_PER_ADDRESS": "10000/minute",
    }
    with on_any_disk() as server:
        service = Service(folder, server.url, **limits)
        service.start()
        try:
            yield asyncio.run(_ready(service, server.url))
        finally:
            service.kill()


@pytest.mark.parametrize("name", [name for name in ATTACKS if name not in _SLOW])
async def test_a_stranger_takes_nothing_from_anybody(scene: Scene, name: str):
    seen = await besieged(scene, name, ATTACKS[name].short)

    assert seen.during.number("post") > 0
    assert seen.grave == [], seen.finding.seen


@pytest.mark.parametrize("name", ["trickled-heads", "blank-lines"])
async def test_heads_that_trickle_in_keep_nobody_out(scene: Scene, name: str):
    seen = await besieged(scene, name, ATTACKS[name].short)

    assert seen.during.refusals == [], seen.finding.seen
    assert seen.freed_after < 10


async def test_guesses_are_counted_whatever_a_stranger_says_of_where_they_come_from(scene: Scene):
    seen = await besieged(scene, "guesses", Extent(count=3 * _GUESSES, seconds=20))

    assert seen.answers["tried"] <= 2 * _GUESSES, seen.finding.seen


async def _ready(service: Service, database_url: str) -> Scene:
    await service.ready()
    return await scene_of(service, database_url, _CALM_SECONDS)
