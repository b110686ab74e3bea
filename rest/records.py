"""The formats of exports: lines of JSON, and CSV."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from db.queries.audit_entries import AuditEntryRow
from db.queries.behaviors import BehaviorRow
from db.queries.extension_users import ExtensionUserRow
from db.queries.goals import GoalRow
from db.queries.organizations import OrganizationRow
from db.queries.rejected_events import RejectedEventRow
from db.queries.teams import TeamRow
from resolvers.exports import ExportedEvent, PersonRow

COLUMNS = (
    "id", "ts", "type", "url", "domain", "sessionId", "x", "y", "receivedAt", "extensionUserId", "username",
    "organizationId",
)  # fmt: skip
BYTE_ORDER_MARK = "\ufeff".encode()
"""By which spreadsheets tell that a CSV is in UTF-8."""
_INVISIBLE = r"\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_FORMULA = re.compile(rf"[\t\r\n]|[{_INVISIBLE}]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""A beginning that a spreadsheet may take for that of a formula (OWASP, CSV Injection): one of four signs, full-width
ones included, after whatever space and control characters it may drop; or a tab or line break."""


def event_record(exported: ExportedEvent) -> dict[str, Any]:
    """Return an exported event's members, in the order of `COLUMNS`."""
    person = exported.person
    return _behavior(exported.event) | {
        "extensionUserId": None if person is None else str(person.id),
        "username": None if person is None else person.username,
        "organizationId": None if person is None else str(person.organization_id),
    }


def person_records(row: PersonRow) -> list[dict[str, Any]]:
    """Return the records of a person's row; `kind` names the type. Of an API key only the prefix is exported."""
    if isinstance(row, ExtensionUserRow):
        return [{"kind": "extensionUser", **_extension_user(row)}, {"kind": "apiKey", **_api_key(row)}]
    kind, record_of = _OF_PERSON[type(row)]
    return [{"kind": kind, **record_of(row)}]


def lines(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a line of JSON for each record."""
    return b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)


def csv_rows(rows: Iterable[Iterable[object]]) -> bytes:
    """Return rows of CSV (RFC 4180) in UTF-8.

    A text that a spreadsheet may read as a formula is prefixed with an apostrophe, since clients choose the urls.
    """
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _named(row: OrganizationRow | TeamRow) -> dict[str, Any]:
    return {"id": str(row.id), "name": row.name}


def _behavior(row: BehaviorRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "ts": _instant(row.ts),
        "type": row.type.wire,
        "url": row.url,
        "domain": row.domain,
        "sessionId": row.session_id,
        "x": row.x,
        "y": row.y,
        "receivedAt": _instant(row.received_at),
    }


def _extension_user(row: ExtensionUserRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "organizationId": str(row.organization_id),
        "username": row.username,
        "isActive": row.is_active,
        "createdAt": _instant(row.created_at),
        "updatedAt": _instant(row.updated_at),
    }


def _api_key(row: ExtensionUserRow) -> dict[str, Any]:
    return {
        "prefix": row.api_key_prefix,
        "lastUsedAt": _instant(row.last_used_at),
        "lastKeylessEventAt": _instant(row.last_keyless_event_at),
        "clockSkewSeconds": row.clock_skew_seconds,
    }


def _goal(row: GoalRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "measure": row.measure,
        "where": row.conditions,
        "every": row.interval.value,
        "atLeast": row.at_least,
        "atMost": row.at_most,
        "weekdays": row.weekdays,
        "timezone": row.timezone.key,
        "createdAt": _instant(row.created_at),
        "updatedAt": _instant(row.updated_at),
    }


def _rejected_event(row: RejectedEventRow) -> dict[str, Any]:
    return {
        "receivedAt": _instant(row.received_at),
        "code": row.code,
        "message": row.message,
        "payload": row.payload,
    }


def _audit_entry(row: AuditEntryRow) -> dict[str, Any]:
    return {
        "at": _instant(row.at),
        "action": row.action.value,
        "actorId": None if row.actor_id is None else str(row.actor_id),
        "details": row.details,
    }


_OF_PERSON: dict[type, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    OrganizationRow: ("organization", _named),
    TeamRow: ("team", _named),
    GoalRow: ("goal", _goal),
    BehaviorRow: ("behavior", _behavior),
    RejectedEventRow: ("rejectedEvent", _rejected_event),
    AuditEntryRow: ("auditEntry", _audit_entry),
}
"""The kind of each row that is held on a person, and the function that makes its record."""
