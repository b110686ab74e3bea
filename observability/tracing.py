"""Traces, sent as OTLP over HTTP: a span for each request, and one for each resolver that asks the database.

The packages come with the extra `otel` and are loaded only when an endpoint is configured. Spans hold routes, names of
functions, statuses and kinds of errors: no statement, parameter, variable, header or url.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Timer
from typing import TYPE_CHECKING

import structlog
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import Scope

from core.errors import AppError
from core.spans import RECORDER
from observability.names import method_label

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

_SERVICE = "web-behavior"
_TRACES_PATH = "/v1/traces"
_SERVER_ERROR = 500
_LAST_SECONDS = 2.0
"""The longest time for which a stop waits for a receiver that does not answer."""
_HEADERS = (b"traceparent", b"tracestate")


class RequestSpan:
    """The span of one request, which records the spans within it."""

    def __init__(self, tracer: Tracer, span: Span, method: str) -> None:
        self._tracer = tracer
        self._span = span
        self._method = method

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Record the work done inside, and the class of an error."""
        # Not the current span: it has no children, and may end in another context than it began.
        span = self._tracer.start_span(name, kind=SpanKind.INTERNAL)
        try:
            yield
        except Exception as error:
            _note_failure(span, error)
            raise
        finally:
            span.end()

    def answered(self, route: str, status: int) -> None:
        """Set the route and the status of the request."""
        self._span.update_name(f"{self._method} {route}")
        self._span.set_attributes({"http.request.method": self._method, "http.route": route})
        if status:
            self._span.set_attribute("http.response.status_code", status)
        if status >= _SERVER_ERROR:
            self._span.set_status(StatusCode.ERROR)


class Tracing:
    """Makes the spans of an application, and sends them in a thread of its own."""

    def __init__(self, provider: "TracerProvider", exporter: "SpanExporter") -> None:
        self._provider = provider
        self._exporter = exporter
        self._tracer = provider.get_tracer(_SERVICE)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def request(self, scope: Scope) -> Iterator[RequestSpan]:
        """Record a request, in the trace that its `traceparent` names or in a new one."""
        carrier = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _HEADERS}
        parent = self._propagator.extract(carrier, context=otel_context.Context())
        method = method_label(scope["method"])
        with self._tracer.start_as_current_span(
            method, context=parent, kind=SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            request = RequestSpan(self._tracer, span, method)
            recording = span.is_recording()
            token = RECORDER.set(request if recording else None)
            trace_id = trace.format_trace_id(span.get_span_context().trace_id)
            tokens = structlog.contextvars.bind_contextvars(trace_id=trace_id) if recording else {}
            try:
                yield request
            except Exception as error:
                _note_failure(span, error)
                raise
            finally:
                structlog.contextvars.reset_contextvars(**tokens)
                RECORDER.reset(token)

    def close(self) -> None:
        """Send the remaining spans. Blocks until that is done, or for two seconds if the receiver does not answer."""
        timer = Timer(_LAST_SECONDS, self._exporter.shutdown)
        timer.start()
        self._provider.shutdown()
        timer.cancel()


def is_installed() -> bool:
    """True if the packages that make and send spans are installed."""
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:  # not even the package around it
        return False


def tracing_of(endpoint: str | None) -> Tracing | None:
    """Return the tracing for an OTLP endpoint; None without one. ImportError unless `is_installed`."""
    if not endpoint:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - optional
    from opentelemetry.sdk.resources import (  # noqa: PLC0415 - optional
        SERVICE_NAME,
        OTELResourceDetector,
        Resource,
    )
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - optional
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - optional

    # The environment (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES) overrides the default name.
    resource = Resource.create({SERVICE_NAME: _SERVICE}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + _TRACES_PATH)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracing(provider, exporter)


def _note_failure(span: Span, error: Exception) -> None:
    """Set the error's class only: messages quote what clients sent."""
    span.set_attribute("error.type", type(error).__name__)
    if not isinstance(error, AppError) or error.status >= _SERVER_ERROR:
        span.set_status(StatusCode.ERROR)
