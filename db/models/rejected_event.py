"""Events that broke a rule, kept for an operator to look at."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class RejectedEvent(Base):
    """A rejected event as the client sent it (without the pressed key), as JSON text, cut to a few KiB.

    `user_id` is the holder of the API key that it came with, or a known person whom it named. `named_user_id` is
    whomever it named when it came without a key, known or not. Rows expire, and only the newest of each source are kept
    (core/rejected_events.py): a broken client neither fills the disk nor displaces what others have sent.
    """

    __tablename__ = "rejected_events"
    __table_args__ = (
        Index("ix_rejected_events_user_id", "user_id", "id", postgresql_where=text("user_id IS NOT NULL")),
        Index(
            "ix_rejected_events_named_user_id",
            "named_user_id",
            "id",
            postgresql_where=text("named_user_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    user_id: Mapped[UUID | None]
    named_user_id: Mapped[UUID | None]
    code: Mapped[str]
    message: Mapped[str]
    payload: Mapped[str]
