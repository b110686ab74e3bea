"""Erasures: deletions of everything held on a person, or on everybody of an organization, and how far they are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Erasure(Base):
    """An erasure, unfinished or finished. It holds ids and numbers only.

    `extension_user_id` is None for that of a whole organization. `extension_users` is the number of people that it
    covers; `behaviors`, `runs` and `rejected_events` count what it has deleted so far. `phase` and `place` tell where
    it goes on (db/erasures.py): up to the person `place` the phase is done, and of the next person's events up to
    `position_…`. There are no foreign keys: people and organization are gone.
    """

    __tablename__ = "erasures"
    __table_args__ = (CheckConstraint("phase IN ('events', 'rollups', 'done')", name="phase"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID]
    extension_user_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    phase: Mapped[str] = mapped_column(server_default="events")
    place: Mapped[UUID | None]
    position_ts: Mapped[datetime | None]
    position_id: Mapped[UUID | None]
    extension_users: Mapped[int]
    behaviors: Mapped[int] = mapped_column(BigInteger, server_default="0")
    runs: Mapped[int] = mapped_column(BigInteger, server_default="0")
    rejected_events: Mapped[int] = mapped_column(BigInteger, server_default="0")
    begun_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]


Index("ix_erasures_unfinished", Erasure.begun_at, Erasure.id, postgresql_where=text("finished_at IS NULL"))


class ErasureSubject(Base):
    """A person whom an unfinished erasure covers and of whom something may be left."""

    __tablename__ = "erasure_subjects"

    erasure_id: Mapped[UUID] = mapped_column(primary_key=True)
    extension_user_id: Mapped[UUID] = mapped_column(primary_key=True)
