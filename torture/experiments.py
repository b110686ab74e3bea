"""Every experiment in its full length, each with a server of its own."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from torture import counters, outages
from torture.attacks.strangers import strangers
from torture.backlog import backlog
from torture.counters import without_redis
from torture.crashes import crashes
from torture.findings import Finding
from torture.outages import out_of_disk, out_of_disk_for_its_log
from torture.overload import overload
from torture.poison import poison
from torture.postgres import on_a_small_disk, on_any_disk
from torture.restarts import restarts
from torture.webhooks import webhooks

_OUTAGE_SECONDS, _FREEZE_SECONDS, _REDIS_SECONDS = 5.0, 20.0, 12.0


async def _crashes(folder: Path) -> list[Finding]:
    with on_any_disk() as server:
        return (await crashes(server, folder)).findings


async def _postgresql(folder: Path) -> list[Finding]:
    with on_any_disk() as server:
        seen = await outages.outages(server, folder, outages.TROUBLES, _OUTAGE_SECONDS)
    return [finding for each in seen for finding in each.findings]


async def _freeze(folder: Path) -> list[Finding]:
    with on_any_disk() as server:
        [seen] = await outages.outages(server, folder, {"frozen (SIGSTOP)": outages.frozen}, _FREEZE_SECONDS)
    return seen.findings


async def _disk(folder: Path) -> list[Finding]:
    troubles = {"with a full disk": out_of_disk, "crashed by a disk too full for its log": out_of_disk_for_its_log}
    with on_a_small_disk() as server:
        seen = await outages.outages(server, folder, troubles, _OUTAGE_SECONDS)
    return [finding for each in seen for finding in each.findings]


async def _redis(folder: Path) -> list[Finding]:
    with on_any_disk() as server:
        seen = await without_redis(server, folder, counters.TROUBLES, _REDIS_SECONDS)
    return [finding for each in seen for finding in each.findings]


async def _overload(folder: Path) -> list[Finding]:
    with on_any_disk() as server:
        return (await overload(server, folder)).findings


async def _restarts(folder: Path) -> list[Finding]:
    with on_any_disk() as server:
        return (await restarts(server, folder)).findings


async def _poison(folder: Path) -> list[Finding]:
    with on_any_disk() as server:
        return (await poison(server, folder)).findings


async def _backlog(folder: Path) -> list[Finding]:
    with on_any_disk() as server:
        return (await backlog(server, folder)).findings


async def _strangers(folder: Path) -> list[Finding]:
    with on_any_disk() as server:
        return [siege.finding for siege in await strangers(server, folder)]


async def _webhooks(folder: Path) -> list[Finding]:
    with on_any_disk() as server:
        return (await webhooks(server, folder)).findings


STRANGERS = "strangers"
"""The experiment that is a section of the page by itself."""
EXPERIMENTS: dict[str, Callable[[Path], Coroutine[Any, Any, list[Finding]]]] = {
    "crashes": _crashes,
    "postgresql": _postgresql,
    "freeze": _freeze,
    "disk": _disk,
    "redis": _redis,
    "overload": _overload,
    "restarts": _restarts,
    "poison": _poison,
    "backlog": _backlog,
    "webhooks": _webhooks,
    STRANGERS: _strangers,
}
