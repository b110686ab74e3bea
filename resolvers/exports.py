"""Exports: everything that somebody may read, as a stream that never holds more than one page of it.

Page after page is read by a statement, a connection and a snapshot of its own, and only when the one before is on its
way: whoever reads slowly costs nothing, and no export is long for the database.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from auth.tokens import AccessClaims, AccessToken
from core.audit import AuditAction
from core.events import ANONYMOUS
from db.keyset import PageRequest
from db.queries import audit_entry as audit_entries
from db.queries import behavior as behavior_queries
from db.queries import extension_user as extension_users
from db.queries import organization as organizations
from db.queries import rejected_event as rejected_events
from db.queries.audit_entry import AuditEntryRow, NewEntry
from db.queries.behavior import BehaviorRow, Walk
from db.queries.extension_user import ExtensionUserFilter, ExtensionUserRow
from db.queries.filters import EventFilter
from db.queries.organization import OrganizationRow
from db.queries.rejected_event import RejectedEventRow
from resolvers.audit import note
from resolvers.caller import Caller
from resolvers.extension_user import managed

PREFIX = "/api/v1/exports"
ROWS_AT_ONCE = 500
"""Few enough that writing them out holds nobody else up for more than some milliseconds."""
PEOPLE_AT_ONCE = 500

_TOO_MANY = "Too many exports. Please wait before you begin another."

Page = TypeVar("Page")
Answer = TypeVar("Answer")

PersonRow = ExtensionUserRow | OrganizationRow | BehaviorRow | RejectedEventRow | AuditEntryRow


@dataclass(frozen=True, slots=True)
class EventExport:
    """Which events to export: from when to when (None: all), and those that a filter admits."""

    start: datetime | None
    end: datetime | None
    where: EventFilter

    @property
    def walk(self) -> Walk:
        """The way through each person's events."""
        return Walk(self.start, self.end, self.where)


@dataclass(frozen=True, slots=True)
class ExportedEvent:
    """An event and whose it is; None for an anonymous one."""

    person: ExtensionUserRow | None
    event: BehaviorRow


def resource(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    """A download's address below the service's own: what a ticket is for."""
    return f"{PREFIX}{path}?{urlencode(parameters)}" if parameters else f"{PREFIX}{path}"


def ticket(caller: Caller, of: str) -> AccessToken:
    """A ticket for a download that the caller begins in the next minutes."""
    viewer = caller.viewer
    return caller.services.tokens.issue_ticket(AccessClaims(viewer.user_id, viewer.sign_in_id), of)


async def begin_behaviors(caller: Caller, export: EventExport, file_format: str) -> AsyncIterator[list[ExportedEvent]]:
    """Export events that the caller may read; each organization concerned finds it in its log. TooManyAttempts."""
    await _count(caller)
    where, viewer = export.where, caller.viewer
    details = {
        "format": file_format,
        "from": None if export.start is None else export.start.isoformat(),
        "to": None if export.end is None else export.end.isoformat(),
    }
    async with caller.database.write() as db:
        entry = NewEntry(AuditAction.BEHAVIORS_EXPORTED, viewer.user_id, details=details)
        await audit_entries.add_for_each(db, viewer.readable, where.organization_ids, entry)
    return await _begun(_behaviors(caller, export))


async def begin_person(caller: Caller, extension_user_id: UUID | None) -> AsyncIterator[Sequence[PersonRow]]:
    """Export everything held on a person. NotFound, Forbidden, TooManyAttempts."""
    person = await managed(caller, extension_user_id)
    await _count(caller)
    async with caller.database.write() as db:
        action, organization_id = AuditAction.EXTENSION_USER_EXPORTED, person.organization_id
        await note(db, caller.viewer, action, organization_id=organization_id, subject_id=person.id)
    return await _begun(_person(caller, person))


async def _count(caller: Caller) -> None:
    await caller.services.throttles.exports_per_account.attempt(caller.viewer.user_id.hex, _TOO_MANY)


async def _begun(pages: AsyncIterator[Page]) -> AsyncIterator[Page]:
    """The pages, the first of them read already: what is wrong from the start is told before anything is sent."""
    first = await anext(pages, None)

    async def all_pages() -> AsyncIterator[Page]:
        if first is not None:
            yield first
        async for page in pages:
            yield page

    return all_pages()


async def _behaviors(caller: Caller, export: EventExport) -> AsyncIterator[list[ExportedEvent]]:
    async for person in _people(caller, export.where):
        async for rows in _events(caller, ANONYMOUS if person is None else person.id, export.walk):
            yield [ExportedEvent(person, row) for row in rows]


async def _people(caller: Caller, where: EventFilter) -> AsyncIterator[ExtensionUserRow | None]:
    """Whose events to export; first None, for nobody's, if those are among them."""
    scope, organization_ids, user_ids = caller.viewer.readable, where.organization_ids, where.extension_user_ids
    if scope.organization_ids is None and organization_ids is None and user_ids is None:
        yield None
    chosen = ExtensionUserFilter(organization_ids=None if organization_ids is None else frozenset(organization_ids))
    ask = partial(extension_users.next_by_id, scope=scope, where=chosen, ids=user_ids)
    after, more = UUID(int=0), True
    while more:
        people = await _answer(caller, partial(ask, after=after, limit=PEOPLE_AT_ONCE))
        for person in people:
            yield person
            after = person.id
        more = len(people) == PEOPLE_AT_ONCE


async def _events(caller: Caller, user_id: UUID, walk: Walk) -> AsyncIterator[list[BehaviorRow]]:
    """A person's events, stretch by stretch; a stretch without any that is wanted is an empty page."""
    ask = partial(behavior_queries.stretch, scope=caller.viewer.readable, user_id=user_id, walk=walk)
    place, more = None, True
    while more:
        stretch = await _answer(caller, partial(ask, place=place, limit=ROWS_AT_ONCE))
        yield stretch.rows
        place, more = stretch.place, stretch.place is not None


async def _person(caller: Caller, person: ExtensionUserRow) -> AsyncIterator[Sequence[PersonRow]]:
    scope, organization_id = caller.viewer.manageable, person.organization_id
    yield [person]
    found = await _answer(caller, partial(organizations.by_ids, scope=scope, ids=[organization_id]))
    yield list(found.values())
    async for rows in _events(caller, person.id, Walk(None, None, EventFilter())):
        yield rows
    async for rejected in _rejected(caller, person.id):
        yield rejected
    async for entries in _entries(caller, person.id):
        yield entries


async def _rejected(caller: Caller, user_id: UUID) -> AsyncIterator[Sequence[RejectedEventRow]]:
    ask = partial(rejected_events.page_of, scope=caller.viewer.manageable, user_id=user_id)
    after, more = 0, True
    while more:
        rows = await _answer(caller, partial(ask, after=after, limit=ROWS_AT_ONCE))
        yield rows
        after, more = rows[-1].id if rows else 0, len(rows) == ROWS_AT_ONCE


async def _entries(caller: Caller, user_id: UUID) -> AsyncIterator[Sequence[AuditEntryRow]]:
    ask = partial(audit_entries.page_of_subject, scope=caller.viewer.manageable, subject_id=user_id)
    request, more = PageRequest(ROWS_AT_ONCE), True
    while more:
        page = await _answer(caller, partial(ask, request=request))
        yield page.rows
        more = page.has_next_page
        request = PageRequest(ROWS_AT_ONCE, audit_entries.NEWEST_FIRST.key(page.rows[-1]) if more else None)


async def _answer(caller: Caller, question: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
    """What the database answers, asked by a task of its own.

    Whoever streams to a client that has gone is cancelled over and over until it is done, which leaves the driver no
    time to tell the server. A task that is cancelled once has it.
    """
    asking = asyncio.ensure_future(caller.database.answer(question))
    try:
        return await asyncio.shield(asking)
    except asyncio.CancelledError:
        asking.cancel()
        raise
