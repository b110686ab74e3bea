"""People who sign in to ask questions."""

from uuid import UUID

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamped


class User(Timestamped, Base):
    """An account. Usernames are unique by their normalized form; `password_hash` is argon2id, or bcrypt from before.

    With `shares_name` it had its name before that was so, and shares it with an older account. `email` was confirmed by
    a link that was mailed to it; several accounts may have the same.
    """

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    username: Mapped[str]
    normalized_username: Mapped[str]
    shares_name: Mapped[bool] = mapped_column(server_default="false")
    password_hash: Mapped[str | None]
    email: Mapped[str | None]
    is_super_admin: Mapped[bool] = mapped_column(server_default="false")


Index("uq_users_username", func.lower(User.username), unique=True)
Index("uq_users_normalized_username", User.normalized_username, unique=True, postgresql_where=~User.shares_name)
