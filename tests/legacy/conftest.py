"""An old database, and our command to take it over."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from cli.legacy import IMPORTED_PEOPLE
from cli.legacy_import import import_legacy
from legacy.report import Finding, Report
from tests.conftest import make_settings
from tests.legacy.old_service import OldService, old_service

TakeOver = Callable[..., Awaitable[Report]]


@pytest.fixture(scope="session")
async def old_database(database_url: str) -> AsyncIterator[OldService]:
    """The old service's database, whatever is in it: making one takes longer than emptying it."""
    async with old_service(database_url) as service:
        yield service


@pytest.fixture
async def old(old_database: OldService) -> OldService:
    """The old service's database, empty."""
    await old_database.begin_anew()
    return old_database


@pytest.fixture
def take_over(data_dir: Path, database_url: str, old: OldService) -> TakeOver:
    """Takes over what is new, with the default settings; the report."""

    async def run(source_url: str = old.url, *, dry_run: bool = False) -> Report:
        settings = make_settings(data_dir)
        return await import_legacy(settings, database_url, source_url, IMPORTED_PEOPLE, dry_run=dry_run)

    return run


def oddities(report: Report) -> dict[Finding, int]:
    """The number of times each oddity was found."""
    return {finding: oddity.count for finding, oddity in report.oddities.items()}
