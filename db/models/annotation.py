"""Annotations: notes on days of an organization."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamped


class Annotation(Timestamped, Base):
    """A note on the days from `first_day` to `last_day`, both included, whatever the time zone they are seen in."""

    __tablename__ = "annotations"
    __table_args__ = (
        CheckConstraint("last_day >= first_day", name="days"),
        Index(None, "organization_id", "first_day", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    text: Mapped[str]
