"""Tenants."""

from uuid import UUID

from sqlalchemy import CheckConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamped


class Organization(Timestamped, Base):
    """A tenant: it has members who read and manage, and extension users whose events it owns.

    Events that happened more than `retention_days` ago are deleted (db/retention.py); None keeps them.
    """

    __tablename__ = "organizations"
    __table_args__ = (CheckConstraint("retention_days >= 1", name="retention_days"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    name: Mapped[str]
    description: Mapped[str | None]
    retention_days: Mapped[int | None]
