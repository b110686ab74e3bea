"""Tenants."""

from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamped


class Organization(Timestamped, Base):
    """A tenant: it has members who read and manage, and extension users whose events it owns."""

    __tablename__ = "organizations"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    name: Mapped[str]
    description: Mapped[str | None]
