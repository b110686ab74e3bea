"""Logs: plain text in development, JSON in production."""

import logging
import sys
from contextvars import ContextVar
from typing import Any

import structlog

from observability.log_limits import LimitedHandler
from observability.redaction import bound_values, redact_event, redacted_traceback

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being answered. (structlog's context variables take many times as long.)"""


def configure(level_name: str, *, as_json: bool) -> None:
    """Configure structlog and the standard library's logging, which libraries use, to write the same format."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_request_id,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        bound_values,
        structlog.processors.ExceptionRenderer(redacted_traceback),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        # Without its own rendering of exceptions: coloured tracebacks show local variables, which may be passwords.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    level = logging.getLevelNamesMapping()[level_name.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = LimitedHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[redact_event, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(level, logging.WARNING))


def _with_request_id(_logger: object, _method: str, event_dict: Any) -> Any:
    request_id = REQUEST_ID.get()
    if request_id is not None:
        event_dict["request_id"] = request_id
    return event_dict
