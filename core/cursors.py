"""Keyset cursors: the sort key of the row they stand at, opaque to clients.

A cursor is JSON in base64url. It carries a mark of the ordering it belongs to, so that one from another list, or one
that was tampered with, is refused with a sentence instead of paging through the wrong rows.
"""

import base64
import binascii
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any

import msgspec

from core.errors import InvalidInput
from core.limits import CURSOR_CHARACTERS

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A key part that is an instant: a datetime without a zone names none and is refused."""

_ADVICE = (
    "Use `endCursor` or an edge's `cursor` from the same field with the same arguments, or leave it out to start at "
    "the beginning."
)
_Parts = Annotated[list[Any], msgspec.Meta(min_length=1)]


def encode_cursor(ordering: str, key: tuple[Any, ...]) -> str:
    """The cursor of a row with this sort `key` in the list named `ordering`."""
    return base64.urlsafe_b64encode(msgspec.json.encode([ordering, *key])).decode().rstrip("=")


def decode_cursor(ordering: str, text: str, types: tuple[Any, ...]) -> tuple[Any, ...]:
    """The sort key in a cursor, each part of its type of `types` (str, Instant, UUID).

    Raises InvalidInput for what is no cursor, and for a cursor of another ordering.
    """
    try:
        if len(text) > CURSOR_CHARACTERS:
            raise ValueError("too long")  # noqa: TRY301 - refused in the words for all that are no cursors
        parts = msgspec.json.decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        name, *key = msgspec.convert(parts, _Parts)
        if name == ordering:
            return tuple(msgspec.convert(part, kind) for part, kind in zip(key, types, strict=True))
    except (binascii.Error, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise InvalidInput(f"This is not a cursor of this list. {_ADVICE}") from error
    raise InvalidInput(f"This cursor belongs to another list, or to another order of it. {_ADVICE}")


def fingerprint(*parts: Any) -> str:
    """A short text that is the same for the same parts, on every process, and differs for others.

    Parts are values of JSON, datetimes, ids, enums and dataclasses of these; any other is told by its text.
    """
    return base64.urlsafe_b64encode(sha256(msgspec.json.encode(parts, enc_hook=str)).digest()[:12]).decode()
