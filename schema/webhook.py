"""Webhooks and their deliveries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.ids import encode_node_id
from db.queries.users import UserRow
from db.queries.webhook_deliveries import WebhookDeliveryRow
from db.queries.webhook_events import WebhookEventRow
from db.queries.webhooks import WebhookRow
from execution.context import Info
from execution.webhook_documents import DEFAULT_SELECTION
from resolvers import users, webhooks
from resolvers.pages import ConnectionRow
from schema.connection import After, Connection, First
from schema.enums import AttemptOutcome, DeliveryState, WebhookEventType, WebhookPause, WebhookStatus
from schema.user import User
from schema.webhook_event import WebhookEvent


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt, as it is kept."""

    at: datetime
    outcome: AttemptOutcome
    status: int | None
    problem: str | None
    seconds: float

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "AttemptRow":
        """Return the attempt that was kept so."""
        return cls(
            datetime.fromisoformat(kept["at"]),
            AttemptOutcome(kept["outcome"]),
            kept["status"],
            kept["problem"],
            kept["seconds"],
        )


@strawberry.type(description="An attempt to deliver a message.")
class WebhookAttempt:
    """Shows an AttemptRow."""

    at: datetime = strawberry.field(description="The time at which it ended.")
    outcome: AttemptOutcome = strawberry.field(description="The outcome.")
    status: int | None = strawberry.field(description="The HTTP status of the answer, if there was one.")
    problem: str | None = strawberry.field(description="What was wrong, in words; null if nothing was.")
    seconds: float = strawberry.field(description="How long it took, in seconds.")


@strawberry.type(description="An event that is told to a webhook.")
class WebhookDelivery:
    """Shows a WebhookDeliveryRow."""

    @strawberry.field(description="Opaque and stable; `redeliver` takes it.")
    def id(root: strawberry.Parent[WebhookDeliveryRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("WebhookDelivery", root.id.bytes))

    @strawberry.field(description="The plain id of the event: the `webhook-id` of the message.")
    def event_id(root: strawberry.Parent[WebhookDeliveryRow]) -> UUID:
        return root.event_id

    @strawberry.field(graphql_type=WebhookEvent | None, description="The event.")
    async def event(root: strawberry.Parent[WebhookDeliveryRow], info: Info) -> WebhookEventRow | None:
        return await webhooks.event(info.context.caller, root.event_id)

    event_type: WebhookEventType = strawberry.field(description="The type of the event.")
    occurred_at: datetime = strawberry.field(description="The time at which the event happened.")
    state: DeliveryState = strawberry.field(description="The state.")
    attempt_count: int = strawberry.field(
        description="The number of attempts since the event, or since `redeliver` was last called."
    )

    @strawberry.field(
        graphql_type=list[WebhookAttempt], description="The latest attempts, at most 20, the oldest first."
    )
    def attempts(root: strawberry.Parent[WebhookDeliveryRow]) -> list[AttemptRow]:
        return [AttemptRow.of(each) for each in root.attempts]

    @strawberry.field(description="The time of the next attempt, or soon after; null once it has ended.")
    def next_attempt_at(root: strawberry.Parent[WebhookDeliveryRow]) -> datetime | None:
        return root.next_attempt_at if root.state is DeliveryState.PENDING else None

    retried_until: datetime = strawberry.field(description="The time of the last attempt, unless one succeeds before.")
    finished_at: datetime | None = strawberry.field(description="The time at which it ended; null while it is pending.")
    problem: str | None = strawberry.field(description="What was wrong at the latest attempt; null if nothing was.")


@strawberry.type(
    description="An endpoint of the organization's own, to which events are posted as they happen, signed by the "
    "Standard Webhooks specification."
)
class Webhook:
    """Shows a WebhookRow."""

    @strawberry.field(description="Opaque and stable.")
    def id(root: strawberry.Parent[WebhookRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("Webhook", root.id.bytes))

    @strawberry.field(description="The plain id: `webhookId` in the audit log.")
    def uuid(root: strawberry.Parent[WebhookRow]) -> UUID:
        return root.id

    name: str = strawberry.field(description="The name; need not be unique.")
    url: str = strawberry.field(description="The address that messages are posted to.")

    @strawberry.field(description="The types of events that it is told.")
    def event_types(root: strawberry.Parent[WebhookRow]) -> list[WebhookEventType]:
        return list(root.event_types)

    @strawberry.field(description="The fields of WebhookEvent that a message holds, in braces.")
    def selection(root: strawberry.Parent[WebhookRow]) -> str:
        return root.selection or DEFAULT_SELECTION

    @strawberry.field(description="The status.")
    def status(root: strawberry.Parent[WebhookRow]) -> WebhookStatus:
        return root.status

    pause_reason: WebhookPause | None = strawberry.field(
        description="The reason why the service has paused it; null if it has not."
    )
    pause_problem: str | None = strawberry.field(description="What was wrong, in words, if that is known.")
    owner_id: UUID = strawberry.field(
        description="The plain id of the admin who made it or changed it last: messages hold what they may see."
    )

    @strawberry.field(graphql_type=User | None, description="That admin; null if the viewer may not see them.")
    async def owner(root: strawberry.Parent[WebhookRow], info: Info) -> UserRow | None:
        return await users.user(info.context.caller, root.owner_id)

    previous_secret_until: datetime | None = strawberry.field(
        description="The time until which messages are signed by the replaced secret, too; null for none."
    )
    failing_since: datetime | None = strawberry.field(
        description="The time of the first failure since the last success; null if the last attempt succeeded."
    )
    last_success_at: datetime | None = strawberry.field(description="The time of the last success; null for never.")
    created_at: datetime = strawberry.field(description="The time at which it was made.")
    updated_at: datetime = strawberry.field(description="The time of its last change, pauses included.")

    @strawberry.field(
        graphql_type=Connection[WebhookDelivery] | None,
        description="The deliveries to it, the newest first. Those that ended are kept for 30 days.",
    )
    async def deliveries(
        root: strawberry.Parent[WebhookRow],
        info: Info,
        state: Annotated[
            DeliveryState | None, strawberry.argument(description="The state; deliveries in any if left out.")
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> ConnectionRow[WebhookDeliveryRow]:
        return await webhooks.deliveries_of(info.context.caller, root.id, state, first, after)
