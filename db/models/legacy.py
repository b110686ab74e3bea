"""Records of what was imported from the old service, so that the import can be interrupted and repeated."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class LegacyRow(Base):
    """A row that was taken, or refused, once. Deleted here afterwards, it does not come back."""

    __tablename__ = "legacy_rows"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column(primary_key=True)


class LegacyDay(Base):
    """A (UTC) day of events that was taken completely, by what it held: one that has grown since is another."""

    __tablename__ = "legacy_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    events: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(primary_key=True)
