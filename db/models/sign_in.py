"""Sign-ins and the refresh tokens that keep them alive."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class SignIn(Base):
    """One sign-in: the tokens that began with a password or single sign-on. Deleting it ends them all at once.

    `successor_seed`: with the refresh token that was used last it makes its successor; None before the first refresh.
    `ends_at`: when it ends at the latest, of a sign-in by single sign-on; None for one with a password.
    `client`: the User-Agent that began it or refreshed it last; `last_used_at`: the time of that.
    """

    __tablename__ = "sign_ins"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    successor_seed: Mapped[bytes | None]
    client: Mapped[str | None]
    last_used_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ends_at: Mapped[datetime | None]


class RefreshToken(Base):
    """A refresh token, by its SHA-256. A used one is kept until its sign-in ends: seen again, it betrays a thief."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    sign_in_id: Mapped[UUID] = mapped_column(ForeignKey("sign_ins.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
