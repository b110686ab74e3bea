"""What must not get into the log: tokens, keys, urls, and the rows that PostgreSQL quotes in its errors.

Our own lines hold none. But tracebacks end with messages that others have written, and so do libraries' lines.
"""

import re
import traceback
from types import TracebackType
from typing import Any

_SECRETS = (
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"]+", re.IGNORECASE), "[url]"),
    (re.compile(r"\bwb_[\w-]{8,}"), "[key]"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE), r"\1 [token]"),
    # The driver's and PostgreSQL's ways to quote a value that does not fit.
    (re.compile(r"(invalid (?:input|byte)[^:\n]*: ).*", re.IGNORECASE), r"\1[value]"),
)
_DETAIL = "\nDETAIL:"
_STATEMENT = "\n[SQL: "
_Error = tuple[type[BaseException], BaseException, TracebackType | None]


def redacted(text: str) -> str:
    """The text without what looks like a secret or a url."""
    for pattern, substitute in _SECRETS:
        text = pattern.sub(substitute, text)
    return text


def redacted_traceback(exc_info: _Error) -> str:
    """A traceback, local variables and secrets left out, and the rows that PostgreSQL gives in detail."""
    # Messages come whole, each by itself, whatever lines they are broken into.
    return "".join(_without_details(part) for part in traceback.format_exception(*exc_info)).rstrip("\n")


def redact_event(_logger: object, _method: str, event_dict: Any) -> Any:
    """A structlog processor for the lines of libraries."""
    event_dict["event"] = redacted(str(event_dict["event"]))
    return event_dict


def _without_details(part: str) -> str:
    message, detail, rest = part.partition(_DETAIL)
    if detail:
        _, statement, text = rest.rpartition(_STATEMENT)
        message += f"{statement}{text}" if statement else "\n"
    return redacted(message)
