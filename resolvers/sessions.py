"""Browsing sessions of the people that the viewer may read."""

from uuid import UUID

from core.errors import InvalidInput
from core.limits import BEHAVIORS_PAGE
from db.queries import sessions
from db.queries.sessions import SessionQuery, SessionRow
from resolvers.caller import Caller
from resolvers.pages import ConnectionRow, forward


async def list_page(caller: Caller, query: SessionQuery, first: int, after: str | None) -> ConnectionRow[SessionRow]:
    """Return a page of sessions, the newest first."""
    request = forward(sessions.parse_cursor, first, after)
    page = await caller.database.answer(lambda db: sessions.page(db, caller.viewer.readable, query, request))
    return ConnectionRow(page)


async def of_user(
    caller: Caller, user_id: UUID, query: SessionQuery, first: int, after: str | None
) -> ConnectionRow[SessionRow]:
    """Return a page of a person's sessions, the newest first."""
    request = forward(sessions.parse_cursor, first, after)
    page = await caller.batches.load(sessions.pages_by_user, user_id, query, request)
    assert page is not None  # noqa: S101 - the query answers for every person it is asked about
    return ConnectionRow(page)


async def domains(caller: Caller, session: SessionRow) -> list[str]:
    """Return the session's domains, in alphabetical order."""
    return await caller.batches.load(sessions.domains, session.key, session.query) or []


async def urls(caller: Caller, session: SessionRow, first: int) -> list[str]:
    """Return the first of the session's urls, in alphabetical order."""
    if not 1 <= first <= BEHAVIORS_PAGE:
        raise InvalidInput(f"`first` must be between 1 and {BEHAVIORS_PAGE}.", "first")
    return (await caller.batches.load(sessions.urls, session.key, session.query) or [])[:first]
