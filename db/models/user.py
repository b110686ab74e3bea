"""People who sign in to ask questions."""

from uuid import UUID

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamped


class User(Timestamped, Base):
    """An account. Usernames are unique whatever their case; `password_hash` is argon2id, or bcrypt from before."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    username: Mapped[str]
    password_hash: Mapped[str | None]
    is_super_admin: Mapped[bool] = mapped_column(server_default="false")


Index("uq_users_username", func.lower(User.username), unique=True)
