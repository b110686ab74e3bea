"""Webhooks: admins make and change them, have them tested, and look at what became of deliveries."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.errors import InvalidInput, NotFound, TooManyWebhooks
from core.limits import WEBHOOKS
from core.names import checked_name
from core.webhooks import DeliveryState, WebhookEventType, WebhookStatus
from db.queries import organizations, webhook_deliveries, webhook_events, webhooks
from db.queries.webhook_deliveries import WebhookDeliveryRow
from db.queries.webhook_events import WebhookEventRow
from db.queries.webhooks import NewWebhook, WebhookRow
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller
from resolvers.pages import ConnectionRow, forward
from webhooks.signing import new_salt
from webhooks.targets import checked_url

ANSWER_SECONDS = 3.0
"""The longest time for which a test or a redelivery waits for its outcome."""
_PAUSE_SECONDS = 0.1
_NOT_FOUND = "There is no such webhook."
_NO_DELIVERY = "There is no such delivery. Those that ended are kept for 30 days."


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """The settings of a webhook. `selection`: that of the payload, checked already; None for the default one."""

    name: str
    url: str
    event_types: tuple[WebhookEventType, ...]
    selection: str | None


async def of_organization(caller: Caller, organization_id: UUID) -> list[WebhookRow]:
    """Return an organization's webhooks, the oldest first. Forbidden unless the viewer manages it."""
    caller.viewer.require_management_of(organization_id)
    return await caller.batches.load(webhooks.by_organization, organization_id) or []


async def event(caller: Caller, event_id: UUID) -> WebhookEventRow | None:
    """Return an event that webhooks were told, of an organization that the viewer manages; None if there is none."""
    async with caller.database.read() as db:
        return (await webhook_events.by_ids(db, caller.viewer.manageable, [event_id])).get(event_id)


async def deliveries_of(
    caller: Caller, webhook_id: UUID, state: DeliveryState | None, first: int, after: str | None
) -> ConnectionRow[WebhookDeliveryRow]:
    """Return a page of the deliveries to a webhook that the viewer was shown."""
    request = forward(webhook_deliveries.NEWEST_FIRST.parse, first, after)
    page = await caller.batches.load(webhook_deliveries.pages_by_webhook, webhook_id, state, request)
    assert page is not None  # noqa: S101 - the query answers for every webhook it is asked about
    return ConnectionRow(page)


async def create(caller: Caller, organization_id: UUID | None, wanted: WebhookSettings) -> tuple[WebhookRow, str]:
    """Make a webhook; return it with its secret. NotFound, Forbidden, InvalidInput, TooManyWebhooks."""
    organization_id = caller.viewer.require_management_of(organization_id)
    wanted, scope = _checked(caller, wanted), caller.viewer.manageable
    async with caller.database.write() as db:
        if not await organizations.lock(db, scope, organization_id):
            raise NotFound("There is no such organization.")
        if await webhooks.count(db, scope, organization_id) >= WEBHOOKS:
            raise TooManyWebhooks(f"An organization has at most {WEBHOOKS} webhooks. Delete one first.")
        new = NewWebhook(
            organization_id,
            wanted.name,
            wanted.url,
            wanted.event_types,
            wanted.selection,
            caller.viewer.user_id,
            new_salt(),
        )
        row = await webhooks.add(db, new)
        await _record(caller, db, AuditAction.WEBHOOK_CREATED, row, host=_host(row))
    return row, caller.services.webhook_sender.key.secret(row.id, row.secret_salt)


async def update(caller: Caller, webhook_id: UUID | None, changes: dict[str, Any]) -> WebhookRow:
    """Change a webhook's settings or `is_enabled`; it is the viewer's from then on, and no longer paused.

    NotFound, Forbidden, InvalidInput.
    """
    found = await managed(caller, webhook_id)
    settings = {name: value for name, value in changes.items() if name != "is_enabled"}
    before = WebhookSettings(found.name, found.url, found.event_types, found.selection)
    wanted = _checked(caller, replace(before, **settings))
    values = {
        "name": wanted.name,
        "url": wanted.url,
        "event_types": [each.value for each in wanted.event_types],
        "selection": wanted.selection,
        "is_enabled": changes.get("is_enabled", found.is_enabled),
    }
    async with caller.database.write() as db:
        row = await webhooks.change(db, caller.viewer.manageable, found.id, caller.viewer.user_id, values)
        if row is None:
            raise NotFound(_NOT_FOUND)
        changed = " ".join(sorted(changes))
        await _record(caller, db, AuditAction.WEBHOOK_UPDATED, row, host=_host(row), changed=changed)
    return row


async def delete(caller: Caller, webhook_id: UUID | None) -> UUID:
    """Delete a webhook with its deliveries; return the id it had. NotFound, Forbidden."""
    found = await managed(caller, webhook_id)
    async with caller.database.write() as db:
        if not await webhooks.remove(db, caller.viewer.manageable, found.id):
            raise NotFound(_NOT_FOUND)
        await _record(caller, db, AuditAction.WEBHOOK_DELETED, found)
    return found.id


async def rotate_secret(caller: Caller, webhook_id: UUID | None) -> tuple[WebhookRow, str]:
    """Give a webhook another secret; return it. The one before signs along for a day. NotFound, Forbidden."""
    found = await managed(caller, webhook_id)
    async with caller.database.write() as db:
        row = await webhooks.rotate(db, caller.viewer.manageable, found.id, new_salt())
        if row is None:
            raise NotFound(_NOT_FOUND)
        await _record(caller, db, AuditAction.WEBHOOK_SECRET_ROTATED, row)
    return row, caller.services.webhook_sender.key.secret(row.id, row.secret_salt)


async def test(caller: Caller, webhook_id: UUID | None) -> WebhookDeliveryRow:
    """Send a test event to a webhook; return the delivery in its state after a short wait.

    NotFound, Forbidden, InvalidInput.
    """
    found = await managed(caller, webhook_id)
    _require_active(found)
    async with caller.database.write() as db:
        if found.id not in await webhooks.by_ids(db, caller.viewer.manageable, [found.id]):
            raise NotFound(_NOT_FOUND)
        delivery_id = await webhook_deliveries.add_test(
            db, found.id, found.organization_id, uuid4(), caller.viewer.user_id
        )
        await _record(caller, db, AuditAction.WEBHOOK_TESTED, found)
    return await _outcome(caller, delivery_id)


async def redeliver(caller: Caller, delivery_id: UUID | None) -> WebhookDeliveryRow:
    """Try a delivery again, whatever became of it; return it in its state after a short wait.

    NotFound, Forbidden, InvalidInput.
    """
    delivery = await _delivery(caller, delivery_id)
    found = await managed(caller, None if delivery is None else delivery.webhook_id, _NO_DELIVERY)
    assert delivery is not None  # noqa: S101 - it has a webhook
    _require_active(found)
    async with caller.database.write() as db:
        if await webhook_deliveries.try_again(db, caller.viewer.manageable, delivery.id) is None:
            raise NotFound(_NO_DELIVERY)
        await _record(caller, db, AuditAction.WEBHOOK_REDELIVERED, found, deliveryId=str(delivery.id))
    return await _outcome(caller, delivery.id)


async def managed(caller: Caller, webhook_id: UUID | None, message: str = _NOT_FOUND) -> WebhookRow:
    """Return a webhook that the viewer may change. NotFound, Forbidden."""
    found = None if webhook_id is None else await caller.batches.load(webhooks.by_ids, webhook_id)
    if found is None:
        raise NotFound(message)
    caller.viewer.require_management_of(found.organization_id)
    return found


def _checked(caller: Caller, wanted: WebhookSettings) -> WebhookSettings:
    return WebhookSettings(
        checked_name("name", wanted.name),
        checked_url(wanted.url, caller.services.webhook_sender.rules),
        _checked_types(wanted.event_types),
        wanted.selection,
    )


def _checked_types(wanted: Iterable[WebhookEventType]) -> tuple[WebhookEventType, ...]:
    kinds = tuple(dict.fromkeys(wanted))
    if not kinds:
        raise InvalidInput("`eventTypes` names at least one type: without any, nothing would be told.", "eventTypes")
    if WebhookEventType.TEST in kinds:
        raise InvalidInput("`eventTypes` does not take TEST: `testWebhook` sends it, to any webhook.", "eventTypes")
    return kinds


def _require_active(webhook: WebhookRow) -> None:
    if webhook.status is not WebhookStatus.ACTIVE:
        raise InvalidInput(
            f"The webhook is {webhook.status.value}: nothing is delivered to it. Enable it first, by "
            "`updateWebhook(input: {id: …, isEnabled: true})`."
        )


async def _delivery(caller: Caller, delivery_id: UUID | None) -> WebhookDeliveryRow | None:
    if delivery_id is None:
        return None
    async with caller.database.read() as db:
        return (await webhook_deliveries.by_ids(db, caller.viewer.readable, [delivery_id])).get(delivery_id)


async def _outcome(caller: Caller, delivery_id: UUID) -> WebhookDeliveryRow:
    """Wait a little for an attempt, and return the delivery."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ANSWER_SECONDS
    while True:
        async with caller.services.database.read() as db:  # without a turn: it is one row by its key
            row = (await webhook_deliveries.by_ids(db, caller.viewer.manageable, [delivery_id])).get(delivery_id)
        if row is None:
            raise NotFound(_NO_DELIVERY)
        if row.attempt_count or row.state is not DeliveryState.PENDING or loop.time() > deadline:
            return row
        await asyncio.sleep(_PAUSE_SECONDS)


def _host(webhook: WebhookRow) -> str:
    return urlsplit(webhook.url).hostname or ""


async def _record(
    caller: Caller, db: AsyncConnection, action: AuditAction, webhook: WebhookRow, **details: str
) -> None:
    told = {"webhookId": str(webhook.id)} | details
    await record_audit_entry(db, caller.viewer, action, organization_id=webhook.organization_id, details=told)
