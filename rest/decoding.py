"""Decodes a request's body into candidate events, so that a bad event does not affect the others.

A body whose events all have the right members and types is decoded in one step into `RawEvent`s. Any other is parsed by
the standard library's lenient parser (which also reads NaN and lone surrogates) and converted event by event, so that
each bad event is refused alone, with a message of its own. That takes a hundred times as long, and memory for
each value, members included that are ignored: so first the values are counted.

The member `apiKey` beside the events (or among the members of a single one) is the API key of a client that can set no
header. It is part of no event, so it is neither stored nor kept with a rejected one.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Sequence
from types import NoneType
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from core.deep_json import without_deep_values
from core.errors import InvalidInput
from core.events import TIMESTAMP_FORM, EventRejected, RawEvent, RejectionCode, payload_text
from core.limits import EVENTS_PER_BATCH, VALUES_PER_REQUEST
from resolvers.ingestion import Candidate, RefusedCandidate

T = TypeVar("T")

_NOT_JSON = "invalid request body: not valid JSON"
_TOO_MANY_VALUES = (
    f"invalid request body: more than {VALUES_PER_REQUEST} values, and not every event has the right members; send "
    "fewer events at once, and only the members that events have"
)
_LONGEST_NUMBER = 20
_QUOTES_OF_A_VALUE = 4
"""Those of a text, and those of the member's name."""
_OUT_OF_RANGE = -1
_NO_KEY = "?"
"""Stands for an API key that is no text: nobody's key."""


class Decoded(NamedTuple, Generic[T]):
    """The content of a body: an event or several, the API key, if it has one, and what stands under `sentAt`."""

    content: T
    api_key: str | None
    sent_at: object = None


class _Batch(msgspec.Struct, rename="camel"):
    events: list[RawEvent]
    api_key: str | None = None
    sent_at: Any = None


class _BesideEvent(msgspec.Struct, rename="camel"):
    """The members of a single event's body that are not the event's."""

    api_key: str | None = None
    sent_at: Any = None


_decode_event = msgspec.json.Decoder(RawEvent).decode
_decode_beside_event = msgspec.json.Decoder(_BesideEvent).decode
_decode_batch = msgspec.json.Decoder(_Batch).decode


def decode_event(body: bytes) -> Decoded[Candidate]:
    """Return the event of a single-event request. InvalidInput if the body is not a JSON object."""
    body = body.removeprefix(BOM_UTF8)
    try:
        beside = _decode_beside_event(body)
        return Decoded(_decode_event(body), beside.api_key, beside.sent_at)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        members, api_key = _parse(body)
    if not isinstance(members, dict):
        raise InvalidInput("invalid request body: an event is a JSON object")
    return Decoded(_converted(members), api_key, members.get("sentAt"))


def decode_batch(body: bytes) -> Decoded[Sequence[Candidate]]:
    """Return the events of a batch request. InvalidInput unless the body holds a list of 1 to 1000 events."""
    body = body.removeprefix(BOM_UTF8)
    try:
        batch = _decode_batch(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        members, api_key = _parse(body)
        events = _counted(_events_of(members))
        sent_at = members.get("sentAt") if isinstance(members, dict) else None
        return Decoded([_converted(event) for event in events], api_key, sent_at)
    return Decoded(_counted(batch.events), batch.api_key, batch.sent_at)


def _counted(events: Sequence[T]) -> Sequence[T]:
    """Return the events if a batch may have that many; checked before any of them is processed."""
    if not events:
        raise InvalidInput("no events provided")
    if len(events) > EVENTS_PER_BATCH:
        raise InvalidInput(f"too many events, maximum is {EVENTS_PER_BATCH}")
    return events


def _events_of(members: object) -> list[Any]:
    events = members.get("events") if isinstance(members, dict) else None
    if events is None:
        raise InvalidInput("invalid request body: events is required")
    if not isinstance(events, list):
        raise InvalidInput("invalid request body: events must be a list")
    return events


def _converted(members: object) -> Candidate:
    try:
        return msgspec.convert(_with_usable_coordinates(members), RawEvent)
    except msgspec.ValidationError as error:
        return RefusedCandidate(_rejection(str(error)), payload_text(members))


def _with_usable_coordinates(members: object) -> object:
    """Return an event's members with whole numbers as coordinates, if any: others must not cost the event.

    They become one that is out of range, which the rules of events leave out.
    """
    if not isinstance(members, dict):
        return members
    odd = [name for name in ("x", "y") if type(members.get(name)) not in {int, NoneType}]
    return members | dict.fromkeys(odd, _OUT_OF_RANGE) if odd else members


def _rejection(message: str) -> EventRejected:
    """Return msgspec's message in the words of the contract: `sessionId is required`, `invalid event: Expected …`."""
    missing = message.partition("missing required field `")[2] or message.partition("`str`, got `null` - at `$.")[2]
    name = missing.partition("`")[0]
    if name == "ts":
        return EventRejected(RejectionCode.INVALID_TIMESTAMP, "ts is required")
    if name == "type":
        return EventRejected(RejectionCode.INVALID_TYPE, "type is required")
    if name:
        return EventRejected(RejectionCode.INVALID_EVENT, f"{name} is required")
    if message.endswith("`$.ts`"):
        detail = f"ts must be a text in {TIMESTAMP_FORM}"
        return EventRejected(RejectionCode.INVALID_TIMESTAMP, "invalid timestamp", detail)
    return EventRejected(RejectionCode.INVALID_EVENT, "invalid event", message.replace("`$.", "`"))


def _parse(body: bytes) -> tuple[object, str | None]:
    """Return what JSON holds, without secrets, and its API key. InvalidInput."""
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")  # as `json.loads` would
    except UnicodeDecodeError as error:
        raise InvalidInput(_NOT_JSON) from error
    if _values(text) > VALUES_PER_REQUEST and _values_outside_texts(text) > VALUES_PER_REQUEST:
        raise InvalidInput(_TOO_MANY_VALUES)
    secrets = _Secrets()
    try:
        try:
            members = secrets.loads(text)
        except RecursionError:
            members = secrets.loads(without_deep_values(text))
    except ValueError as error:
        raise InvalidInput(_NOT_JSON) from error
    return members, secrets.api_key


class _Secrets:
    """Reads JSON without the pressed key and the API key, wherever they stand: a bad event may be kept as rejected.

    `api_key` is that of the outermost object, which a parser completes last.
    """

    def __init__(self) -> None:
        self.api_key: str | None = None

    def loads(self, text: str) -> object:
        """Return what the text holds. ValueError, RecursionError."""
        try:
            return json.loads(text, object_hook=self._taken_out)
        except json.JSONDecodeError:
            raise
        except ValueError:  # a number that Python refuses to read
            return json.loads(text, parse_int=_integer, object_hook=self._taken_out)

    def _taken_out(self, members: dict[str, Any]) -> dict[str, Any]:
        members.pop("key", None)
        key = members.pop("apiKey", None)
        self.api_key = key if isinstance(key, str | None) else _NO_KEY
        return members


def _values(text: str) -> int:
    """At least as many values as JSON holds: each but the first of a list or object has a comma before it."""
    return text.count(",") + text.count("[") + text.count("{")


def _values_outside_texts(text: str) -> int:
    """The same without what only looks like it within texts, urls with many commas say."""
    text = text.replace("\\\\", "").replace('\\"', "")
    if text.count('"') > _QUOTES_OF_A_VALUE * VALUES_PER_REQUEST:
        return VALUES_PER_REQUEST + 1
    return sum(map(_values, text.split('"')[::2]))


def _integer(digits: str) -> int | float:
    """Return a number; as a float if it has too many digits for an int in Python, so that it is out of range."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float(digits)
