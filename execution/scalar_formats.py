"""The texts of instants and durations, in both directions."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from graphql import GraphQLError

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)")
_WEEKS = re.compile(r"P(\d{1,4})W")
_TO_SECONDS = len("2026-08-01T09:00:00")
_TO_MILLISECONDS = len("2026-08-01T09:00:00.123")


def bad_input(message: str) -> GraphQLError:
    """The error of a value that cannot be read."""
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def format_instant(value: datetime) -> str:
    """An instant in UTC with milliseconds: `2026-08-01T09:00:00.123Z`."""
    text: str = msgspec.to_builtins(value.astimezone(UTC))  # in a third of the time that isoformat() takes
    return f"{text[:_TO_MILLISECONDS]}Z" if "." in text else f"{text[:-1]}.000Z"


def format_instants(values: Sequence[datetime]) -> list[str]:
    """The same for each of many, in half of the time: nearly all are in UTC already, and have a fraction."""
    texts: list[str] = msgspec.to_builtins(values)
    return [
        f"{text[:_TO_MILLISECONDS]}Z" if text[_TO_SECONDS] == "." and text[-1] == "Z" else format_instant(value)
        for value, text in zip(values, texts, strict=True)
    ]


def parse_instant(value: object) -> datetime:
    """The instant that a text of RFC 3339 means. GraphQLError."""
    if isinstance(value, str) and _RFC3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise bad_input("A DateTime is RFC 3339 with an offset, like 2026-08-01T09:00:00Z.")


def parse_duration(value: object) -> timedelta:
    """The length of time that a text of ISO 8601 means. GraphQLError."""
    weeks = _WEEKS.fullmatch(str(value))
    if weeks is not None:
        return timedelta(weeks=int(weeks[1]))
    try:
        return msgspec.convert(value, timedelta)
    except (msgspec.ValidationError, OverflowError) as error:
        raise bad_input(
            "A Duration is ISO 8601 in weeks, days, hours, minutes and seconds, like P7D or PT1H30M."
        ) from error


def format_duration(value: timedelta) -> str:
    """A length of time of whole seconds in ISO 8601: `P1DT2H30M`; that of none is `PT0S`."""
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if number)
    days = f"{value.days}D" if value.days else ""
    return f"P{days}" + (f"T{clock}" if clock else "" if days else "T0S")
