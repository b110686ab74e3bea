"""API tokens of service accounts and of users."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from db.models.base import Base


class ApiToken(Base):
    """An API token, by its SHA-256, and with it the service account whose only credential it is.

    It belongs either to an organization, as a service account, or to a user, and goes with its owner. `id` is the
    service account's id in the audit log. `created_by` has no foreign key: the token outlives the admin's account.
    """

    __tablename__ = "api_tokens"
    __table_args__ = (CheckConstraint("(organization_id IS NULL) <> (user_id IS NULL)", name="owner"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    token_prefix: Mapped[str]
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    last_used_at: Mapped[datetime | None]
