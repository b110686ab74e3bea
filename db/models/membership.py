"""Accounts' memberships of organizations, with their roles."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Membership(Base):
    """A user's role in an organization. `role` holds the value of a `core.roles.Role`.

    `by_sso`: it follows the user's groups at the provider of single sign-on.
    """

    __tablename__ = "memberships"
    __table_args__ = (CheckConstraint("role IN ('admin', 'member', 'viewer', 'lead')", name="role"),)

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str]
    joined_at: Mapped[datetime] = mapped_column(server_default=func.now())
    by_sso: Mapped[bool] = mapped_column(server_default="false")
