"""Invitations to become a member, by a link."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Invitation(Base):
    """An invitation, by the SHA-256 of its link's token. Whoever has the link may accept it, once.

    One that has ended is kept for some days, for its link to say why: `end_reason` is the value of a
    `core.links.LinkEnd`. `invited_by` has no foreign key: it may be a service account.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("role IN ('admin', 'member', 'viewer', 'lead')", name="role"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    role: Mapped[str]
    email: Mapped[str]
    normalized_email: Mapped[str]
    invited_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


Index("ix_invitations_organization_id_created_at", Invitation.organization_id, Invitation.created_at, Invitation.id)
Index("ix_invitations_end", func.coalesce(Invitation.ended_at, Invitation.expires_at))
Index(
    "uq_invitations_organization_id_normalized_email",
    Invitation.organization_id,
    Invitation.normalized_email,
    unique=True,
    postgresql_where=text("ended_at IS NULL"),
)
