"""Rollups: what makes long questions fast. They can be thrown away and made again from the events at any time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base

_INSTANTS = ARRAY(DateTime(timezone=True))
_NUMBERS = ARRAY(Integer())
_MICROSECONDS = ARRAY(BigInteger())
_TEXTS = ARRAY(Text())


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


class Hour(Base):
    """One person's hour (UTC) with an event, summed up so that neighbouring hours can be put together exactly.

    Arrays of one prefix have an entry for each thing of the hour, in the same order:

    - `session_…`: sessions; their first and last event here, and the domain of the last.
    - `domain_…`: domains (NULL: events without one); what was counted, and the microseconds between events of a session
      that belong to it.
    - `segment_…`: active events with gaps of at most 300 s, in order of time; empty for anonymous events.
      `segment_parts_from` and `…_to` are the places of a segment's first and last part.
    - `part_…`: domains of a segment, and the microseconds between its active events that belong to them.
    """

    __tablename__ = "hours"
    __table_args__ = ({"postgresql_partition_by": "RANGE (hour)"},)

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    events: Mapped[int]
    active_events: Mapped[int]
    tracked_minutes: Mapped[int]
    engaged_minutes: Mapped[int]
    session_ids: Mapped[list[str]] = mapped_column(_TEXTS)
    session_first: Mapped[list[datetime]] = mapped_column(_INSTANTS)
    session_last: Mapped[list[datetime]] = mapped_column(_INSTANTS)
    session_domains: Mapped[list[str | None]] = mapped_column(_TEXTS)
    domains: Mapped[list[str | None]] = mapped_column(_TEXTS)
    domain_events: Mapped[list[int]] = mapped_column(_NUMBERS)
    domain_active_events: Mapped[list[int]] = mapped_column(_NUMBERS)
    domain_tracked_minutes: Mapped[list[int]] = mapped_column(_NUMBERS)
    domain_engaged_minutes: Mapped[list[int]] = mapped_column(_NUMBERS)
    domain_us: Mapped[list[int]] = mapped_column(_MICROSECONDS)
    segment_first: Mapped[list[datetime]] = mapped_column(_INSTANTS)
    segment_last: Mapped[list[datetime]] = mapped_column(_INSTANTS)
    segment_events: Mapped[list[int]] = mapped_column(_NUMBERS)
    segment_switches: Mapped[list[int]] = mapped_column(_NUMBERS)
    segment_first_domains: Mapped[list[str | None]] = mapped_column(_TEXTS)
    segment_last_domains: Mapped[list[str | None]] = mapped_column(_TEXTS)
    segment_parts_from: Mapped[list[int]] = mapped_column(_NUMBERS)
    segment_parts_to: Mapped[list[int]] = mapped_column(_NUMBERS)
    part_domains: Mapped[list[str | None]] = mapped_column(_TEXTS)
    part_us: Mapped[list[int]] = mapped_column(_MICROSECONDS)


# Marks have no key: one is added without looking for others of its hour, so that writers never wait for one another.
dirty_hours = Table(
    "dirty_hours",
    Base.metadata,
    Column("user_id", Uuid(), nullable=False),
    Column("hour", DateTime(timezone=True), nullable=False),
    Column("marked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("events", Integer(), nullable=False, server_default=text("0")),
    Index("ix_dirty_hours_user_id_hour_marked_at", "user_id", "hour", "marked_at"),
)
"""Marks that a person's events of an hour have changed since their rollups were made.

Set in the transaction that changes the events, so whoever sees the change sees the mark. An hour may carry many.
`events`: how many it gained; 0 where events were removed, or the rollups are to be made anew.
"""


deferred_hours = Table(
    "deferred_hours",
    Base.metadata,
    Column("user_id", Uuid(), primary_key=True),
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("attempts", Integer(), nullable=False),
    Column("retry_at", DateTime(timezone=True), nullable=False),
)
"""Marked hours whose rollups could not be made within the longest time limit; they are left alone until `retry_at`."""

rollup_rebuilds = Table(
    "rollup_rebuilds",
    Base.metadata,
    Column("id", SmallInteger(), CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
    Column("month", DateTime(timezone=True), nullable=False),
    Column("last_user_id", Uuid(), nullable=False),
)
"""How far the rebuild that is under way has come: people up to this id, of this month, are done. No row: none is."""
