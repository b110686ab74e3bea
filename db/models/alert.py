"""Alert rules of organizations, and the alerts that fired by them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Double, ForeignKey, Index, Integer, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamped


class AlertRule(Timestamped, Base):
    """A rule about a person, a team, or a whole organization, and the state that its last evaluation left.

    `filter` is the client's `where` as it is written in GraphQL's variables. Lengths of time are in seconds; times of
    the day are minutes after midnight. `problem` says why the last evaluations failed, `failures` how many did.
    """

    __tablename__ = "alert_rules"
    __table_args__ = (
        UniqueConstraint("organization_id", "normalized_name"),
        Index("ix_alert_rules_next_evaluation_at", "next_evaluation_at", postgresql_where=text("enabled")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    extension_user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("extension_users.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str]
    normalized_name: Mapped[str]
    measure: Mapped[str]
    filter: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    comparison: Mapped[str]
    limit_value: Mapped[float] = mapped_column(Double)
    clear_value: Mapped[float] = mapped_column(Double)
    window_seconds: Mapped[int] = mapped_column(Integer)
    hold_seconds: Mapped[int] = mapped_column(Integer)
    quiet_start: Mapped[int | None] = mapped_column(Integer)
    quiet_end: Mapped[int | None] = mapped_column(Integer)
    quiet_weekdays: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    quiet_timezone: Mapped[str | None]
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    next_evaluation_at: Mapped[datetime] = mapped_column(server_default=func.now())
    evaluated_at: Mapped[datetime | None]
    holds_since: Mapped[datetime | None]
    firing: Mapped[bool] = mapped_column(server_default=text("false"))
    problem: Mapped[str | None]
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class Alert(Base):
    """An alert: fired by a rule at an instant, and over at another. A rule has one at most that is firing."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_organization_id_fired_at_id", "organization_id", "fired_at", "id"),
        Index("ix_alerts_rule_id_fired_at_id", "rule_id", "fired_at", "id"),
        Index("uq_alerts_firing", "rule_id", unique=True, postgresql_where=text("resolved_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("alert_rules.id", ondelete="CASCADE"))
    fired_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    value: Mapped[float | None] = mapped_column(Double)
    value_before: Mapped[float | None] = mapped_column(Double)
