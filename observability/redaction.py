"""Keeps secrets and long texts out of the log: tokens, keys, urls, and the rows that PostgreSQL quotes in its errors.

The service's own lines hold none of these. But the messages in tracebacks and in lines of libraries may. Any text may
have been chosen by a client, as names in documents are: it is cut to a bound, and cannot contain escape sequences or
line breaks.
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
    # Messages of the driver and of PostgreSQL that quote an invalid value.
    (re.compile(r"(invalid (?:input|byte)[^:\n]*: ).*", re.IGNORECASE), r"\1[value]"),
)
LONGEST_VALUE = 1000
"""Characters of a value, and of a message in a traceback."""

LONGEST_TRACEBACK = 30_000
_LONGEST_READ = 4000  # the search for secrets takes more than linear time
_MOST_ITEMS = 50
_DETAIL = "\nDETAIL:"
_STATEMENT = "\n[SQL: "
_Error = tuple[type[BaseException], BaseException, TracebackType | None]


def redacted(text: str) -> str:
    """Return the text without what looks like a secret or a url."""
    for pattern, substitute in _SECRETS:
        text = pattern.sub(substitute, text)
    return text


def redacted_traceback(exc_info: _Error) -> str:
    """Return a traceback without local variables, secrets, and the rows that PostgreSQL quotes in `DETAIL`."""
    # Each part is a whole message, which may have several lines.
    parts = [_cut(_without_details(part), "\n") for part in traceback.format_exception(*exc_info)]
    text = "\n".join(map(printable, "".join(parts).rstrip("\n").split("\n")))
    half = LONGEST_TRACEBACK // 2
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n… {left_out} characters left out …\n{text[-half:]}" if left_out > 0 else text


def printable(text: str) -> str:
    """Return the text with a replacement for each unprintable character."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def redact_event(_logger: object, _method: str, event_dict: Any) -> Any:
    """A structlog processor for the lines of libraries."""
    event_dict["event"] = redacted(_readable(str(event_dict["event"])))
    return event_dict


def bound_values(_logger: object, _method: str, event_dict: Any) -> Any:
    """A structlog processor that cuts every text of a line to a bound, and replaces unprintable characters."""
    for name, value in event_dict.items():
        if isinstance(value, str):
            event_dict[name] = _bounded(value)
        elif isinstance(value, list | tuple) and name != "exc_info":
            event_dict[name] = [_bounded(item) if isinstance(item, str) else item for item in value[:_MOST_ITEMS]]
    return event_dict


def _bounded(text: str) -> str:
    return printable(_cut(text).strip().replace("\n", " "))


def _cut(text: str, end: str = "") -> str:
    left_out = len(text) - LONGEST_VALUE
    return f"{text[:LONGEST_VALUE]}… ({left_out} characters left out){end}" if left_out > 0 else text


def _readable(text: str) -> str:
    """Return the beginning of a text, up to a whole word: half of a secret would not be recognised as one."""
    return text if len(text) <= _LONGEST_READ else text[:_LONGEST_READ].rsplit(None, 1)[0] + "…\n"


def _without_details(part: str) -> str:
    message, detail, rest = part.partition(_DETAIL)
    if detail:
        _, statement, text = rest.rpartition(_STATEMENT)
        message += f"{statement}{text}" if statement else "\n"
    return redacted(_readable(message))
