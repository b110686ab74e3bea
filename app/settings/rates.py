"""Types of settings that limit a rate, in the notation of the `limits` library: `10/minute`."""

from typing import Annotated

import limits
from pydantic import AfterValidator

from core.limits import EVENTS_PER_BATCH, INGEST_BODY_BYTES


def _readable(rate: str) -> str:
    try:
        limits.parse(rate)
    except ValueError as error:
        raise ValueError("must be a number per unit of time, like 10/minute.") from error
    return rate


def _room_for_a_batch(rate: str) -> str:
    return _at_least(rate, EVENTS_PER_BATCH, "events of one batch")


def _room_for_a_body(rate: str) -> str:
    return _at_least(rate, INGEST_BODY_BYTES, "bytes of one body")


def _at_least(rate: str, least: int, what: str) -> str:
    if limits.parse(rate).amount < least:
        raise ValueError(f"must be {least} or more, like {least}/minute: the {what} could never be accepted otherwise.")
    return rate


Rate = Annotated[str, AfterValidator(_readable)]
EventRate = Annotated[Rate, AfterValidator(_room_for_a_batch)]
"""A rate of events that admits the largest batch."""
ByteRate = Annotated[Rate, AfterValidator(_room_for_a_body)]
"""A rate of bytes that admits the largest body."""
