"""Metrics that are read from the service when Prometheus scrapes: queues, pools, caches, throttles, rollup backlog."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from importlib.metadata import version

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from core.errors import AppError
from db.engine import Database
from db.event_writer import QUEUE_BYTES, EventWriter
from db.queries import domain_backfill
from db.queries.dirty_hours import Backlog, backlog
from db.replica import ReplicatedDatabase
from execution.documents.document_cache import DocumentCache
from observability.metrics import RequestMetrics
from resolvers.api_key_cache import ApiKeyCache
from resolvers.concurrency import ConcurrencyLimit
from resolvers.services import Services
from resolvers.webhook_worker import WebhookWorker
from web.body_budget import BODY_BUDGET
from web.connection_limits import CONNECTION_COUNTS, REFUSAL_REASONS

BACKLOG_SECONDS = 10.0
"""The time for which the rollup backlog is cached, so that frequent scrapes do not load the database."""
_TIMEOUT_SECONDS = 2.0


class ServiceState(Collector):
    """Collects metrics of a running service. Call `look_at_database` first, since a collector cannot await anything."""

    def __init__(
        self, services: Services, documents: DocumentCache, requests: RequestMetrics, webhooks: WebhookWorker
    ) -> None:
        self._services = services
        self._documents = documents
        self._requests = requests
        self._webhooks = webhooks
        self._backlog: Backlog | None = None
        self._domains_left = float("nan")
        self._look_again_at = 0.0

    async def look_at_database(self) -> None:
        """Read the rollup backlog, unless it was read a moment ago or the database does not answer."""
        if time.monotonic() < self._look_again_at:
            return
        self._look_again_at = time.monotonic() + BACKLOG_SECONDS
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS), self._services.database.read() as connection:
                self._backlog = await backlog(connection)
                self._domains_left = await domain_backfill.count(connection)
        except (AppError, TimeoutError):
            self._backlog, self._domains_left = None, float("nan")

    def collect(self) -> Iterator[Metric]:
        services = self._services
        yield InfoMetricFamily(
            "web_behavior_build", "The version of the service.", value={"version": version("web-behavior")}
        )
        yield _gauge(
            "web_behavior_http_requests_in_progress",
            "HTTP requests that are being answered.",
            self._requests.in_progress,
        )
        yield from _connections()
        yield from _writer(services.writer)
        yield _gauge(
            "web_behavior_anonymous_bytes",
            "Approximate bytes that anonymous events and their index take in the whole database.",
            services.anonymous_events.bytes,
        )
        yield _gauge(
            "web_behavior_anonymous_limit_bytes",
            "Bytes that anonymous events may take before further ones are refused; 0 without a limit.",
            services.anonymous_events.limit_bytes,
        )
        yield from self._rollups()
        yield _gauge(
            "web_behavior_domain_backfill_people",
            "People of whom some stored domains may still be spelt as before 0.3.0, anonymous events as one; NaN while "
            "the database is unreachable.",
            self._domains_left,
        )
        yield _gauge(
            "web_behavior_webhook_overdue_seconds",
            "Seconds for which the delivery to a webhook that waits for a turn has been due; 0 without any. "
            "Webhooks that rest after failures do not count.",
            self._webhooks.overdue_seconds,
        )
        yield from _pools(_databases(services))
        yield _questions(services.database)
        yield from _turns(services.concurrency_limit)
        yield from _caches({"documents": self._documents, "api_keys": services.api_key_cache})
        throttles = (getattr(services.throttles, each.name) for each in fields(services.throttles))
        yield _counters(
            "web_behavior_throttle_refusals",
            "Attempts that a throttle refused.",
            "throttle",
            [
                *((throttle.name, throttle.refusals) for throttle in (*throttles, *services.ingest_limits.limits)),
                ("hashing-queue", services.passwords.queue.refusals),
            ],
        )

    def _rollups(self) -> Iterator[Metric]:
        known = self._backlog is not None
        yield _gauge(
            "web_behavior_database_reachable",
            "1 if the database returned the rollup backlog within two seconds, else 0: it does not answer, or "
            "every connection of the pool `answers` is in use.",
            known,
        )
        yield _gauge(
            "web_behavior_rollup_marked_hours",
            "Hours of people whose rollups are out of date, in the whole database; NaN while the database is "
            "unreachable.",
            self._backlog.hours if self._backlog else float("nan"),
        )
        yield _gauge(
            "web_behavior_rollup_oldest_mark_seconds",
            "Seconds for which the oldest of those hours has been out of date, counted from its mark or from its "
            "end, whichever is later; 0 without any. Hours put aside do not count. Questions read the events of "
            "such an hour instead: the answer is right, but slower.",
            self._backlog.oldest_seconds if self._backlog else float("nan"),
        )
        yield _gauge(
            "web_behavior_rollup_deferred_hours",
            "Hours of people that were put aside, since making their rollups exceeded the longest time limit. "
            "They are retried later; until then questions read their events.",
            self._backlog.deferred if self._backlog else float("nan"),
        )


def _connections() -> Iterator[Metric]:
    yield _gauge("web_behavior_connections_open", "Open connections of clients.", CONNECTION_COUNTS.open)
    yield _counters(
        "web_behavior_connection_refusals",
        "Requests and connections that were refused before the application received the whole request, by "
        "reason: too many `connections` or `requests` in all, or of one address (`address_connections`, "
        "`address_requests`); `bodies` that hold too much memory; a head that is too large or slow "
        "(`large_head`, `slow_head`); a connection on which no request arrived (`silent`); too many "
        "`pipelined` requests; `chunks` of a body with more framing than payload; bytes that are not HTTP "
        "(`no_http`); an answer that the client did not read (`stalled`).",
        "reason",
        [
            *((reason, CONNECTION_COUNTS.refusals[reason]) for reason in REFUSAL_REASONS),
            ("bodies", BODY_BUDGET.refused),
        ],
    )
    yield _gauge(
        "web_behavior_body_bytes",
        "Bytes of memory held by request bodies that arrive in several pieces.",
        BODY_BUDGET.held_bytes,
    )
    yield _gauge(
        "web_behavior_body_limit_bytes", "Bytes of memory that those bodies may hold together.", BODY_BUDGET.total_bytes
    )


def _writer(writer: EventWriter) -> Iterator[Metric]:
    yield _gauge(
        "web_behavior_writer_queue_bytes",
        "Approximate bytes of memory held by events that wait to be stored.",
        writer.queued_bytes,
    )
    yield _gauge(
        "web_behavior_writer_queue_limit_bytes",
        "Bytes of memory that events waiting to be stored may hold.",
        QUEUE_BYTES,
    )
    yield _gauge("web_behavior_writer_queue_events", "Events that wait to be stored.", writer.queued_events)
    refused = CounterMetricFamily(
        "web_behavior_writer_refused_requests",
        "Requests that were refused because too many events were waiting to be stored.",
    )
    refused.add_metric([], writer.refused)
    yield refused
    not_kept = writer.rejected_quota.not_kept
    yield _counters(
        "web_behavior_rejected_events_not_kept",
        "Rejected events that were not kept, since their source had reached its daily quota, by whether the "
        "request had an API key: `key` or `keyless`.",
        "by",
        ((by, not_kept[by]) for by in ("key", "keyless")),
    )


def _databases(services: Services) -> dict[str, Database]:
    databases = {
        "answers": services.database,
        "events": services.writer.database,
        "background": services.background_database,
    }
    if isinstance(services.database, ReplicatedDatabase):
        databases["replica"] = services.database.replica
    return databases


def _questions(database: Database) -> Metric:
    answered = database.answered if isinstance(database, ReplicatedDatabase) else Counter[str]()
    return _counters(
        "web_behavior_replica_questions",
        "Questions that the replica could answer, by the server that answered: `replica` or `primary`; 0 "
        "without DATABASE_REPLICA_URL.",
        "by",
        ((by, answered[by]) for by in ("replica", "primary")),
    )


def _turns(limit: ConcurrencyLimit) -> Iterator[Metric]:
    yield _gauge(
        "web_behavior_statements_waiting", "SQL statements of viewers that wait for their turn.", limit.waiting
    )
    yield _counters(
        "web_behavior_statement_refusals",
        "SQL statements of viewers that waited too long for their turn, so that the client was answered 503, "
        "by the limit reached: that of a `viewer`, of an `organization`, or of `all` viewers together.",
        "limit",
        ((each, limit.refusals[each]) for each in ("viewer", "organization", "all")),
    )


def _pools(pools: dict[str, Database]) -> Iterator[Metric]:
    def of_each(name: str, meaning: str, values: Iterable[tuple[str, float]]) -> Metric:
        family = GaugeMetricFamily(name, meaning, labels=["pool"])
        for pool, value in values:
            family.add_metric([pool], value)
        return family

    yield of_each(
        "web_behavior_database_pool_connections",
        "Connections to PostgreSQL that a pool may open: `answers`, `events` (the writer), `background`, `replica`.",
        ((name, pool.size) for name, pool in pools.items()),
    )
    yield of_each(
        "web_behavior_database_pool_used",
        "Connections of the pool that are checked out.",
        ((name, pool.used) for name, pool in pools.items()),
    )
    yield of_each(
        "web_behavior_database_pool_waiting",
        "Tasks that wait for a connection of the pool, or for a new connection to open.",
        ((name, pool.waiting) for name, pool in pools.items()),
    )
    yield _counters(
        "web_behavior_database_pool_timeouts",
        "Waits for a connection of the pool that timed out, so that the client was answered 503.",
        "pool",
        ((name, pool.timeouts) for name, pool in pools.items()),
    )


def _caches(caches: Mapping[str, DocumentCache | ApiKeyCache]) -> Iterator[Metric]:
    yield _counters(
        "web_behavior_cache_hits",
        "Lookups that a cache answered: of parsed and validated GraphQL `documents`, or of the holders of `api_keys`.",
        "cache",
        ((name, cache.hits) for name, cache in caches.items()),
    )
    yield _counters(
        "web_behavior_cache_misses",
        "Lookups that a cache could not answer.",
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
