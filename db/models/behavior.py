"""Browsing events: the big table."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base

EVENT_COLUMNS = "user_id, ts, id, organization_id, received_at, type, x, y, session_id, url, domain"
"""The columns of an event, for statements that insert whole ones."""


class Behavior(Base):
    """One browsing event, partitioned by month of `ts`.

    `user_id` is the extension user, or the nil UUID for an anonymous event; it leads the key, as the distribution
    column of a cluster would. `id` is derived from the event's identity (core/identity.py), so the primary key is the
    deduplication. `organization_id` is copied from the person, `domain` computed from the url, both at ingestion.
    There is no foreign key: it would be paid on each event, and the writer checks the person in its transaction.
    """

    __tablename__ = "behaviors"
    __table_args__ = ({"postgresql_partition_by": "RANGE (ts)"},)

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    ts: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID | None]
    received_at: Mapped[datetime]
    type: Mapped[int] = mapped_column(SmallInteger)
    x: Mapped[int | None] = mapped_column(SmallInteger)
    y: Mapped[int | None] = mapped_column(SmallInteger)
    session_id: Mapped[str]
    url: Mapped[str]
    domain: Mapped[str | None]
