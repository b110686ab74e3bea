"""Rows of the service before this one, translated: names, roles and password hashes, made fit to be kept."""

import re

from core.events import RawEvent
from core.limits import DESCRIPTION_CHARACTERS, NAME_CHARACTERS
from core.names import composed, is_allowed, normalized_name
from core.roles import Role

_BCRYPT = re.compile(r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}")
_WHOLE_MILLISECONDS = "000Z"


def usable_name(text: str | None, fallback: str) -> str:
    """A name as we keep them: of allowed characters, composed, not too long; `fallback` where nothing is left."""
    name = composed("".join(filter(is_allowed, text or "")))[:NAME_CHARACTERS].strip()
    return name if normalized_name(name) else fallback


def usable_description(text: str | None) -> str | None:
    """A description as we keep them: without surrounding space, not too long."""
    return None if text is None else text.strip()[:DESCRIPTION_CHARACTERS].strip()


def numbered(name: str, number: int) -> str:
    """The name to try when it is taken: `ada`, `ada (2)`, `ada (3)`; never longer than a name may be."""
    if number == 1:
        return name
    suffix = f" ({number})"
    return name[: NAME_CHARACTERS - len(suffix)] + suffix


def role_of(text: str | None) -> Role | None:
    """The role of that name, whatever its case; None for one that we do not have."""
    try:
        return Role((text or "").strip().lower())
    except ValueError:
        return None


def is_password_hash(text: str) -> bool:
    """True for a bcrypt hash. Anything else (a password in the clear, say) is not kept."""
    return _BCRYPT.fullmatch(text) is not None


def as_sent(ts: str) -> str:
    """A time to the microsecond (`…00.123000Z`) as the extension wrote it: to the millisecond, where it is whole.

    What is refused is kept so, and known by its text when it comes again.
    """
    return ts[: -len(_WHOLE_MILLISECONDS)] + "Z" if ts.endswith(_WHOLE_MILLISECONDS) else ts


def raw_event(session_id: str | None, ts: str, kind: str | None, url: str | None, x: object, y: object) -> RawEvent:
    """The event that a row holds, as the extension would have sent it."""
    return RawEvent(session_id or "", as_sent(ts), kind or "", url, None, _pixel(x), _pixel(y))


def _pixel(value: object) -> int | None:
    """Return a coordinate, rounded; None for a value that is no number."""
    if value is None or type(value) is int:
        return value
    try:
        return round(float(str(value)))
    except (ValueError, OverflowError):
        return None
