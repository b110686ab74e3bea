"""The scalars, in both directions. A value that cannot be read is refused with a message that shows a valid one."""

import re
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import NewType
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import strawberry
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from execution.scalar_formats import bad_input, format_duration, format_instant, parse_duration, parse_instant

BigInt = NewType("BigInt", int)

_LARGEST = 2**53 - 1


def _parse_uuid(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise bad_input("A UUID looks like 123e4567-e89b-12d3-a456-426614174000.") from error


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
"""The one form of RFC 3339; Python reads other forms of ISO 8601, too."""


def _parse_date(value: object) -> date:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise bad_input("A Date is a day that there is, like 2026-08-01.")


_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


def _parse_time(value: object) -> time:
    if isinstance(value, str) and _TIME.fullmatch(value):
        return time.fromisoformat(value)
    raise bad_input("A Time is a time of the day in hours and minutes, like 22:00.")


def _format_time(value: time) -> str:
    return value.isoformat("minutes")


def _parse_big_int(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST:
        return value
    raise bad_input("A BigInt is a whole number of at most 2^53-1.")


_NO_ZONES = frozenset({"Factory", "localtime", "posixrules"})
_COPIES = ("posix/", "right/")


@cache
def _zone_names() -> frozenset[str]:
    """The names of zones, without the files beside them: the machine's own zone, templates, copies."""
    return frozenset(name for name in available_timezones() - _NO_ZONES if not name.startswith(_COPIES))


def _parse_zone(value: object) -> ZoneInfo:
    if not isinstance(value, str) or value not in _zone_names():
        raise bad_input("A TimeZone is a name of the IANA database, like Europe/Berlin or UTC.")
    return ZoneInfo(value)


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant, RFC 3339. Written in UTC with milliseconds: `2026-08-01T09:00:00.123Z`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=format_instant,
        parse_value=parse_instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day of the calendar, without a time zone: `2026-08-01`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=date.isoformat,
        parse_value=_parse_date,
    ),
    time: strawberry.scalar(
        name="Time",
        description="A time of the day, by the clock of a time zone: `22:00`.",
        serialize=_format_time,
        parse_value=_parse_time,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any value of JSON, as it was given.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="A UUID in its usual form, in lower case.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc9562",
        serialize=str,
        parse_value=_parse_uuid,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number, exact up to 2^53-1: counts outgrow Int.",
        serialize=int,
        parse_value=_parse_big_int,
    ),
    ZoneInfo: strawberry.scalar(
        name="TimeZone",
        description="A time zone, by its name in the IANA database: `Europe/Berlin`.",
        specified_by_url="https://www.iana.org/time-zones",
        serialize=str,
        parse_value=_parse_zone,
    ),
    timedelta: strawberry.scalar(
        name="Duration",
        description="A length of time, ISO 8601 without years and months: `P7D`, `PT1H`.",
        specified_by_url="https://www.iso.org/iso-8601-date-and-time-format.html",
        serialize=format_duration,
        parse_value=parse_duration,
    ),
}
