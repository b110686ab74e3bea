"""ingestBehaviors: collect events, by the rules of the REST routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from core.errors import InvalidInput as InvalidInputError
from core.events import RawEvent
from core.limits import EVENTS_PER_BATCH
from db.submissions import Receipt
from resolvers import ingestion
from schema.context import Info
from schema.enums import EventType, RejectionCode
from schema.errors import InvalidInput, TooManyAttempts
from schema.scalars import BigInt


@strawberry.input(description="A browsing event.")
class BehaviorInput:
    """The members of the REST routes."""

    session_id: str = strawberry.field(description="The browsing session: 1 to 255 characters.")
    ts: datetime = strawberry.field(description="When it happened.")
    type: EventType = strawberry.field(description="What happened.")
    url: str | None = strawberry.field(default=None, description="Where: at most 8 KiB.")
    user_id: UUID | None = strawberry.field(
        default=None, description="The extension user (their `uuid`); the API key's, when left out."
    )
    x: int | None = strawberry.field(default=None, description="Where on the page, from the left: 0 to 10000.")
    y: int | None = strawberry.field(default=None, description="Where on the page, from the top: 0 to 10000.")
    event_id: str | None = strawberry.field(
        default=None, description="The client's own id of the event, for exact deduplication: at most 128 characters."
    )


@strawberry.input(description="The events to store.")
class IngestBehaviorsInput:
    """The arguments."""

    events: list[BehaviorInput] = strawberry.field(description="1 to 1000 events.")


@strawberry.type(description="An event that was not stored.")
class RejectedBehavior:
    """A line of the receipt."""

    index: int = strawberry.field(description="Its place in `events`, counted from 0.")
    code: RejectionCode = strawberry.field(description="Why, for programs.")
    message: str = strawberry.field(description="Why, for people.")


@strawberry.type(
    description="The request was understood; what became of each event stands here. All that is stored is committed."
)
class IngestBehaviorsSuccess:
    """The receipt."""

    accepted: BigInt = strawberry.field(description="How many events were stored.")
    duplicates: BigInt = strawberry.field(description="How many were stored before.")
    rejected: list[RejectedBehavior] = strawberry.field(description="Those that were not stored.")


IngestBehaviorsResult = Annotated[
    IngestBehaviorsSuccess | InvalidInput | TooManyAttempts,
    strawberry.union("IngestBehaviorsResult", description="What `ingestBehaviors` answers."),
]


async def ingest_behaviors(
    info: Info,
    input: Annotated[IngestBehaviorsInput, strawberry.argument(description="The events to store.")],
) -> IngestBehaviorsSuccess:
    """Resolve the field."""
    if not 1 <= len(input.events) <= EVENTS_PER_BATCH:
        raise InvalidInputError(f"`events` takes 1 to {EVENTS_PER_BATCH} events.", "events")
    context = info.context
    claim = await ingestion.authorize(context.services, context.client)
    events = [_raw(event) for event in input.events]
    return _success(await ingestion.store(context.services, events, claim))


def _raw(event: BehaviorInput) -> RawEvent:
    return RawEvent(
        session_id=event.session_id,
        ts=event.ts.isoformat(),
        type=event.type.wire,
        url=event.url,
        user_id=event.user_id,
        x=event.x,
        y=event.y,
        event_id=event.event_id,
    )


def _success(receipt: Receipt) -> IngestBehaviorsSuccess:
    return IngestBehaviorsSuccess(
        accepted=BigInt(len(receipt.accepted)),
        duplicates=BigInt(len(receipt.duplicates)),
        rejected=[
            RejectedBehavior(index=event.index, code=event.reason.code, message=event.reason.message())
            for event in receipt.rejected
        ],
    )
