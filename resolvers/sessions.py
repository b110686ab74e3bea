"""Browsing sessions of the people that the viewer may read."""

from typing import Any

from core.errors import InvalidInput
from core.interval_order import IntervalOrder
from core.limits import BEHAVIORS_PAGE, PAGE
from db.keyset import Ordering, PageRequest
from db.queries import session_behaviors, sessions
from db.queries.behaviors import BehaviorRow
from db.queries.session_behaviors import SessionSpan
from db.queries.sessions import SessionQuery, SessionRow
from resolvers.behaviors import DEFAULT_PAGE
from resolvers.caller import Caller
from resolvers.pages import ConnectionRow, TwoWay, check_size, two_way
from resolvers.question_cursors import QuestionCursors
from resolvers.usage import UsageQuery


async def list_page(
    caller: Caller, usage: UsageQuery, order: IntervalOrder, first: int, after: str | None
) -> ConnectionRow[SessionRow]:
    """Return a page of sessions."""
    cursors, query, request = _asked(usage, order, first, after)
    page = await caller.database.answer(lambda db: sessions.page(db, caller.viewer.readable, query, order, request))
    return ConnectionRow(cursors.of_page(page))


async def of_user(
    caller: Caller, usage: UsageQuery, order: IntervalOrder, first: int, after: str | None
) -> ConnectionRow[SessionRow]:
    """Return a page of the sessions of a usage's person."""
    cursors, query, request = _asked(usage, order, first, after)
    page = await caller.batches.load(sessions.pages_by_user, usage.subject, query, order, request)
    assert page is not None  # noqa: S101 - the query answers for every person it is asked about
    return ConnectionRow(cursors.of_page(page))


async def behaviors(
    caller: Caller, session: SessionRow, ordering: Ordering[BehaviorRow], place: TwoWay
) -> ConnectionRow[BehaviorRow]:
    """Return a page of the session's events."""
    request = two_way(ordering.parse, place, default=DEFAULT_PAGE, most=BEHAVIORS_PAGE)
    span = SessionSpan(session.key, session.start, session.end)
    page = await caller.batches.load(session_behaviors.pages, span, session.query, ordering, request)
    assert page is not None  # noqa: S101 - the query answers for every session it is asked about
    return ConnectionRow(page)


async def domains(caller: Caller, session: SessionRow) -> list[str]:
    """Return the session's domains, in alphabetical order."""
    return await caller.batches.load(sessions.domains, session.key, session.query) or []


async def urls(caller: Caller, session: SessionRow, first: int) -> list[str]:
    """Return the first of the session's urls, in alphabetical order."""
    if not 1 <= first <= BEHAVIORS_PAGE:
        raise InvalidInput(f"`first` must be between 1 and {BEHAVIORS_PAGE}.", "first")
    return (await caller.batches.load(sessions.urls, session.key, session.query) or [])[:first]


def _asked(
    usage: UsageQuery, order: IntervalOrder, first: int, after: str | None
) -> tuple[QuestionCursors, SessionQuery, PageRequest]:
    """The cursors of a list of sessions, and the query of the page after one of them."""
    check_size("first", first, PAGE)
    cursors = QuestionCursors.of_usage("sessions", usage, order)
    bound: tuple[Any, ...] | None = None
    if after is not None:
        cursors, bound = cursors.parse(after, sessions.key_types(order))
    question = usage.seen_at(cursors.asked_at).question
    query = SessionQuery(question.time_range, question.where, usage.fingerprint)
    return cursors, query, PageRequest(first, bound)
