"""The metrics that are counted as things happen, in a registry of the application's own.

The state of queues, pools and caches is read at each scrape, by app/service_state.py.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from core.observer import GroupReport, Job, Observer, OperationReport, PortionOutcome, RoundOutcome
from observability.names import OperationNames

# Otherwise each counter has a second series with its creation time, which nobody queries.
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
            "HTTP requests that were answered. `status` is `aborted` if the client disconnected before the answer.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "web_behavior_http_request_seconds",
            "Seconds from the end of the request's head to the end of the answer.",
            ("method", "route"),
            buckets=REQUEST_SECONDS,
            registry=registry,
        )
        # Cached, since finding a child by its labels takes longer than counting with it.
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request; status 0 if its client disconnected before."""
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
        self._make_background()
        self._sign_ins = self._counter(
            "web_behavior_sign_ins_total",
            "Attempts to sign in (`login`), to refresh a session (`refresh`), to come back from the provider of single "
            "sign-on (`single_sign_on`) and to change a password (`change_password`), and to use a link "
            "(`accept_invitation`, `reset_password`, `confirm_email`), by outcome: `succeeded`, `wrong` (the "
            "credentials, the provider's answer or the link), `throttled` or `failed`.",
            "kind",
            "outcome",
        )
        self._mails = self._counter(
            "web_behavior_mails_total",
            "Mails by kind (`invitation`, `password_reset`, `email_confirmation`, `email_changed`) and outcome: "
            "`sent`; `failed`, the mail server did not take it; `throttled`, not tried, as the recipient got many.",
            "kind",
            "outcome",
        )

        self._webhook_seconds = self._histogram(
            "web_behavior_webhook_attempt_seconds",
            "Seconds that attempts to deliver to a webhook took, by outcome: `delivered`; `refused`, with another "
            "status than 200 to 299; `timeout`; `connection`; `not_allowed`, an address of a private network; "
            "`no_payload`, the selection could not be answered.",
            REQUEST_SECONDS,
            "outcome",
        )
        self._webhooks = self._counter(
            "web_behavior_webhook_deliveries_total",
            "Deliveries to webhooks that were `delivered`, or given up as `failed` after 24 hours.",
            "state",
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

    def mail_ended(self, kind: str, outcome: str) -> None:
        self._mails.labels(kind, outcome).inc()

    def webhook_attempted(self, outcome: str, seconds: float) -> None:
        self._webhook_seconds.labels(outcome).observe(seconds)

    def webhook_ended(self, state: str) -> None:
        self._webhooks.labels(state).inc()

    def portion_ended(self, job: Job, outcome: PortionOutcome) -> None:
        self._portions.labels(job, outcome).inc()

    def round_ended(self, job: Job, outcome: RoundOutcome) -> None:
        if outcome is RoundOutcome.COMPLETE:
            self._completed.labels(job).set_to_current_time()
        if outcome is RoundOutcome.STUCK:
            self._stuck_rounds.labels(job).inc()
        else:
            self._stuck_rounds.labels(job).set(0)

    def _make_background(self) -> None:
        self._portions = self._counter(
            "web_behavior_background_portions_total",
            "Portions of background work by kind of work and outcome: `finished`; `too_long`, retried in smaller "
            "portions; `put_aside`, too long even for the smallest portion and retried later.",
            "work",
            "outcome",
        )
        self._stuck_rounds = self._gauge(
            "web_behavior_background_stuck_rounds",
            "Consecutive rounds of a kind of background work that failed without finishing anything; 0 after progress.",
            "work",
        )
        self._completed = self._gauge(
            "web_behavior_background_last_complete_timestamp_seconds",
            "Unix time at which this process last had no work of a kind left.",
            "work",
        )

    def _make_graphql(self) -> None:
        self._operations = self._histogram(
            "web_behavior_graphql_operation_seconds",
            "Seconds that GraphQL operations took. `kind` is `query`, `mutation`, or `invalid` for an operation "
            "that was not executed. `operation` is the name that the client gave it: one of the first hundred "
            "names, else `other`; `unnamed` without a name, and for clients that are not signed in.",
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
            "web_behavior_events_duplicate_total",
            "Events that were not stored again, since they are duplicates of stored ones.",
        )
        self._rejected = self._counter(
            "web_behavior_events_rejected_total", "Events that broke a rule, by rejection code.", "code"
        )

    def _make_writer(self) -> None:
        self._group_events = self._histogram(
            "web_behavior_writer_group_events",
            "Events that the writer committed together, as one group.",
            _GROUP_EVENTS,
        )
        self._commit_seconds = self._histogram(
            "web_behavior_writer_commit_seconds",
            "Seconds that storing a group took, including the commit and any further attempts.",
            _COMMIT_SECONDS,
        )
        self._failed = self._counter(
            "web_behavior_writer_failed_requests_total",
            "Requests whose events the writer could not store, by error code.",
            "code",
        )

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(name, meaning, labels, registry=self.registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, meaning, labels, buckets=buckets, registry=self.registry)
