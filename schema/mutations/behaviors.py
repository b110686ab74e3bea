"""Browsing events: ingest, delete."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from core.errors import InvalidInput as InvalidInputError
from core.events import RawEvent
from core.ids import behavior_key
from core.limits import EVENTS_PER_BATCH
from core.token_scopes import TokenScope
from db.submissions import Receipt
from execution.context import Info
from execution.declarations import OPEN_TO_EVERYBODY, SIGNED_IN
from execution.token_scopes import for_tokens
from resolvers import behaviors, ingestion
from schema.enums import EventType, RejectionCode
from schema.errors import InvalidInput, NotFound, TooManyAttempts
from schema.mutations.field import mutation
from schema.scalars import BigInt

_EVENT_BYTES = 100
"""The approximate size of an event in a request, without its session and url."""


@strawberry.input(description="A browsing event.")
class BehaviorInput:
    """The members of the REST routes."""

    session_id: str = strawberry.field(description="The browsing session: 1 to 255 characters.")
    ts: datetime = strawberry.field(description="The time of the event.")
    type: EventType = strawberry.field(description="The type of the event.")
    url: str | None = strawberry.field(
        default=None, description="The url of the page. Of a longer one the first 8 KiB are kept."
    )
    user_id: UUID | None = strawberry.field(
        default=None, description="The extension user (their `uuid`); the API key's, when left out."
    )
    x: int | None = strawberry.field(
        default=None,
        description="The distance from the left of the page, in pixels: 0 to 10000; any other number is left out.",
    )
    y: int | None = strawberry.field(
        default=None,
        description="The distance from the top of the page, in pixels: 0 to 10000; any other number is left out.",
    )
    event_id: str | None = strawberry.field(
        default=None, description="The client's own id of the event, for exact deduplication: at most 128 characters."
    )


@strawberry.input(description="The events to store.")
class IngestBehaviorsInput:
    """The arguments."""

    events: list[BehaviorInput] = strawberry.field(description="1 to 1000 events.")
    sent_at: str | None = strawberry.field(
        default=None,
        description="The client's own time when it sends them, for `ExtensionUser.clockSkewSeconds`: RFC 3339, like "
        "`2026-08-01T09:00:00.123Z`. Anything else is ignored, and never a reason to refuse events.",
    )


@strawberry.type(description="An event that was not stored.")
class RejectedBehavior:
    """A line of the receipt."""

    index: int = strawberry.field(description="Its place in `events`, counted from 0.")
    code: RejectionCode = strawberry.field(description="The reason, for programs.")
    message: str = strawberry.field(description="The reason, for people.")


@strawberry.type(description="The outcome of each event. All that is stored is committed.")
class IngestBehaviorsSuccess:
    """The receipt."""

    accepted: BigInt = strawberry.field(description="The number of events that were stored.")
    duplicates: BigInt = strawberry.field(description="The number of events that had been stored before.")
    rejected: list[RejectedBehavior] = strawberry.field(description="The events that were not stored.")
    url_truncated: BigInt = strawberry.field(
        description="The number of events, stored now or before, of whose url only the first 8 KiB are kept."
    )


IngestBehaviorsResult = Annotated[
    IngestBehaviorsSuccess | InvalidInput | TooManyAttempts,
    strawberry.union("IngestBehaviorsResult", description="The result of `ingestBehaviors`."),
]


@mutation(
    IngestBehaviorsResult,
    metadata=OPEN_TO_EVERYBODY | for_tokens(TokenScope.INGEST),
    description="Store browsing events, by the rules of the REST routes. Needs no sign-in; an `X-API-Key` header "
    "names the person.",
)
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
    size = sum(_EVENT_BYTES + len(event.session_id) + len(event.url or "") for event in events)
    viewer = context.caller.viewer if context.is_signed_in else None
    receipt = await ingestion.store(
        context.services, events, claim, context.client, size, viewer, sent_at=input.sent_at
    )
    return _success(receipt)


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
        url_truncated=BigInt(receipt.url_truncated),
    )


@strawberry.input(description="The event to delete, for good.")
class DeleteBehaviorInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The behavior, by its opaque id.")


@strawberry.type(description="The event is gone.")
class DeleteBehaviorSuccess:
    """The outcome."""

    deleted_id: strawberry.ID = strawberry.field(description="The id it had.")


DeleteBehaviorResult = Annotated[
    DeleteBehaviorSuccess | NotFound,
    strawberry.union("DeleteBehaviorResult", description="The result of `deleteBehavior`."),
]


@mutation(
    DeleteBehaviorResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE),
    description="Delete one browsing event, for good. For the organization's admins.",
)
async def delete_behavior(
    info: Info,
    input: Annotated[DeleteBehaviorInput, strawberry.argument(description="The event to delete.")],
) -> DeleteBehaviorSuccess:
    """Resolve the field."""
    key = await behaviors.delete(info.context.caller, behavior_key(input.id))
    return DeleteBehaviorSuccess(deleted_id=strawberry.ID(key.node_id))
