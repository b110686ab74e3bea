"""Teams, the people in them, and their leads."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamped


class Team(Timestamped, Base):
    """Some of an organization's people. Its name is unique in the organization by its normalized form."""

    __tablename__ = "teams"
    __table_args__ = (UniqueConstraint("organization_id", "normalized_name"), UniqueConstraint("id", "organization_id"))

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


class TeamLead(Base):
    """A member who leads a team of the organization, which gives rights as long as their role there is LEAD."""

    __tablename__ = "team_leads"
    __table_args__ = (
        ForeignKeyConstraint(["team_id", "organization_id"], ["teams.id", "teams.organization_id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["organization_id", "user_id"], ["memberships.organization_id", "memberships.user_id"], ondelete="CASCADE"
        ),
    )

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    appointed_at: Mapped[datetime] = mapped_column(server_default=func.now())
