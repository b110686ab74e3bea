"""The metrics: a registry of an application's own, what is counted as it happens, and how requests are told to it.

What the parts keep for themselves (queues, pools, caches) is read when somebody asks: app/observability/state.py.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics

from app.observability.names import OperationNames
from core.observer import GroupReport, Observer, OperationReport

# Otherwise each has a second series, which says when it began: nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]  # not typed by the library

REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_COMMIT_SECONDS = (0.001, 0.0025, *REQUEST_SECONDS)
_GROUP_EVENTS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000)


class RequestMetrics:
    """Counts HTTP requests."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.in_progress = 0
        self._requests = Counter(
            "web_behavior_http_requests_total",
            "HTTP requests that were answered. `status` is `aborted` where the client left before the answer.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "web_behavior_http_request_seconds",
            "How long answering took, from the request's head to the end of the answer.",
            ("method", "route"),
            buckets=REQUEST_SECONDS,
            registry=registry,
        )
        # Looked up once: finding a child by its labels costs more than counting with it.
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; status 0: its client left."""
        key = (method, route, status)
        found = self._children.get(key)
        if found is None:
            counter = self._requests.labels(method, route, str(status or "aborted"))
            found = self._children[key] = (counter, self._seconds.labels(method, route))
        counter, histogram = found
        counter.inc()
        histogram.observe(seconds)


class Metrics(Observer):
    """Every metric of an application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = RequestMetrics(self.registry)
        self._names = OperationNames()
        self._make_graphql()
        self._make_events()
        self._make_writer()
        self._sign_ins = self._counter(
            "web_behavior_sign_ins_total",
            "Attempts to sign in (`login`), to go on with a session (`refresh`) and to change a password "
            "(`change_password`), by outcome: `succeeded`, `wrong`, `throttled` or `failed`.",
            "kind",
            "outcome",
        )

    def group_stored(self, report: GroupReport) -> None:
        self._accepted.inc(report.accepted)
        self._duplicates.inc(report.duplicates)
        for code, count in report.rejected.items():
            self._rejected.labels(code).inc(count)
        for code, count in report.failed.items():
            self._failed.labels(code).inc(count)
        self._group_events.observe(report.events)
        self._commit_seconds.observe(report.seconds)

    def operation_answered(self, report: OperationReport) -> None:
        self._operations.labels(report.kind, self._names.label(report.name)).observe(report.seconds)
        for code in report.codes:
            self._errors.labels(code).inc()

    def sign_in_attempted(self, kind: str, outcome: str) -> None:
        self._sign_ins.labels(kind, outcome).inc()

    def _make_graphql(self) -> None:
        self._operations = self._histogram(
            "web_behavior_graphql_operation_seconds",
            "How long GraphQL operations took. `kind` is `query`, `mutation`, or `invalid` for what was never run. "
            "`operation` is the name that the client gave it: one of the first hundred, else `other`; `unnamed` "
            "without one, and for strangers.",
            REQUEST_SECONDS,
            "kind",
            "operation",
        )
        self._errors = self._counter(
            "web_behavior_graphql_errors_total", "Errors in GraphQL answers, by `extensions.code`.", "code"
        )

    def _make_events(self) -> None:
        self._accepted = self._counter("web_behavior_events_accepted_total", "Events that were stored.")
        self._duplicates = self._counter(
            "web_behavior_events_duplicate_total", "Events that were sent again, and stored before."
        )
        self._rejected = self._counter(
            "web_behavior_events_rejected_total", "Events that broke a rule, by rejection code.", "code"
        )

    def _make_writer(self) -> None:
        self._group_events = self._histogram(
            "web_behavior_writer_group_events", "How many events were committed together.", _GROUP_EVENTS
        )
        self._commit_seconds = self._histogram(
            "web_behavior_writer_commit_seconds",
            "How long storing a group took, commit and any second attempts included.",
            _COMMIT_SECONDS,
        )
        self._failed = self._counter(
            "web_behavior_writer_failed_requests_total",
            "Requests whose events the writer could not store, by error code.",
            "code",
        )

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, meaning, labels, buckets=buckets, registry=self.registry)
