"""Spans of a trace: pieces of a request's work, by name. Nothing is recorded unless the request is traced."""

import sys
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Protocol


class Spans(Protocol):
    """Records the spans of one request."""

    def span(self, name: str) -> AbstractContextManager[None]:
        """Record the work done inside, a failure included."""


RECORDER: ContextVar[Spans | None] = ContextVar("recorder", default=None)
"""Set for the requests that are traced."""
RESOLVER: ContextVar[str | None] = ContextVar("resolver", default=None)
"""Set by a task that works for a resolver it was not called by: the resolver's name."""

_NOTHING = nullcontext()
_PASSED_THROUGH = {__name__, "contextlib", "db.engine", "db.replica", "resolvers.viewer_database"}


def span(name: str | None = None) -> AbstractContextManager[None]:
    """Record the work done inside; without a name, under that of the resolver (or whatever else) that does it."""
    recorder = RECORDER.get()
    if recorder is None:
        return _NOTHING
    return recorder.span(name or RESOLVER.get() or _caller())


def _caller() -> str:
    """The first function up the stack that is not on the way from a resolver to the database."""
    frame = sys._getframe(1)  # noqa: SLF001 - public by documentation, if for Python's own implementation only
    while frame.f_back is not None and frame.f_globals.get("__name__") in _PASSED_THROUGH:
        frame = frame.f_back
    return f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"
