"""Classifying the old service's events one by one: taken, refused, sent twice, or of somebody deleted here."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core.clock import now
from core.events import ANONYMOUS, EventRejected, EventRules, RawEvent, payload_text
from core.identity import OccurrenceCounter, id_from
from legacy.event_queries import RefusedEvent, TakenEvent
from legacy.people import People
from legacy.reader import DayOfEvents
from legacy.translation import raw_event


@dataclass
class EventPage:
    """The events of one transaction, and the counts that the report will have of them."""

    rows: int = 0
    taken: list[TakenEvent] = field(default_factory=list)
    refused: list[RefusedEvent] = field(default_factory=list)
    finished: list[DayOfEvents] = field(default_factory=list)
    sent_twice: int = 0
    deleted_here: int = 0
    zero_user: int = 0
    named_only: int = 0

    def people(self) -> set[UUID]:
        """The people whose events are in it."""
        refused = {event.user_id for event in self.refused if event.user_id is not None}
        return {event.user_id for event in self.taken} - {ANONYMOUS} | refused

    def leave_out_all_but(self, people: Collection[UUID]) -> None:
        """Leave out the events of all but these people: the others have been deleted meanwhile."""
        before = len(self.taken) + len(self.refused)
        self.taken = [event for event in self.taken if event.user_id in people or event.user_id == ANONYMOUS]
        self.refused = [event for event in self.refused if event.user_id in people or event.user_id is None]
        self.deleted_here += before - len(self.taken) - len(self.refused)


class Sorter:
    """Makes pages of rows. Remembers one instant's events, to tell equal ones apart."""

    def __init__(self, people: People, rules: EventRules) -> None:
        self.page = EventPage()
        self._people = people
        self._rules = rules
        self._now = now()
        self._instant = ""
        self._requests: dict[datetime | None, OccurrenceCounter] = {}
        self._ids: set[UUID] = set()

    def add(self, row: Any) -> bool:
        """Put a row into the page; False when it breaks a rule."""
        row_id, session_id, ts, kind, url, old_user_id, named, x, y, stored_at = row
        page = self.page
        page.rows += 1
        user_id = ANONYMOUS if old_user_id is None else self._people.ids.get(old_user_id, ANONYMOUS)
        if user_id in self._people.deleted:
            page.deleted_here += 1
            return True
        raw = raw_event(session_id, ts, kind, url, x, y)
        try:
            event = self._rules.check(raw, self._now)
        except EventRejected as rejected:
            page.refused.append(_refused(row_id, raw, rejected, user_id))
            return False
        if user_id == ANONYMOUS:
            page.zero_user += old_user_id is not None
            page.named_only += old_user_id is None and named
        if ts != self._instant:
            self._instant, self._requests, self._ids = ts, {}, set()
        event_id = self._requests.setdefault(stored_at, OccurrenceCounter()).id_of(user_id, event)
        if event_id in self._ids:
            page.sent_twice += 1
            return True
        self._ids.add(event_id)
        page.taken.append(
            TakenEvent(
                user_id,
                event.ts,
                event_id,
                stored_at or event.ts,
                event.type.value,
                event.x,
                event.y,
                event.session_id,
                event.url,
                event.domain,
            )
        )
        return True

    def take_page(self) -> EventPage:
        """Return the page so far and begin another."""
        page, self.page = self.page, EventPage()
        return page


def _refused(row_id: object, raw: RawEvent, rejected: EventRejected, user_id: UUID) -> RefusedEvent:
    members = {
        "legacyId": str(row_id),
        "userId": None if user_id == ANONYMOUS else str(user_id),
        "sessionId": raw.session_id,
        "ts": raw.ts,
        "type": raw.type,
        "url": raw.url,
        "x": raw.x,
        "y": raw.y,
    }
    payload = payload_text(members)
    key = id_from(payload)
    return RefusedEvent(
        key, None if user_id == ANONYMOUS else user_id, rejected.code.value, rejected.message(), payload
    )
