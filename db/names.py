"""Names in statements: they are compared, searched and sorted by their normalized form."""

from typing import Any

from sqlalchemy import ColumnElement, false, true

from core.names import LONGEST_FORM, normalized_name, normalized_part
from db.keyset import Column


def matches(column: Column, search: str | None) -> ColumnElement[bool]:
    """True if `column`, of normalized names, contains the search text; without a text everything matches."""
    if not search:
        return true()
    return column.contains(normalized_part(search), autoescape=True) if len(search) <= LONGEST_FORM else false()


def is_name(column: Column, name: str) -> ColumnElement[bool]:
    """True if `column`, of normalized names, holds that name, however it is written."""
    return column == normalized_name(name) if len(name) <= LONGEST_FORM else false()


def username_columns(username: str) -> dict[str, Any]:
    """Return the columns of a username that somebody is given now."""
    return {"username": username, "normalized_username": normalized_name(username), "shares_name": False}
