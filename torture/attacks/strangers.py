"""Every attack, in full, each on a service of its own with the limits that an operator who sets none has."""

from collections.abc import Iterable
from pathlib import Path

from tests.servers import Postgres15
from torture.attacks.catalogue import ATTACKS
from torture.attacks.siege import besieged, scene_of
from torture.attacks.verdict import Siege
from torture.service import running

LIMITED = {"RATE_LIMIT_ENABLED": "true", "MAX_CONNECTIONS_PER_ADDRESS": "500"}
"""The limits of the default settings, which other experiments are run without: their load comes from one address."""
_CALM_SECONDS = 2.0


async def strangers(server: Postgres15, folder: Path, names: Iterable[str] = ATTACKS) -> list[Siege]:
    """Make each attack."""
    return [await _attack(server, folder, name) for name in names]


async def _attack(server: Postgres15, folder: Path, name: str) -> Siege:
    async with running(folder, server.url, **LIMITED) as service:
        return await besieged(await scene_of(service, server.url, _CALM_SECONDS), name, ATTACKS[name].full)
