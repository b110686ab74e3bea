"""People whose browsing is recorded."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Double, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamped


class ExtensionUser(Timestamped, Base):
    """A person with the extension, in one organization for good.

    Of the API key only the SHA-256 and the first characters are kept. Usernames are unique within the organization
    by their normalized form. With `shares_name` somebody had their name before that was so, and shares it.
    """

    __tablename__ = "extension_users"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    username: Mapped[str]
    normalized_username: Mapped[str]
    shares_name: Mapped[bool] = mapped_column(server_default="false")
    is_active: Mapped[bool] = mapped_column(server_default="true")
    api_key_hash: Mapped[bytes] = mapped_column(unique=True)
    api_key_prefix: Mapped[str]
    last_used_at: Mapped[datetime | None]
    last_keyless_event_at: Mapped[datetime | None]
    clock_skew_seconds: Mapped[float | None] = mapped_column(Double)


Index(
    "uq_extension_users_organization_id_username",
    ExtensionUser.organization_id,
    func.lower(ExtensionUser.username),
    unique=True,
)
Index(
    "uq_extension_users_organization_id_normalized_username",
    ExtensionUser.organization_id,
    ExtensionUser.normalized_username,
    unique=True,
    postgresql_where=~ExtensionUser.shares_name,
)
