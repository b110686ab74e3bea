"""Cursors of the lists that answer a question: groups, transitions, sessions, blocks of deep work.

Such a cursor belongs to its question, and keeps the moment at which the list began: the pages of a moving period are
all of the range that the first page was of.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from core.clock import now
from core.cursors import Instant, decode_cursor, encode_cursor, fingerprint
from core.errors import InvalidInput
from db.keyset import RowPage
from resolvers.usage import UsageQuery

Row = TypeVar("Row")

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCKS_DIFFER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuestionCursors:
    """The cursors of one list: its name, the fingerprint of the question, and the moment at which the list began."""

    name: str
    question: str
    asked_at: datetime

    @classmethod
    def of_usage(cls, name: str, usage: UsageQuery, *arguments: Any) -> "QuestionCursors":
        """The cursors of a list of a usage, asked for with these arguments."""
        subject = (usage.question.subject, usage.subject)
        return cls(name, fingerprint(subject, usage.fingerprint, arguments), usage.asked_at)

    def cursor(self, key: tuple[Any, ...]) -> str:
        """The cursor of a row with this sort key."""
        return encode_cursor(self.name, self._with(key))

    def parse(self, cursor: str, types: tuple[Any, ...]) -> tuple["QuestionCursors", tuple[Any, ...]]:
        """The cursors of the list with the moment at which it began, and the sort key in this one.

        InvalidInput if it is no cursor, or one of another list or question.
        """
        asked, moment, key = decode_cursor(self.name, cursor, (str, Instant, list[Any]))
        if asked != self.question:
            raise InvalidInput(
                "This cursor belongs to another question. A list is continued with the arguments that it began with: "
                "the same subject, `period`, `where`, time zone and order; only `first` may change. Leave `after` "
                "out to start at the beginning.",
                "after",
            )
        try:
            parts = tuple(msgspec.convert(part, kind) for part, kind in zip(key, types, strict=True))
        except (ValueError, msgspec.MsgspecError) as error:
            raise _not_a_cursor() from error
        if not _EARLIEST <= moment <= now() + _CLOCKS_DIFFER:
            raise _not_a_cursor()
        return replace(self, asked_at=moment.astimezone(UTC)), parts

    def of_page(self, page: RowPage[Row]) -> RowPage[Row]:
        """The page, with these cursors."""
        key = page.ordering.key
        ordering = replace(page.ordering, name=self.name, key=lambda row: self._with(key(row)))
        return replace(page, ordering=ordering)

    def _with(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        return self.question, self.asked_at, key


def _not_a_cursor() -> InvalidInput:
    return InvalidInput("This is not a cursor of this list. Use `endCursor` or an edge's `cursor`.", "after")
