"""Pages of an answer's rows, ranked by a value and then by their keys: "the next n after this value and key".

Each subject has a page of its own and the number of all its rows. The first row comes along also where it is before
the page or the page is empty: with it comes the number.

A cursor holds a row's place. Keys may be long (a url has 8 KiB), cursors must not: a text is ranked by its beginning,
and those with the same beginning by a hash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Integer,
    SmallInteger,
    String,
    Subquery,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.types import TypeEngine

from db.keyset import AnySelect
from db.prepared import parameter

Value = int | float | None
"""The value that rows are ranked by; None comes last."""


@dataclass(frozen=True, slots=True)
class RankedPlace:
    """The place of a row: its value, and the parts of its key that it is ranked by (`key_parts`)."""

    value: Value
    key: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order of rows, `whole` if the value is a whole number, and whether a page begins after a place.

    Keys are in ascending order unless `keys_descending`.
    """

    descending: bool
    whole: bool
    after: bool
    keys_descending: bool = False


_BEGINNING = 100
"""How many characters of a text it is ranked by; longer ones by a hash, too."""


def key_parts(values: Sequence[Any]) -> tuple[Any, ...]:
    """The parts that a key is ranked by: a text's beginning and, of a long one, its hash."""
    return tuple(part for value in values for part in (text_parts(value) if isinstance(value, str) else (value,)))


def text_parts(text: str | None) -> tuple[str | None, str]:
    """The parts of a text that may be missing."""
    is_long = text is not None and len(text) > _BEGINNING
    return text and text[:_BEGINNING], sha256((text or "").encode()).hexdigest() if is_long else ""


def place_types(key: Sequence[TypeEngine[Any]], *, whole: bool) -> tuple[Any, ...]:
    """The types of the value and the parts of a key of these columns, as `core.cursors` reads them."""
    python: dict[type, tuple[Any, ...]] = {Text: (str, str), Integer: (int,), SmallInteger: (int,)}
    parts = [part | None for column in key for part in python.get(type(column), (UUID,))]
    return (int if whole else float | None, *parts)


def ranked_page(
    rows: Subquery, value: ColumnElement[Any], keys: Sequence[ColumnElement[Any]], by: Ranking
) -> AnySelect:
    """Select the rows of the page that `ranked_values` describes, and one row more, which tells that there are more.

    Adds to the columns of `rows`, one of them `subject`: rank_value, is_after (the row is not before the page), place
    and total. Keys that are null come last.
    """
    value_type: TypeEngine[Any] = BigInteger() if by.whole else Double()
    ranked_by = cast(value, value_type)
    keys = [part for key in keys for part in _column_parts(key)]
    is_after = func.coalesce(_is_after(ranked_by, keys, by), false()) if by.after else true()
    of_values = ranked_by.desc().nulls_last() if by.descending else ranked_by.asc().nulls_last()
    sort = [of_values, *(key.desc().nulls_last() if by.keys_descending else key.asc().nulls_last() for key in keys)]
    place = func.row_number().over(partition_by=[rows.c.subject, is_after], order_by=sort)
    ranked = select(
        rows,
        ranked_by.label("rank_value"),
        is_after.label("is_after"),
        place.label("place"),
        func.count().over(partition_by=rows.c.subject).label("total"),
    ).subquery("ranked")
    return (
        select(ranked)
        .where(or_(ranked.c.place == 1, and_(ranked.c.is_after, ranked.c.place <= parameter("rows", BigInteger()))))
        .order_by(ranked.c.subject, ranked.c.is_after, ranked.c.place)
    )


def ranked_values(limit: int, after: RankedPlace | None) -> dict[str, Any]:
    """The values of the parameters: a page of `limit` rows after a place; None is the start."""
    values: dict[str, Any] = {"rows": limit + 1}
    if after is not None:
        values["after_value"] = after.value
        values |= {f"after_key_{place}": part for place, part in enumerate(after.key)}
    return values


@dataclass(frozen=True, slots=True)
class FoundPage:
    """The rows of a subject's page, whether there are more after them, and the number of all rows."""

    rows: list[Any]
    more: bool
    total: int


def pages_of(found: Sequence[Any], limit: int) -> dict[Any, FoundPage]:
    """The pages by subject, of the rows that `ranked_page` selects."""
    pages: dict[Any, FoundPage] = {}
    for row in found:
        page = pages.setdefault(row.subject, FoundPage([], more=False, total=row.total))
        if row.is_after and row.place <= limit:
            page.rows.append(row)
        elif row.is_after:
            pages[row.subject] = FoundPage(page.rows, more=True, total=row.total)
    return pages


def _column_parts(key: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """The parts that rows are ranked by, in SQL."""
    if not isinstance(key.type, String):
        return [key]
    digest = func.encode(func.sha256(func.convert_to(key, "UTF8")), "hex", type_=Text())
    is_long = func.length(key) > _BEGINNING
    return [
        func.left(key, _BEGINNING, type_=Text()),
        case((is_long, digest), else_=literal("", Text())),
    ]


def _is_after(value: ColumnElement[Any], keys: Sequence[ColumnElement[Any]], by: Ranking) -> ColumnElement[bool]:
    """The condition that a row comes after the place: that order's, written out, since null comes last in all of it."""
    given = parameter("after_value", value.type)
    beyond = value < given if by.descending else value > given
    after, same = _beyond(value, given, beyond)
    for place, key in enumerate(keys):
        part = parameter(f"after_key_{place}", key.type)
        further, alike = _beyond(key, part, key < part if by.keys_descending else key > part)
        after = or_(after, and_(same, further))
        same = and_(same, alike)
    return after


def _beyond(
    column: ColumnElement[Any], given: ColumnElement[Any], beyond: ColumnElement[bool]
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions that a column's value comes after a given one, and that it is the same."""
    return or_(beyond, and_(column.is_(None), given.is_not(None))), column.is_not_distinct_from(given)
