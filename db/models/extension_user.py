"""People whose browsing is recorded."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamped


class ExtensionUser(Timestamped, Base):
    """A person with the extension, in one organization for good.

    Of the API key only the SHA-256 and the first characters are kept. Usernames are unique within the organization,
    whatever their case.
    """

    __tablename__ = "extension_users"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    username: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default="true")
    api_key_hash: Mapped[bytes] = mapped_column(unique=True)
    api_key_prefix: Mapped[str]
    last_used_at: Mapped[datetime | None]


Index(
    "uq_extension_users_organization_id_username",
    ExtensionUser.organization_id,
    func.lower(ExtensionUser.username),
    unique=True,
)
