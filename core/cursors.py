"""Keyset cursors: the sort key of the row they stand at, opaque to clients.

A cursor is JSON in base64url. It carries a mark of the ordering it belongs to, so that one from another list, or one
that was tampered with, is refused with a sentence instead of paging through the wrong rows.
"""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any

import msgspec

from core.errors import InvalidInput
from core.limits import CURSOR_CHARACTERS

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A key part that is an instant: a datetime without a zone names none and is refused."""


def encode_cursor(ordering: str, key: tuple[Any, ...]) -> str:
    """The cursor of a row with this sort `key` in the list named `ordering`."""
    return base64.urlsafe_b64encode(msgspec.json.encode([ordering, *key])).decode().rstrip("=")


def decode_cursor(ordering: str, text: str, types: tuple[Any, ...]) -> tuple[Any, ...]:
    """The sort key in a cursor, each part of its type of `types` (str, Instant, UUID).

    Raises InvalidInput for what is not a cursor of this ordering.
    """
    try:
        if len(text) > CURSOR_CHARACTERS:
            raise ValueError("too long")  # noqa: TRY301 - refused in the words for all that are no cursors
        parts = msgspec.json.decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        name, *key = msgspec.convert(parts, list[Any])
        own_key = key if name == ordering else []
        return tuple(msgspec.convert(part, kind) for part, kind in zip(own_key, types, strict=True))
    except (binascii.Error, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise InvalidInput(
            "This cursor does not belong to this list. Use `endCursor` or an edge's `cursor` from the same field "
            "with the same arguments, or leave it out to start at the beginning."
        ) from error
