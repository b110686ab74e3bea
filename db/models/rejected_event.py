"""Events that broke a rule, kept for an operator to look at."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class RejectedEvent(Base):
    """A rejected event as the client sent it (without the pressed key), as JSON text, cut to a few KiB.

    Rows expire, and only the newest are kept (see db/housekeeping.py): a broken client cannot fill the disk.
    """

    __tablename__ = "rejected_events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    user_id: Mapped[UUID | None]
    code: Mapped[str]
    message: Mapped[str]
    payload: Mapped[str]
