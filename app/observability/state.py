"""Metrics that are read from the parts when somebody asks: queues, pools, caches, throttles, the rollups' backlog."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from importlib.metadata import version

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from app.observability.metrics import RequestMetrics
from core.errors import AppError
from db.engine import Database
from db.event_writer import QUEUE_BYTES, EventWriter
from db.queries.rollups import Backlog, backlog
from db.replica import ReplicatedDatabase
from resolvers.key_ring import KeyRing
from resolvers.services import Services
from schema.documents.reading import Documents

BACKLOG_SECONDS = 10.0
"""How long the rollups' backlog is remembered: asking for it costs the database, however often we are asked."""
_PATIENCE_SECONDS = 2.0


class ServiceState(Collector):
    """Reads a running service. `look_at_database` comes first, since a collector cannot wait."""

    def __init__(self, services: Services, documents: Documents, requests: RequestMetrics) -> None:
        self._services = services
        self._documents = documents
        self._requests = requests
        self._backlog: Backlog | None = None
        self._look_again_at = 0.0

    async def look_at_database(self) -> None:
        """Ask for the rollups' backlog, unless that is known or the database does not answer."""
        if time.monotonic() < self._look_again_at:
            return
        self._look_again_at = time.monotonic() + BACKLOG_SECONDS
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS), self._services.database.read() as connection:
                self._backlog = await backlog(connection)
        except (AppError, TimeoutError):
            self._backlog = None

    def collect(self) -> Iterator[Metric]:
        services = self._services
        yield InfoMetricFamily(
            "web_behavior_build", "The version that runs.", value={"version": version("web-behavior")}
        )
        yield _gauge("web_behavior_http_requests_in_progress", "Requests being answered.", self._requests.in_progress)
        yield from _writer(services.writer)
        yield from self._rollups()
        yield from _pools(_databases(services))
        yield _questions(services.database)
        yield from _caches({"documents": self._documents, "api_keys": services.key_ring})
        throttles = (getattr(services.throttles, each.name) for each in fields(services.throttles))
        yield _counters(
            "web_behavior_throttle_refusals",
            "Attempts that a throttle refused.",
            "throttle",
            ((throttle.name, throttle.refusals) for throttle in throttles),
        )

    def _rollups(self) -> Iterator[Metric]:
        known = self._backlog is not None
        yield _gauge(
            "web_behavior_database_reachable",
            "1 when the database told the backlog of rollups within two seconds, else 0: it is away, or every "
            "connection for answers is taken.",
            known,
        )
        yield _gauge(
            "web_behavior_rollup_marked_hours",
            "Hours of people whose rollups are out of date, in the whole database. NaN while that is not reachable.",
            self._backlog.hours if self._backlog else float("nan"),
        )
        yield _gauge(
            "web_behavior_rollup_oldest_mark_seconds",
            "How long the one that waits longest could have been made anew: since it was marked, or was over; 0 "
            "without any. Questions read its events instead: right, but slower.",
            self._backlog.oldest_seconds if self._backlog else float("nan"),
        )


def _writer(writer: EventWriter) -> Iterator[Metric]:
    yield _gauge("web_behavior_writer_queue_bytes", "About how much memory waiting events hold.", writer.queued_bytes)
    yield _gauge("web_behavior_writer_queue_limit_bytes", "How much they may hold.", QUEUE_BYTES)
    yield _gauge("web_behavior_writer_queue_events", "Events that wait to be stored.", writer.queued_events)
    refused = CounterMetricFamily(
        "web_behavior_writer_refused_requests", "Requests refused because too many events were waiting."
    )
    refused.add_metric([], writer.refused)
    yield refused


def _databases(services: Services) -> dict[str, Database]:
    databases = {"answers": services.database, "events": services.writer.database}
    if isinstance(services.database, ReplicatedDatabase):
        databases["replica"] = services.database.replica
    return databases


def _questions(database: Database) -> Metric:
    answered = database.answered if isinstance(database, ReplicatedDatabase) else Counter[str]()
    return _counters(
        "web_behavior_replica_questions",
        "Questions that a replica could answer, by who did: `replica` or `primary`. 0 without DATABASE_REPLICA_URL.",
        "by",
        ((by, answered[by]) for by in ("replica", "primary")),
    )


def _pools(pools: dict[str, Database]) -> Iterator[Metric]:
    def of_each(name: str, meaning: str, values: Iterable[tuple[str, float]]) -> Metric:
        family = GaugeMetricFamily(name, meaning, labels=["pool"])
        for pool, value in values:
            family.add_metric([pool], value)
        return family

    yield of_each(
        "web_behavior_database_pool_connections",
        "Connections to PostgreSQL that a pool may have: `answers`, `events` (the writer and housekeeping), `replica`.",
        ((name, pool.size) for name, pool in pools.items()),
    )
    yield of_each(
        "web_behavior_database_pool_used",
        "Those in use.",
        ((name, pool.used) for name, pool in pools.items()),
    )
    yield of_each(
        "web_behavior_database_pool_waiting",
        "Who waits for one, or for it to be opened.",
        ((name, pool.waiting) for name, pool in pools.items()),
    )
    yield _counters(
        "web_behavior_database_pool_timeouts",
        "Who waited too long and was answered 503.",
        "pool",
        ((name, pool.timeouts) for name, pool in pools.items()),
    )


def _caches(caches: Mapping[str, Documents | KeyRing]) -> Iterator[Metric]:
    yield _counters(
        "web_behavior_cache_hits",
        "What was found in a cache: GraphQL `documents`, read and checked; holders of `api_keys`.",
        "cache",
        ((name, cache.hits) for name, cache in caches.items()),
    )
    yield _counters(
        "web_behavior_cache_misses",
        "What was not.",
        "cache",
        ((name, cache.misses) for name, cache in caches.items()),
    )


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _counters(name: str, meaning: str, label: str, values: Iterable[tuple[str, int]]) -> Metric:
    family = CounterMetricFamily(name, meaning, labels=[label])
    for each, value in values:
        family.add_metric([each], value)
    return family
