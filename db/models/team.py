"""Teams, and the people in them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamped


class Team(Timestamped, Base):
    """Some of an organization's people. Its name is unique in the organization by its normalized form."""

    __tablename__ = "teams"
    __table_args__ = (UniqueConstraint("organization_id", "normalized_name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    name: Mapped[str]
    normalized_name: Mapped[str]


class TeamPerson(Base):
    """A person in a team of their organization, which is theirs for good."""

    __tablename__ = "team_people"

    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    extension_user_id: Mapped[UUID] = mapped_column(
        ForeignKey("extension_users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())
