"""Webhooks of organizations."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.roles import Role
from core.scope import Scope
from core.webhooks import SECRET_OVERLAP, WebhookEventType, WebhookPause, WebhookStatus
from db.models import Membership, User, Webhook
from db.queries.users import UserRow
from db.tenancy import in_scope


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook. `selection` is None for the default one."""

    id: UUID
    organization_id: UUID
    name: str
    url: str
    event_types: tuple[WebhookEventType, ...]
    selection: str | None
    owner_id: UUID
    is_enabled: bool
    pause_reason: WebhookPause | None
    pause_problem: str | None
    secret_salt: bytes
    previous_salt: bytes | None
    previous_secret_until: datetime | None
    failing_since: datetime | None
    last_success_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def status(self) -> WebhookStatus:
        """The status."""
        if not self.is_enabled:
            return WebhookStatus.DISABLED
        return WebhookStatus.ACTIVE if self.pause_reason is None else WebhookStatus.PAUSED


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook to make."""

    organization_id: UUID
    name: str
    url: str
    event_types: tuple[WebhookEventType, ...]
    selection: str | None
    owner_id: UUID
    secret_salt: bytes


_previous_holds = Webhook.previous_until > func.now()
_COLUMNS = (
    Webhook.id,
    Webhook.organization_id,
    Webhook.name,
    Webhook.url,
    Webhook.event_types,
    Webhook.selection,
    Webhook.owner_id,
    Webhook.is_enabled,
    Webhook.pause_reason,
    Webhook.pause_problem,
    Webhook.secret_salt,
    Webhook.previous_salt,
    Webhook.previous_until,
    Webhook.failing_since,
    Webhook.last_success_at,
    Webhook.created_at,
    Webhook.updated_at,
    _previous_holds.label("previous_holds"),
)
_RESUMED = {"pause_reason": None, "pause_problem": None, "failures": 0, "failing_since": None, "retry_at": None}


def _row(row: Any) -> WebhookRow:
    return WebhookRow(
        row.id,
        row.organization_id,
        row.name,
        row.url,
        tuple(WebhookEventType(each) for each in row.event_types),
        row.selection,
        row.owner_id,
        row.is_enabled,
        None if row.pause_reason is None else WebhookPause(row.pause_reason),
        row.pause_problem,
        row.secret_salt,
        row.previous_salt if row.previous_holds else None,
        row.previous_until if row.previous_holds else None,
        row.failing_since,
        row.last_success_at,
        row.created_at,
        row.updated_at,
    )


async def by_organization(
    connection: AsyncConnection, scope: Scope, organization_ids: Iterable[UUID]
) -> dict[UUID, list[WebhookRow]]:
    """Return each organization's webhooks, the oldest first: WEBHOOKS of each at most."""
    ids = list(organization_ids)
    found: dict[UUID, list[WebhookRow]] = {organization_id: [] for organization_id in ids}
    statement = select(*_COLUMNS).where(in_scope(scope, Webhook.organization_id), Webhook.organization_id.in_(ids))
    for row in await connection.execute(statement.order_by(Webhook.created_at, Webhook.id)):
        found[row.organization_id].append(_row(row))
    return found


async def by_ids(connection: AsyncConnection, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, WebhookRow]:
    """Return those of these webhooks that are in scope, by id."""
    statement = select(*_COLUMNS).where(in_scope(scope, Webhook.organization_id), Webhook.id.in_(list(ids)))
    return {row.id: _row(row) for row in await connection.execute(statement)}


async def count(connection: AsyncConnection, scope: Scope, organization_id: UUID) -> int:
    """Return the number of an organization's webhooks."""
    statement = select(func.count()).where(
        in_scope(scope, Webhook.organization_id), Webhook.organization_id == organization_id
    )
    return await connection.scalar(statement) or 0


async def add(connection: AsyncConnection, new: NewWebhook) -> WebhookRow:
    """Store a webhook of an organization that the caller has locked within its scope."""
    values = {
        "organization_id": new.organization_id,
        "name": new.name,
        "url": new.url,
        "event_types": [each.value for each in new.event_types],
        "selection": new.selection,
        "owner_id": new.owner_id,
        "secret_salt": new.secret_salt,
    }
    return _row((await connection.execute(insert(Webhook).values(values).returning(*_COLUMNS))).one())


async def change(
    connection: AsyncConnection, scope: Scope, webhook_id: UUID, owner_id: UUID, values: Mapping[str, Any]
) -> WebhookRow | None:
    """Change a webhook, which goes to its new owner and is no longer paused; None if no such one is in scope."""
    statement = (
        update(Webhook)
        .where(Webhook.id == webhook_id, in_scope(scope, Webhook.organization_id))
        .values(**values, **_RESUMED, owner_id=owner_id, updated_at=func.now())
        .returning(*_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _row(row)


async def rotate(connection: AsyncConnection, scope: Scope, webhook_id: UUID, salt: bytes) -> WebhookRow | None:
    """Give a webhook another secret; the present one signs along for a while. None if no such one is in scope."""
    statement = (
        update(Webhook)
        .where(Webhook.id == webhook_id, in_scope(scope, Webhook.organization_id))
        .values(
            previous_salt=Webhook.secret_salt,
            previous_until=func.now() + SECRET_OVERLAP,
            secret_salt=salt,
            updated_at=func.now(),
        )
        .returning(*_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _row(row)


async def remove(connection: AsyncConnection, scope: Scope, webhook_id: UUID) -> bool:
    """Delete a webhook with its deliveries; False if no such one is in scope."""
    statement = delete(Webhook).where(Webhook.id == webhook_id, in_scope(scope, Webhook.organization_id))
    return (await connection.execute(statement)).rowcount > 0


async def hold(
    connection: AsyncConnection, webhook_id: UUID, seconds: float, *, is_held: bool = False
) -> WebhookRow | None:
    """Take a webhook for so long, for no other process to deliver to it; `is_held`: go on holding it.

    None if another process holds it, or it is not delivered to any more.
    """
    statement = update(Webhook).where(Webhook.id == webhook_id, Webhook.is_enabled, Webhook.pause_reason.is_(None))
    if not is_held:
        statement = statement.where(or_(Webhook.busy_until.is_(None), Webhook.busy_until < func.now()))
    statement = statement.values(busy_until=func.now() + timedelta(seconds=seconds))
    row = (await connection.execute(statement.returning(*_COLUMNS))).one_or_none()
    return None if row is None else _row(row)


async def release(connection: AsyncConnection, webhook_id: UUID) -> None:
    """Let any process deliver to a webhook."""
    await connection.execute(update(Webhook).where(Webhook.id == webhook_id).values(busy_until=None))


async def note_success(connection: AsyncConnection, webhook_id: UUID) -> None:
    """Record that a webhook has taken a message."""
    values = {"failures": 0, "failing_since": None, "retry_at": None, "last_success_at": func.now()}
    await connection.execute(update(Webhook).where(Webhook.id == webhook_id).values(values))


async def note_failure(connection: AsyncConnection, webhook_id: UUID) -> tuple[int, timedelta]:
    """Record that a message was not taken; return how many were not in a row, and for how long."""
    statement = (
        update(Webhook)
        .where(Webhook.id == webhook_id)
        .values(failures=Webhook.failures + 1, failing_since=func.coalesce(Webhook.failing_since, func.now()))
        .returning(Webhook.failures, Webhook.failing_since, func.now())
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return 1, timedelta()
    failures, since, present = row
    return failures, present - (since or present)


async def rest(connection: AsyncConnection, webhook_id: UUID, seconds: float) -> None:
    """Deliver nothing to a webhook for a while."""
    values = {"retry_at": func.now() + timedelta(seconds=seconds)}
    await connection.execute(update(Webhook).where(Webhook.id == webhook_id).values(values))


async def pause(connection: AsyncConnection, webhook_id: UUID, reason: WebhookPause, problem: str | None) -> bool:
    """Pause a webhook; False if it is paused or gone already."""
    statement = (
        update(Webhook)
        .where(Webhook.id == webhook_id, Webhook.pause_reason.is_(None))
        .values(pause_reason=reason.value, pause_problem=problem, updated_at=func.now())
    )
    return (await connection.execute(statement)).rowcount > 0


async def owner(connection: AsyncConnection, webhook: WebhookRow) -> UserRow | None:
    """Return the account that a webhook speaks for; None if it may not manage the organization any more."""
    is_admin = (
        select(Membership.user_id)
        .where(
            Membership.user_id == User.id,
            Membership.organization_id == webhook.organization_id,
            Membership.role == Role.ADMIN.value,
        )
        .exists()
    )
    columns = (User.id, User.username, User.is_super_admin, User.created_at, User.updated_at)
    statement = select(*columns).where(User.id == webhook.owner_id, or_(User.is_super_admin, is_admin))
    row: Any = (await connection.execute(statement)).one_or_none()
    return None if row is None else UserRow(*row)
