"""Links of an account: for a forgotten password, and to confirm a mail address."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class AccountLink(Base):
    """A link that was mailed to `email`, by the SHA-256 of its token; `kind` is the value of an `AccountLinkKind`.

    One that has ended is kept for some days, for it to say why: `end_reason` is the value of a `core.links.LinkEnd`.
    """

    __tablename__ = "account_links"
    __table_args__ = (
        CheckConstraint("kind IN ('password_reset', 'email_confirmation')", name="kind"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    kind: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    email: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


Index("ix_account_links_end", func.coalesce(AccountLink.ended_at, AccountLink.expires_at))
