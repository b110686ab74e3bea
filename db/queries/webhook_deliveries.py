"""Deliveries to webhooks: those that are due, their outcome, and their history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Interval, delete, func, insert, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.scope import Scope
from core.webhooks import ATTEMPTS_SHOWN, HISTORY, RETRIED_FOR, DeliveryState, WebhookEventType
from db.keyset import AnySelect, Ordering, PageRequest, RowPage, keyset_per, paginate_rows
from db.models import WebhookDelivery
from db.tenancy import in_scope


@dataclass(frozen=True, slots=True)
class WebhookDeliveryRow:
    """A delivery. `attempts` are the latest, the oldest first."""

    id: UUID
    webhook_id: UUID
    organization_id: UUID
    event_id: UUID
    event_type: WebhookEventType
    occurred_at: datetime
    state: DeliveryState
    attempt_count: int
    attempts: Sequence[Mapping[str, Any]]
    next_attempt_at: datetime
    retried_until: datetime
    finished_at: datetime | None
    problem: str | None
    created_at: datetime


class DueEndpoint(NamedTuple):
    """A webhook with a delivery that is due, and for how long."""

    webhook_id: UUID
    organization_id: UUID
    overdue: timedelta


_COLUMNS = (
    WebhookDelivery.id,
    WebhookDelivery.webhook_id,
    WebhookDelivery.organization_id,
    WebhookDelivery.event_id,
    WebhookDelivery.event_type,
    WebhookDelivery.occurred_at,
    WebhookDelivery.state,
    WebhookDelivery.attempt_count,
    WebhookDelivery.attempts,
    WebhookDelivery.next_attempt_at,
    WebhookDelivery.retried_until,
    WebhookDelivery.finished_at,
    WebhookDelivery.problem,
    WebhookDelivery.created_at,
)
NEWEST_FIRST: Ordering[WebhookDeliveryRow] = Ordering(
    "webhookDeliveries",
    (WebhookDelivery.created_at, WebhookDelivery.id),
    (datetime, UUID),
    lambda row: (row.created_at, row.id),
    descending=True,
)
_DUE = text("""
    SELECT webhook.id, webhook.organization_id, now() - due.next_attempt_at AS overdue
    FROM webhooks AS webhook CROSS JOIN LATERAL (
        SELECT next_attempt_at FROM webhook_deliveries AS delivery
        WHERE delivery.webhook_id = webhook.id AND delivery.state = 'pending' AND delivery.next_attempt_at <= now()
        ORDER BY delivery.next_attempt_at LIMIT 1
    ) AS due
    WHERE webhook.is_enabled AND webhook.pause_reason IS NULL
      AND (webhook.busy_until IS NULL OR webhook.busy_until < now())
      AND (webhook.retry_at IS NULL OR webhook.retry_at <= now())
    ORDER BY row_number() OVER (PARTITION BY webhook.organization_id ORDER BY due.next_attempt_at), due.next_attempt_at
    LIMIT :limit
""")
"""One look into an index for each webhook, however much waits. Organizations take turns."""
_ATTEMPTS = f"jsonb_path_query_array(attempts || CAST(:attempt AS jsonb), '$[last - {ATTEMPTS_SHOWN - 1} to last]')"
"""The attempts with one more, the latest of them."""
_NOTE_FAILURE = text(f"""
    UPDATE webhook_deliveries AS delivery SET
        attempt_count = attempt_count + 1, problem = :problem,
        attempts = {_ATTEMPTS},
        state = CASE WHEN now() < retried_until THEN 'pending' ELSE 'failed' END,
        finished_at = CASE WHEN now() < retried_until THEN NULL ELSE now() END,
        next_attempt_at = CASE WHEN now() < retried_until
                               THEN least(now() + CAST(:delay AS interval), retried_until) ELSE next_attempt_at END
    WHERE id = :id AND state = 'pending' RETURNING state
""")  # noqa: S608 - a constant
_NOTE_SUCCESS = text(f"""
    UPDATE webhook_deliveries SET
        attempt_count = attempt_count + 1, problem = NULL, state = 'delivered', finished_at = now(),
        attempts = {_ATTEMPTS}
    WHERE id = :id AND state <> 'delivered' RETURNING state
""")  # noqa: S608 - a constant
_NEVER_TRIED_AGAIN = timedelta(minutes=10)
"""How long after its time a delivery is given up that was not even tried: its webhook is paused, or rests."""


def _row(row: Any, offset: int = 0) -> WebhookDeliveryRow:
    found: list[Any] = [*row][offset : offset + len(_COLUMNS)]
    found[4], found[6] = WebhookEventType(found[4]), DeliveryState(found[6])
    return WebhookDeliveryRow(*found)


async def pages_by_webhook(
    connection: AsyncConnection,
    scope: Scope,
    webhook_ids: Iterable[UUID],
    state: DeliveryState | None,
    request: PageRequest,
) -> dict[UUID, RowPage[WebhookDeliveryRow]]:
    """The same page of each webhook's deliveries, in that state if one is given, the newest first."""
    ids = list(webhook_ids)
    statement: AnySelect = select(*_COLUMNS).where(
        in_scope(scope, WebhookDelivery.organization_id), WebhookDelivery.webhook_id.in_(ids)
    )
    if state is not None:
        statement = statement.where(WebhookDelivery.state == state.value)
    found: dict[UUID, list[WebhookDeliveryRow]] = {webhook_id: [] for webhook_id in ids}
    for row in await connection.execute(keyset_per(WebhookDelivery.webhook_id, statement, NEWEST_FIRST, request)):
        found[row.parent].append(_row(row, 1))
    return {webhook_id: paginate_rows(rows, NEWEST_FIRST, request) for webhook_id, rows in found.items()}


async def by_ids(connection: AsyncConnection, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, WebhookDeliveryRow]:
    """Return those of these deliveries that are in scope, by id."""
    statement = select(*_COLUMNS).where(
        in_scope(scope, WebhookDelivery.organization_id), WebhookDelivery.id.in_(list(ids))
    )
    return {row.id: _row(row) for row in await connection.execute(statement)}


async def add_test(
    connection: AsyncConnection, webhook_id: UUID, organization_id: UUID, event_id: UUID, actor_id: UUID
) -> UUID:
    """Write the delivery of a test event to a webhook that the caller has looked up within its scope; return its id."""
    statement = (
        insert(WebhookDelivery)
        .values(
            webhook_id=webhook_id,
            organization_id=organization_id,
            event_id=event_id,
            event_type=WebhookEventType.TEST.value,
            occurred_at=func.now(),
            actor_id=actor_id,
            details={},
            next_attempt_at=func.now(),
            retried_until=func.now() + RETRIED_FOR,
        )
        .returning(WebhookDelivery.id)
    )
    found: UUID = (await connection.execute(statement)).scalar_one()
    return found


async def try_again(connection: AsyncConnection, scope: Scope, delivery_id: UUID) -> WebhookDeliveryRow | None:
    """Let a delivery be tried from now on, for its whole time; None if no such one is in scope."""
    statement = (
        update(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id, in_scope(scope, WebhookDelivery.organization_id))
        .values(
            state=DeliveryState.PENDING.value,
            finished_at=None,
            attempt_count=0,
            next_attempt_at=func.now(),
            retried_until=func.now() + RETRIED_FOR,
        )
        .returning(*_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _row(row)


async def due_endpoints(connection: AsyncConnection, limit: int) -> list[DueEndpoint]:
    """Return webhooks with something to deliver now, organizations in turn."""
    return [DueEndpoint(*row) for row in await connection.execute(_DUE, {"limit": limit})]


async def next_due(connection: AsyncConnection, webhook_id: UUID) -> WebhookDeliveryRow | None:
    """Return the delivery to a webhook that has been due for longest."""
    statement = (
        select(*_COLUMNS)
        .where(
            WebhookDelivery.webhook_id == webhook_id,
            WebhookDelivery.state == DeliveryState.PENDING.value,
            WebhookDelivery.next_attempt_at <= func.now(),
        )
        .order_by(WebhookDelivery.next_attempt_at)
        .limit(1)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _row(row)


async def note_success(connection: AsyncConnection, delivery_id: UUID, attempt: Mapping[str, Any]) -> bool:
    """Record that a delivery has arrived; False if that was known, or it is gone."""
    values = {"id": delivery_id, "attempt": orjson.dumps([attempt]).decode()}
    return (await connection.execute(_NOTE_SUCCESS, values)).rowcount > 0


async def note_failure(
    connection: AsyncConnection, delivery_id: UUID, attempt: Mapping[str, Any], delay_seconds: float
) -> DeliveryState | None:
    """Record an attempt that failed; return the state afterwards. None if the delivery has ended, or is gone."""
    values = {
        "id": delivery_id,
        "attempt": orjson.dumps([attempt]).decode(),
        "problem": attempt["problem"],
        "delay": timedelta(seconds=delay_seconds),
    }
    state = await connection.scalar(_NOTE_FAILURE, values)
    return None if state is None else DeliveryState(state)


async def give_up_some(connection: AsyncConnection, limit: int) -> int:
    """Give up at most `limit` deliveries whose time has passed without a last attempt; return how many."""
    expired = (
        select(WebhookDelivery.id)
        .where(
            WebhookDelivery.state == DeliveryState.PENDING.value,
            WebhookDelivery.retried_until < func.now() - literal(_NEVER_TRIED_AGAIN, Interval()),
        )
        .order_by(WebhookDelivery.retried_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(await connection.scalars(expired))
    problem = func.coalesce(
        WebhookDelivery.problem,
        "It was not tried for 24 hours: the webhook was paused, or rested after failures.",
    )
    values = {"state": DeliveryState.FAILED.value, "finished_at": func.now(), "problem": problem}
    await connection.execute(update(WebhookDelivery).where(WebhookDelivery.id.in_(ids)).values(values))
    return len(ids)


async def remove_some_ended(connection: AsyncConnection, limit: int) -> int:
    """Delete at most `limit` deliveries that ended a while ago, except locked ones; return how many."""
    ended = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.finished_at < func.now() - literal(HISTORY, Interval()))
        .order_by(WebhookDelivery.finished_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(await connection.scalars(ended))
    await connection.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(ids)))
    return len(ids)
