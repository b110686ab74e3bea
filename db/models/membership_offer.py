"""Memberships that were offered, and that nobody has accepted yet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class MembershipOffer(Base):
    """An offer of membership to whoever has a username, open until it is accepted, withdrawn or expired.

    `username` is as the admin wrote it, and unique in the organization by its normalized form. `user_id` is the account
    that had this name at that moment; None where there was none, and then nobody can ever accept the offer. A declined
    offer stays, for its disappearance would tell the organization that the account exists.

    `user_id` and `offered_by` have no foreign keys: checking one would take longer for a name that has an account.
    """

    __tablename__ = "membership_offers"
    __table_args__ = (CheckConstraint("role IN ('admin', 'member', 'viewer', 'lead')", name="role"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    username: Mapped[str]
    normalized_username: Mapped[str]
    shares_name: Mapped[bool] = mapped_column(server_default="false")
    user_id: Mapped[UUID | None] = mapped_column(index=True)
    role: Mapped[str]
    offered_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    declined_at: Mapped[datetime | None]


Index(
    "uq_membership_offers_organization_id_username",
    MembershipOffer.organization_id,
    func.lower(MembershipOffer.username),
    unique=True,
)
Index(
    "uq_membership_offers_organization_id_normalized_username",
    MembershipOffer.organization_id,
    MembershipOffer.normalized_username,
    unique=True,
    postgresql_where=~MembershipOffer.shares_name,
)
