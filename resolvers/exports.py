"""Exports: everything that the viewer may read, as a stream that never holds more than one page of it.

Each page is read by a statement, a connection and a snapshot of its own, and only after the one before was sent: a slow
reader holds no connection, and no export is a long transaction for the database.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from auth.quotas import Quota, QuotaPolicy
from auth.tokens import AccessClaims, AccessToken
from core.audit import AuditAction
from core.events import ANONYMOUS
from core.limits import GOALS, TEAMS
from core.token_scopes import TokenScope
from db.keyset import PageRequest
from db.queries import audit_entries, behaviors, extension_users, goals, organizations, rejected_events, teams
from db.queries.audit_entries import AuditEntryRow, NewEntry
from db.queries.behaviors import BehaviorRow, Walk
from db.queries.extension_users import ExtensionUserConditions, ExtensionUserRow
from db.queries.filters import EventFilter
from db.queries.goals import GoalRow
from db.queries.organizations import OrganizationRow
from db.queries.rejected_events import RejectedEventRow
from db.queries.teams import TeamRow
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.extension_users import managed

PREFIX = "/api/v1/exports"
ROWS_AT_ONCE = 500
"""Few enough that encoding them blocks the event loop for some milliseconds only."""
PEOPLE_AT_ONCE = 500
_WAIT_SECONDS = 60.0
"""The longest wait of a page for its turn: other requests of the viewer should not break off their download."""
PLACE_WAIT_SECONDS = 4.0
"""The longest wait of a download for its place: less than the timeout of a request."""

_TOO_MANY = "Too many exports. Please wait before you begin another."

ExportPage = TypeVar("ExportPage")
Answer = TypeVar("Answer")

PersonRow = ExtensionUserRow | OrganizationRow | TeamRow | GoalRow | BehaviorRow | RejectedEventRow | AuditEntryRow


@dataclass(frozen=True, slots=True)
class EventExport:
    """The events to export: of a period (None: without a bound), and admitted by a filter."""

    start: datetime | None
    end: datetime | None
    where: EventFilter

    @property
    def walk(self) -> Walk:
        """The walk through each person's events."""
        return Walk(self.start, self.end, self.where)


@dataclass(frozen=True, slots=True)
class ExportedEvent:
    """An event and its person; None for an anonymous event."""

    person: ExtensionUserRow | None
    event: BehaviorRow


def resource(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Return a download's path and query, for which a ticket is issued."""
    return f"{PREFIX}{path}?{urlencode(parameters)}" if parameters else f"{PREFIX}{path}"


def ticket(caller: Caller, of: str) -> AccessToken:
    """Return a ticket for a download that the caller begins in the next minutes."""
    viewer = caller.viewer
    return caller.services.tokens.issue_ticket(AccessClaims(viewer.user_id, viewer.credential_id), of)


async def begin_behaviors(caller: Caller, export: EventExport, file_format: str) -> AsyncIterator[list[ExportedEvent]]:
    """Export events that the caller may read, recorded in the log of each organization concerned. TooManyAttempts."""
    await count_begun(caller)
    where, viewer = export.where, caller.viewer
    details = {
        "format": file_format,
        "from": None if export.start is None else export.start.isoformat(),
        "to": None if export.end is None else export.end.isoformat(),
    }
    async with caller.database.write() as db:
        entry = NewEntry(AuditAction.BEHAVIORS_EXPORTED, viewer.user_id, details=details, token_id=viewer.token_id)
        await audit_entries.add_for_each(db, viewer.readable, where.organization_ids, entry)
    return await begun(_behaviors(caller, export))


async def begin_person(caller: Caller, extension_user_id: UUID | None) -> AsyncIterator[Sequence[PersonRow]]:
    """Export everything held on a person. NotFound, Forbidden, TooManyAttempts."""
    person = await managed(caller, extension_user_id)
    await count_begun(caller)
    async with caller.database.write() as db:
        action, organization_id = AuditAction.EXTENSION_USER_EXPORTED, person.organization_id
        await record_audit_entry(db, caller.viewer, action, organization_id=organization_id, subject_id=person.id)
    return await begun(_person(caller, person))


@asynccontextmanager
async def under_way(caller: Caller) -> AsyncIterator[None]:
    """Hold a place among the exports under way for as long as a download is sent. Unavailable if there is none.

    Each holds a page in memory for a client that reads as slowly as it likes.
    """
    limit = caller.services.export_limit
    place = await limit.acquire(caller.viewer, PLACE_WAIT_SECONDS)
    policy = QuotaPolicy("exports-under-way", limit.per_viewer, unit="concurrent-requests")
    caller.quotas.append(Quota(policy, limit.left_to(caller.viewer)))
    try:
        yield
    finally:
        limit.release(place)


async def count_begun(caller: Caller) -> None:
    """Count an export that the caller begins. TooManyAttempts; Forbidden for an API token without the scope."""
    caller.viewer.require_scopes([TokenScope.EXPORT])
    throttle, account = caller.services.throttles.exports_per_account, caller.viewer.user_id.hex
    try:
        await throttle.attempt(account, _TOO_MANY)
    finally:
        caller.quotas.extend(await throttle.quota(account))


async def begun(pages: AsyncIterator[ExportPage]) -> AsyncIterator[ExportPage]:
    """Return the pages after reading the first one, so that errors are raised before anything is sent."""
    first = await anext(pages, None)

    async def all_pages() -> AsyncIterator[ExportPage]:
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
    """Yield the people whose events are exported; first None if anonymous events are among them."""
    scope, organization_ids, user_ids = caller.viewer.readable, where.organization_ids, where.extension_user_ids
    if scope.is_everything and (organization_ids, user_ids, where.team_ids) == (None, None, None):
        yield None
    chosen = ExtensionUserConditions(
        organization_ids=None if organization_ids is None else frozenset(organization_ids),
        team_ids=None if where.team_ids is None else frozenset(where.team_ids),
    )
    ask = partial(extension_users.next_by_id, scope=scope, where=chosen, ids=user_ids)
    after, more = UUID(int=0), True
    while more:
        people = await answer(caller, partial(ask, after=after, limit=PEOPLE_AT_ONCE))
        for person in people:
            yield person
            after = person.id
        more = len(people) == PEOPLE_AT_ONCE


async def _events(caller: Caller, user_id: UUID, walk: Walk) -> AsyncIterator[list[BehaviorRow]]:
    """Yield a person's events, stretch by stretch; a stretch without a matching event is an empty page."""
    ask = partial(behaviors.stretch, scope=caller.viewer.readable, user_id=user_id, walk=walk)
    place, more = None, True
    while more:
        stretch = await answer(caller, partial(ask, place=place, limit=ROWS_AT_ONCE))
        yield stretch.rows
        place, more = stretch.place, stretch.place is not None


async def _person(caller: Caller, person: ExtensionUserRow) -> AsyncIterator[Sequence[PersonRow]]:
    scope, organization_id = caller.viewer.manageable, person.organization_id
    yield [person]
    found = await answer(caller, partial(organizations.by_ids, scope=scope, ids=[organization_id]))
    yield list(found.values())
    of_person = partial(teams.pages_by_person, scope=scope, user_ids=[person.id], request=PageRequest(TEAMS))
    yield (await answer(caller, of_person))[person.id].rows
    goals_of_person = partial(goals.pages_by_person, scope=scope, user_ids=[person.id], request=PageRequest(GOALS))
    yield (await answer(caller, goals_of_person))[person.id].rows
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
        rows = await answer(caller, partial(ask, after=after, limit=ROWS_AT_ONCE))
        yield rows
        after, more = rows[-1].id if rows else 0, len(rows) == ROWS_AT_ONCE


async def _entries(caller: Caller, user_id: UUID) -> AsyncIterator[Sequence[AuditEntryRow]]:
    ask = partial(audit_entries.page_of_subject, scope=caller.viewer.manageable, subject_id=user_id)
    request, more = PageRequest(ROWS_AT_ONCE), True
    while more:
        page = await answer(caller, partial(ask, request=request))
        yield page.rows
        more = page.has_next_page
        request = PageRequest(ROWS_AT_ONCE, audit_entries.NEWEST_FIRST.key(page.rows[-1]) if more else None)


async def answer(caller: Caller, question: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
    """Return the database's answer, read by a task of its own.

    A stream to a client that has gone is cancelled again and again until it ends, which leaves the driver no time to
    cancel the statement on the server. A task of its own is cancelled once.
    """
    asking = asyncio.ensure_future(caller.database.answer(question, _WAIT_SECONDS))
    try:
        return await asyncio.shield(asking)
    except asyncio.CancelledError:
        asking.cancel()
        raise
