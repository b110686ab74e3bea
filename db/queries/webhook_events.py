"""The outbox: events of the house, for each webhook that asks for them, in the transaction of what they tell."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import any_, literal, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.scope import Scope
from core.webhooks import RETRIED_FOR, WebhookEventType
from db.models import Webhook, WebhookDelivery
from db.tenancy import in_scope, organizations_in_scope

EVENT_OF_ACTION = {
    AuditAction.KEY_ISSUED: WebhookEventType.PERSON_CREATED,
    AuditAction.KEY_REPLACED: WebhookEventType.KEY_REGENERATED,
    AuditAction.BEHAVIORS_EXPORTED: WebhookEventType.EXPORT_MADE,
    AuditAction.USAGE_EXPORTED: WebhookEventType.EXPORT_MADE,
    AuditAction.EXTENSION_USER_EXPORTED: WebhookEventType.EXPORT_MADE,
}
"""The event that an entry of the audit log is told as, if any: what is told is in the log, and the other way round."""
_RUN_ENDS_AFTER = timedelta(minutes=1)
"""How long after its last portion a run of retention is told."""


@dataclass(frozen=True, slots=True)
class NewWebhookEvent:
    """An event. `details` are numbers and words of ours: no names, urls or keys."""

    type: WebhookEventType
    organization_id: UUID
    actor_id: UUID | None = None
    subject_id: UUID | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True)
class WebhookEventRow:
    """An event that was told, or is to be told."""

    id: UUID
    type: WebhookEventType
    organization_id: UUID
    occurred_at: datetime
    actor_id: UUID | None
    subject_id: UUID | None
    details: Mapping[str, Any]


_INSERT = """
    INSERT INTO webhook_deliveries (webhook_id, organization_id, event_id, event_type, occurred_at, actor_id,
                                    subject_id, details, next_attempt_at, retried_until)
"""
_ADD = text(f"""{_INSERT}
    SELECT webhook.id, webhook.organization_id, new.id, new.type, now(), new.actor_id, new.subject_id,
           CAST(new.details AS jsonb), now(), now() + CAST(:retried_for AS interval)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:types AS text[]), CAST(:organization_ids AS uuid[]),
                CAST(:actor_ids AS uuid[]), CAST(:subject_ids AS uuid[]), CAST(:details AS text[]))
         AS new (id, type, organization_id, actor_id, subject_id, details)
    JOIN webhooks AS webhook ON webhook.organization_id = new.organization_id
    WHERE webhook.is_enabled AND new.type = ANY(webhook.event_types)
""")  # noqa: S608 - a constant
_RETENTION_TOLD_TO = text("""
    SELECT webhook.id, webhook.organization_id FROM webhooks AS webhook
    JOIN organizations AS organization ON organization.id = webhook.organization_id
    WHERE webhook.is_enabled AND :type = ANY(webhook.event_types) AND organization.retention_days IS NOT NULL
      AND (CAST(:organization_id AS uuid) IS NULL OR organization.id = :organization_id)
    ORDER BY webhook.id
""")
_GO_ON_WITH_RUN = text("""
    UPDATE webhook_deliveries SET next_attempt_at = now() + CAST(:ends_after AS interval), details = jsonb_build_object(
        'behaviors', CAST(details ->> 'behaviors' AS bigint) + CAST(:behaviors AS bigint),
        'months', CAST(details ->> 'months' AS bigint) + CAST(:months AS bigint))
    WHERE webhook_id = ANY(CAST(:webhook_ids AS uuid[])) AND event_type = :type
      AND state = 'pending' AND attempt_count = 0 AND next_attempt_at > now()
    RETURNING webhook_id
""")
_BEGIN_RUN = text(f"""{_INSERT}
    SELECT new.webhook_id, new.organization_id, new.event_id, :type, now(), CAST(NULL AS uuid), CAST(NULL AS uuid),
           jsonb_build_object('behaviors', CAST(:behaviors AS bigint), 'months', CAST(:months AS bigint)),
           now() + CAST(:ends_after AS interval), now() + CAST(:retried_for AS interval)
    FROM unnest(CAST(:webhook_ids AS uuid[]), CAST(:organization_ids AS uuid[]), CAST(:event_ids AS uuid[]))
         AS new (webhook_id, organization_id, event_id)
""")  # noqa: S608 - a constant


async def add_each(connection: AsyncConnection, events: Sequence[NewWebhookEvent]) -> None:
    """Write events for the webhooks of their organizations that ask for them: nothing where there are none."""
    if events:
        values = {
            "ids": [event.id for event in events],
            "types": [event.type.value for event in events],
            "organization_ids": [event.organization_id for event in events],
            "actor_ids": [event.actor_id for event in events],
            "subject_ids": [event.subject_id for event in events],
            "details": [orjson.dumps(dict(event.details)).decode() for event in events],
            "retried_for": RETRIED_FOR,
        }
        await connection.execute(_ADD, values)


async def add_for_each(
    connection: AsyncConnection,
    scope: Scope,
    organization_ids: Iterable[UUID] | None,
    event: WebhookEventType,
    actor_id: UUID | None,
    details: Mapping[str, Any],
) -> None:
    """Write an event of each of these organizations in scope (None: of all of them)."""
    interested = select(Webhook.organization_id).where(
        organizations_in_scope(scope, Webhook.organization_id),
        Webhook.is_enabled,
        literal(event.value) == any_(Webhook.event_types),
    )
    if organization_ids is not None:
        interested = interested.where(Webhook.organization_id.in_(list(organization_ids)))
    found = await connection.scalars(interested.distinct())
    await add_each(connection, [NewWebhookEvent(event, each, actor_id, details=details) for each in found])


async def add_retention(
    connection: AsyncConnection, organization_id: UUID | None, *, behaviors: int = 0, months: int = 0
) -> None:
    """Add what a portion has deleted to the event of the run under way, or begin one; call it in its transaction.

    `organization_id` None: of every organization that does not keep everything. The event is sent once no portion has
    added to it for a minute.
    """
    kind = WebhookEventType.RETENTION_RUN.value
    told = (await connection.execute(_RETENTION_TOLD_TO, {"type": kind, "organization_id": organization_id})).all()
    if not told:
        return
    values = {"type": kind, "behaviors": behaviors, "months": months, "ends_after": _RUN_ENDS_AFTER}
    gone_on = set(
        await connection.scalars(_GO_ON_WITH_RUN, values | {"webhook_ids": [webhook_id for webhook_id, _ in told]})
    )
    new = [(webhook_id, organization) for webhook_id, organization in told if webhook_id not in gone_on]
    event_ids = {organization: uuid4() for _, organization in new}
    if new:
        values |= {
            "webhook_ids": [webhook_id for webhook_id, _ in new],
            "organization_ids": [organization for _, organization in new],
            "event_ids": [event_ids[organization] for _, organization in new],
            "retried_for": RETRIED_FOR,
        }
        await connection.execute(_BEGIN_RUN, values)


_COLUMNS = (
    WebhookDelivery.event_id,
    WebhookDelivery.event_type,
    WebhookDelivery.organization_id,
    WebhookDelivery.occurred_at,
    WebhookDelivery.actor_id,
    WebhookDelivery.subject_id,
    WebhookDelivery.details,
)


async def by_ids(connection: AsyncConnection, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, WebhookEventRow]:
    """Return those of these events that are in scope, by id, as long as a delivery of them is kept."""
    statement = select(*_COLUMNS).where(
        in_scope(scope, WebhookDelivery.organization_id), WebhookDelivery.event_id.in_(list(ids))
    )
    return {  # each delivery of an event tells the same of it
        row.event_id: WebhookEventRow(row.event_id, WebhookEventType(row.event_type), *row[2:])
        for row in await connection.execute(statement)
    }
