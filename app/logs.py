"""Logs: lines for people in development, JSON in production."""

import logging
import sys
from contextvars import ContextVar
from typing import Any

import structlog

from app.redaction import redact_event, redacted_traceback
from app.settings import Environment, Settings

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being answered. (structlog's own way to keep such things costs many times as much.)"""


def configure(settings: Settings) -> None:
    """Set up structlog and the standard library's logging (uvicorn's, the libraries') to write the same way."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_request_id,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(redacted_traceback),
    ]
    production = settings.env is Environment.PROD
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if production
        # Told of no exceptions by itself: colourful tracebacks show local variables, and so passwords and tokens.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, redact_event],
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
