"""From a request's bytes to candidate events: one bad event never costs its neighbours.

A body whose events all have the right members and types is decoded in one go, straight into `RawEvent`s. Any other is
taken apart with the standard library's forgiving parser (which reads NaN and lone surrogates, too) and converted event
by event, so that each bad one is refused alone, with its own words.
"""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from core.errors import InvalidInput
from core.events import EventRejected, RawEvent, RejectionCode, payload_text
from core.limits import EVENTS_PER_BATCH
from resolvers.ingestion import Candidate, Refused

T = TypeVar("T")

_NOT_JSON = "invalid request body: not valid JSON"
_LONGEST_NUMBER = 20


class _Batch(msgspec.Struct):
    events: list[RawEvent]


_decode_event = msgspec.json.Decoder(RawEvent).decode
_decode_batch = msgspec.json.Decoder(_Batch).decode


def decode_event(body: bytes) -> Candidate:
    """The event of a single-event request. InvalidInput when the body is no JSON object."""
    try:
        return _decode_event(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        members = _parse(body)
    if not isinstance(members, dict):
        raise InvalidInput("invalid request body: an event is a JSON object")
    return _converted(members)


def decode_batch(body: bytes) -> Sequence[Candidate]:
    """The events of a batch request. InvalidInput when there is no list of 1 to 1000 of them."""
    try:
        return _counted(_decode_batch(body).events)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return [_converted(members) for members in _counted(_events_of(_parse(body)))]


def _counted(events: list[T]) -> list[T]:
    """The events, if there are as many as a batch may have: found out before anything is done with each."""
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
        return msgspec.convert(members, RawEvent)
    except msgspec.ValidationError as error:
        return Refused(_rejection(str(error)), payload_text(members))


def _rejection(message: str) -> EventRejected:
    """Msgspec's message in the contract's words: `sessionId is required`, `invalid event: Expected …`."""
    missing = message.partition("missing required field `")[2].partition("`")[0]
    if missing == "ts":
        return EventRejected(RejectionCode.INVALID_TIMESTAMP, "ts is required")
    if missing == "type":
        return EventRejected(RejectionCode.INVALID_TYPE, "type is required")
    if missing:
        return EventRejected(RejectionCode.INVALID_EVENT, f"{missing} is required")
    return EventRejected(RejectionCode.INVALID_EVENT, "invalid event", message.replace("`$.", "`"))


def _parse(body: bytes) -> object:
    try:
        return json.loads(body, object_hook=_without_key)
    except (ValueError, RecursionError):
        pass  # perhaps only for a number that Python refuses to read
    try:
        return json.loads(body, parse_int=_integer, object_hook=_without_key)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(_NOT_JSON) from error


def _without_key(members: dict[str, Any]) -> dict[str, Any]:
    """The pressed key is dropped wherever a client may have put it: what is read here may be kept as rejected."""
    members.pop("key", None)
    return members


def _integer(digits: str) -> int | float:
    """Python refuses to read very long numbers at all; as a float they are merely out of range."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float(digits)
