"""The rules one browsing event must meet, whichever route it comes by.

`EventRules.check` turns the members a client sent into an `Event` fit for storage, or raises `EventRejected` with a
code and a message for the client. The rules never look at the event's neighbours or at the database.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from core import limits
from core.domains import domain_of
from core.event_types import BY_WIRE_NAME, EventType
from core.long_urls import truncated_url

REJECTED_CHARACTERS = 4096
"""How much is kept of an event that was rejected."""

REJECTED_DEPTH = 32
"""How deep lists and objects are kept of it; deeper ones are left out."""
_LEFT_OUT = "…"

ANONYMOUS = UUID(int=0)
"""Stands in `user_id` for events that name no person."""

_UTF8_BYTES = 4
"""How many a character takes at the most."""
TIMESTAMP_FORM = "RFC 3339 with an offset, like 2026-08-01T09:00:00.123Z"
_USUAL_CHARACTERS = len("2026-08-01T09:00:00.123Z")
"""As JavaScript writes an instant. msgspec reads it in a third of the time that we take to read whatever is allowed."""
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")

_NAMED_USER = re.compile(r'"userId": "([0-9A-Fa-f-]{32,36})"')
_UUID_DIGITS = 32


class RejectionCode(StrEnum):
    """Why one event of a request was not stored."""

    INVALID_EVENT = "invalid_event"
    INVALID_TYPE = "invalid_type"
    INVALID_TIMESTAMP = "invalid_timestamp"
    TOO_LARGE = "too_large"
    UNKNOWN_USER = "unknown_user"
    INACTIVE_USER = "inactive_user"
    USER_MISMATCH = "user_mismatch"
    OVER_QUOTA = "over_quota"


class EventRejected(ValueError):
    """One event breaks a rule.

    `problem` and `detail` make the message, `problem: detail`; the two are apart because a client of the batch route
    that loses every event is told the place in between: `invalid event type at index 0: foo`.
    """

    def __init__(self, code: RejectionCode, problem: str, detail: str | None = None) -> None:
        self.code = code
        self.problem = problem
        self.detail = detail
        super().__init__(self.message())

    def message(self, index: int | None = None) -> str:
        """The sentence for the client, naming the event's place when `index` is given."""
        place = "" if index is None else f" at index {index}"
        return f"{self.problem}{place}" + ("" if self.detail is None else f": {self.detail}")


class RawEvent(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An event's members as the client sent them, of the right JSON types and not yet checked further.

    Decoded straight from the wire (`sessionId`, `userId`, …); members not named here are ignored, the pressed key
    among them.
    """

    session_id: str
    ts: str
    type: str
    url: str | None = None
    user_id: UUID | None = None
    x: int | None = None
    y: int | None = None
    event_id: str | None = None


class Event(msgspec.Struct, frozen=True, gc=False):
    """An event that meets every rule. `ts` is in UTC; `raw` is what its identity is derived from.

    `url_truncated`: the url was too long, and its tail was cut off.

    (A struct is made in a fraction of a dataclass's time; without cycles, it is nothing for the garbage collector.)
    """

    session_id: str
    ts: datetime
    type: EventType
    url: str
    domain: str | None
    x: int | None
    y: int | None
    raw: RawEvent
    url_truncated: bool = False


@dataclass(frozen=True, slots=True)
class EventRules:
    """The rules that settings decide: how far from the server's clock an event's `ts` may lie."""

    ahead: timedelta = timedelta(hours=24)
    behind: timedelta = timedelta(days=5 * 365 + 1)

    def check(self, raw: RawEvent, now: datetime) -> Event:
        """Return the event to store, or raise EventRejected."""
        url = raw.url or ""
        is_usual = _is_usual(raw, url)
        if not is_usual:
            _check_ids(raw)
        ts = self._timestamp(raw.ts, now)
        kind = BY_WIRE_NAME.get(raw.type)
        if kind is None:
            raise EventRejected(RejectionCode.INVALID_TYPE, "invalid event type", _shown(raw.type))
        x, y = raw.x, raw.y
        if x is not None or y is not None:
            x, y = usable_coordinate(x), usable_coordinate(y)
        if is_usual:
            return Event(raw.session_id, ts, kind, url, domain_of(url), x, y, raw)
        _check_storable("url", url)
        kept = truncated_url(url) if len(url) * _UTF8_BYTES > limits.URL_BYTES else url
        return Event(raw.session_id, ts, kind, kept, _domain(url, kept), x, y, raw, kept != url)

    def _timestamp(self, text: str, now: datetime) -> datetime:
        ts = parse_timestamp(text)
        if -self.behind <= ts - now <= self.ahead:
            return ts
        tense = "future" if ts > now else "past"
        raise EventRejected(
            RejectionCode.INVALID_TIMESTAMP, "invalid timestamp", f"{_shown(text)} is too far in the {tense}"
        )


def parse_timestamp(text: str) -> datetime:
    """Return the instant that a text writes as RFC 3339 with an offset, in UTC. EventRejected."""
    if not text:
        raise EventRejected(RejectionCode.INVALID_TIMESTAMP, "ts is required")
    if len(text) == _USUAL_CHARACTERS and text[-1] == "Z" and text.isascii():
        try:
            return msgspec.convert(text, datetime)
        except msgspec.ValidationError:
            pass  # what is wrong is told below
    if not _RFC3339.fullmatch(text):
        raise EventRejected(
            RejectionCode.INVALID_TIMESTAMP,
            "invalid timestamp",
            f"{_shown(text)} is not {TIMESTAMP_FORM}",
        )
    try:
        ts = datetime.fromisoformat(text.upper())
        return ts if ts.tzinfo is UTC else ts.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise EventRejected(
            RejectionCode.INVALID_TIMESTAMP, "invalid timestamp", f"{_shown(text)} is no date and time"
        ) from error


def _is_usual(raw: RawEvent, url: str) -> bool:
    """True if all texts are plain ASCII of usual length, so that no rule can refuse them."""
    texts = raw.session_id + url
    return (
        raw.event_id is None
        and raw.session_id != ""
        and len(texts) <= limits.SESSION_ID_CHARACTERS
        and texts.isascii()
        and "\0" not in texts
    )


def _check_ids(raw: RawEvent) -> None:
    _check_text("sessionId", raw.session_id, limits.SESSION_ID_CHARACTERS)
    if not raw.session_id:
        raise EventRejected(RejectionCode.INVALID_EVENT, "sessionId is required")
    if raw.event_id is not None:
        _check_text("eventId", raw.event_id, limits.EVENT_ID_CHARACTERS)


def _domain(url: str, kept: str) -> str | None:
    """Return the domain of a whole url, of which `kept` is stored; one that is too long itself is cut with the url."""
    domain = domain_of(url)
    return domain if domain is None or len(domain) <= len(kept) else domain_of(kept)


def _check_text(name: str, text: str, longest: int) -> None:
    _check_storable(name, text)
    if len(text) > longest:
        raise EventRejected(RejectionCode.INVALID_EVENT, f"{name} is too long", f"at most {longest} characters")


def usable_coordinate(value: int | None) -> int | None:
    """Return a coordinate; None for one out of range, which must not cost the event."""
    return value if value is not None and 0 <= value <= limits.COORDINATE_MAXIMUM else None


def _check_storable(name: str, text: str) -> None:
    """PostgreSQL's text holds neither NUL nor lone surrogates; one such value would fail the whole statement."""
    if "\0" in text:
        raise EventRejected(RejectionCode.INVALID_EVENT, f"{name} contains a NUL character")
    if text.isascii():  # known of each string without looking at it
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise EventRejected(RejectionCode.INVALID_EVENT, f"{name} contains a lone surrogate") from error


def _shown(text: str) -> str:
    """A client's value as an error message may repeat it: short, and encodable whatever it held."""
    text = text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text if len(text) <= 64 else text[:64] + "…"  # noqa: PLR2004


def user_named_in(payload: str) -> UUID | None:
    """The person whom the text of a rejected event names: the first `userId` in it that is a UUID, however written."""
    found = _NAMED_USER.search(payload)
    digits = "" if found is None else found[1].replace("-", "")
    return UUID(hex=digits) if len(digits) == _UUID_DIGITS else None


def as_sent(raw: RawEvent) -> str:
    """An event as its client sent it, as JSON that can be kept."""
    return payload_text(msgspec.to_builtins(raw))


def payload_text(members: object) -> str:
    """A rejected event's members as text that PostgreSQL can hold whatever they are, cut to a few KiB.

    What is beyond is left out before anything is written.
    """
    return json.dumps(_Excerpt().of(members), default=str)[:REJECTED_CHARACTERS]


class _Excerpt:
    """Copies as much of some JSON as fills the text that is kept; `room` is how many characters of it are missing."""

    def __init__(self) -> None:
        self.room = REJECTED_CHARACTERS

    def of(self, value: object, depth: int = 0) -> object:
        """Return the part of a value for which there is room. Each character takes one at least, each value, too."""
        if isinstance(value, str):
            kept = value[: max(self.room, 0)]
            self.room -= len(kept) + 1
            return kept
        self.room -= 1
        if isinstance(value, dict | list) and value and depth == REJECTED_DEPTH:
            return _LEFT_OUT
        if isinstance(value, dict):
            return {self.of(name): self.of(each, depth + 1) for name, each in value.items() if self.room > 0}
        if isinstance(value, list):
            return [self.of(each, depth + 1) for each in value if self.room > 0]
        return value
