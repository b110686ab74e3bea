"""Rollups: what makes long questions fast. They can be thrown away and made again from the events at any time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, Table, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Run(Base):
    """A stretch of one person's consecutive events, alike in minute, domain and session.

    Partitioned like `behaviors`. `first_id` is the first event's id: it orders runs that begin at the same instant. Of
    the active events in it: how many, the first and the last (None without any).
    """

    __tablename__ = "runs"
    __table_args__ = ({"postgresql_partition_by": "RANGE (first_ts)"},)

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_ts: Mapped[datetime] = mapped_column(primary_key=True)
    first_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_ts: Mapped[datetime]
    first_active_ts: Mapped[datetime | None]
    last_active_ts: Mapped[datetime | None]
    events: Mapped[int]
    active_events: Mapped[int]
    session_id: Mapped[str]
    domain: Mapped[str | None]


# Marks have no key: one is added without looking for others of its hour, so that writers never wait for one another.
dirty_hours = Table(
    "dirty_hours",
    Base.metadata,
    Column("user_id", Uuid(), nullable=False),
    Column("hour", DateTime(timezone=True), nullable=False),
    Column("marked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_dirty_hours_user_id_hour", "user_id", "hour"),
)
"""Marks that a person's events of an hour have changed since their runs were made.

Set in the transaction that changes the events, so whoever sees the change sees the mark. An hour may carry many.
"""
