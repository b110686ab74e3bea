"""Scrapes: the metrics that a service tells Prometheus, parsed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from httpx import AsyncClient
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from app.settings import Settings
from tests.conftest import make_settings
from tests.free_ports import free_port


@dataclass(frozen=True)
class Family:
    """A metric family of a scrape."""

    name: str
    kind: str
    meaning: str
    samples: list[Sample]


@dataclass(frozen=True)
class Scrape:
    """One response of /metrics."""

    families: dict[str, Family]

    def value(self, sample: str, **labels: str) -> float | None:
        """The value of the sample with exactly these labels; None if there is none."""
        for family in self.families.values():
            for each in family.samples:
                if each.name == sample and each.labels == labels:
                    return each.value
        return None


async def scrape(settings: Settings, port: int | None = None) -> Scrape:
    """Scrape a service that has these settings."""
    async with AsyncClient(base_url=f"http://127.0.0.1:{port or settings.metrics_port}") as client:
        response = await client.get("/metrics")
    assert response.status_code == 200
    families = (
        Family(family.name, family.type, family.documentation, family.samples)
        for family in text_string_to_metric_families(response.text)
    )
    return Scrape({family.name: family for family in families})


def metered(data_dir: Path, **changes: Any) -> Settings:
    """Settings with metrics on, on a free port."""
    return make_settings(data_dir, metrics_port=free_port(), **changes)
