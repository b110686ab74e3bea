"""Tenants."""

from uuid import UUID

from sqlalchemy import CheckConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamped


class Organization(Timestamped, Base):
    """A tenant: it has members who read and manage, and extension users whose events it owns.

    Events that happened more than `retention_days` ago are deleted (db/retention.py); None keeps them. With
    `requires_api_key`, events for its people are stored only if they come with the person's key. `week_start` holds the
    value of a `core.weeks.WeekStart`.
    """

    __tablename__ = "organizations"
    __table_args__ = (
        CheckConstraint("retention_days >= 1", name="retention_days"),
        CheckConstraint("week_start IN ('monday', 'sunday', 'saturday')", name="week_start"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    name: Mapped[str]
    normalized_name: Mapped[str]
    description: Mapped[str | None]
    retention_days: Mapped[int | None]
    requires_api_key: Mapped[bool] = mapped_column(server_default="false")
    week_start: Mapped[str] = mapped_column(server_default="monday")
