"""Browsing events: members read their organizations', admins may delete one, super admins see anonymous ones too."""

from uuid import UUID

from core.audit import AuditAction
from core.errors import InvalidInput, NotFound
from core.ids import BehaviorKey
from core.limits import BEHAVIORS_PAGE
from core.periods import TimeRange
from db.keyset import Ordering
from db.queries import behavior_pages, behaviors
from db.queries.behavior_pages import BehaviorQuery
from db.queries.behaviors import BehaviorRow
from db.queries.filters import EventFilter
from resolvers import extension_users
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.pages import ConnectionRow, TwoWay, two_way

DEFAULT_PAGE = 50


async def behavior(caller: Caller, key: BehaviorKey) -> BehaviorRow | None:
    """Return an event that the viewer may read; None if there is none."""
    return await caller.batches.load(behaviors.by_keys, key)


async def list_page(
    caller: Caller, time_range: TimeRange | None, where: EventFilter, ordering: Ordering[BehaviorRow], place: TwoWay
) -> ConnectionRow[BehaviorRow]:
    """Return a page of the events that the viewer may read."""
    query = _query(time_range, where, ordering, place)
    page = await caller.database.answer(lambda db: behavior_pages.page(db, caller.viewer.readable, query))
    return ConnectionRow(page)


async def of_user(
    caller: Caller,
    user_id: UUID,
    time_range: TimeRange | None,
    where: EventFilter,
    ordering: Ordering[BehaviorRow],
    place: TwoWay,
) -> ConnectionRow[BehaviorRow]:
    """Return a page of a person's events."""
    query = _query(time_range, where, ordering, place)
    page = await caller.batches.load(behavior_pages.pages_by_user, user_id, query)
    assert page is not None  # noqa: S101 - the query answers for every person it is asked about
    return ConnectionRow(page)


async def delete(caller: Caller, key: BehaviorKey | None) -> BehaviorKey:
    """Delete an event; return its key. NotFound, Forbidden."""
    if key is None or await behavior(caller, key) is None:
        raise NotFound("There is no such behavior.")
    person = await extension_users.extension_user(caller, key.user_id)
    if person is None:  # an anonymous event, which only super admins may read
        caller.viewer.require_super_admin()
    else:
        caller.viewer.require_management_of(person.organization_id)
    async with caller.database.write() as db:
        if not await behaviors.remove(db, key):
            raise NotFound("There is no such behavior.")
        organization_id = None if person is None else person.organization_id
        subject_id = None if person is None else person.id
        action = AuditAction.BEHAVIOR_DELETED
        await record_audit_entry(db, caller.viewer, action, organization_id=organization_id, subject_id=subject_id)
    return key


def _query(
    time_range: TimeRange | None, where: EventFilter, ordering: Ordering[BehaviorRow], place: TwoWay
) -> BehaviorQuery:
    if (where.needs_categories or where.needs_sites) and time_range is None:
        raise InvalidInput(
            "A filter with `categories` or `site` needs a `period`: name the time to look at, too.", "where"
        )
    request = two_way(ordering.parse, place, default=DEFAULT_PAGE, most=BEHAVIORS_PAGE)
    return BehaviorQuery(time_range, where, ordering, request)
