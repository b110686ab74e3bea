"""Goals of organizations, teams and people."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamped


class Goal(Timestamped, Base):
    """Bounds of a measure in each bucket of an `interval`: of a person, of a team, or else of the organization.

    `measure`, `interval` and `weekdays` hold names of `db.metrics.measures`, values of `core.goals.GoalInterval` and
    numbers of days (1 is Monday). `conditions` is the filter in its client's words.
    """

    __tablename__ = "goals"
    __table_args__ = (
        CheckConstraint("num_nonnulls(extension_user_id, team_id) <= 1", name="subject"),
        CheckConstraint("num_nonnulls(at_least, at_most) >= 1", name="bounds"),
        CheckConstraint("\"interval\" IN ('day', 'week', 'month')", name="interval"),
        Index(None, "organization_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    extension_user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("extension_users.id", ondelete="CASCADE"), index=True
    )
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    measure: Mapped[str]
    conditions: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    interval: Mapped[str]
    at_least: Mapped[float | None]
    at_most: Mapped[float | None]
    weekdays: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger()))
    timezone: Mapped[str]
