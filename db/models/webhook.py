"""Endpoints of webhooks, and the deliveries to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from db.models.base import Base, Timestamped


class Webhook(Timestamped, Base):
    """An endpoint of an organization.

    `secret_salt` makes its secret together with the service's own key (webhooks/signing.py); `previous_salt` the one
    before, until `previous_until`. `busy_until`: a process delivers to it, or died doing so. `retry_at`: it rests after
    failures. `owner_id` has no foreign key: accounts outlive nothing here.
    """

    __tablename__ = "webhooks"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    url: Mapped[str]
    event_types: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    selection: Mapped[str | None]
    owner_id: Mapped[UUID]
    is_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    pause_reason: Mapped[str | None]
    pause_problem: Mapped[str | None]
    secret_salt: Mapped[bytes]
    previous_salt: Mapped[bytes | None]
    previous_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    failing_since: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    busy_until: Mapped[datetime | None]


class WebhookDelivery(Base):
    """An event that is to be told to an endpoint, written in the transaction of what it tells.

    Of people it holds ids and numbers alone: what a message says is read when it is sent. `attempts` are the latest.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
        CheckConstraint("(state = 'pending') = (finished_at IS NULL)", name="end"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    organization_id: Mapped[UUID]
    event_id: Mapped[UUID] = mapped_column(index=True)
    event_type: Mapped[str]
    occurred_at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    attempt_count: Mapped[int] = mapped_column(server_default=text("0"))
    attempts: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    next_attempt_at: Mapped[datetime]
    retried_until: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    problem: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


Index(
    "ix_webhook_deliveries_webhook_id_created_at",
    *(WebhookDelivery.webhook_id, WebhookDelivery.created_at, WebhookDelivery.id),
)
Index(
    "ix_webhook_deliveries_due",
    WebhookDelivery.webhook_id,
    WebhookDelivery.next_attempt_at,
    postgresql_where=text("state = 'pending'"),
)
Index("ix_webhook_deliveries_retried_until", WebhookDelivery.retried_until, postgresql_where=text("state = 'pending'"))
Index("ix_webhook_deliveries_finished_at", WebhookDelivery.finished_at)
