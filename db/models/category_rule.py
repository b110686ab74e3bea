"""Organizations' own rules of which domains are of which category, in every version they ever had."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class CategoryRulesVersion(Base):
    """A change of an organization's rules, when and by whom (None: an account that is gone). Numbered from 1."""

    __tablename__ = "category_rules_versions"

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)


class CategoryRule(Base):
    """A rule from version `since` on, until the version before `until` (None: it holds).

    `category` holds the value of a `core.categories.Category`.
    """

    __tablename__ = "category_rules"
    __table_args__ = (
        CheckConstraint(
            "category IN ('work_tools', 'development', 'research', 'communication', 'distractions', 'other')",
            name="category",
        ),
        Index(
            "uq_category_rules_organization_id_pattern",
            "organization_id",
            "pattern",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True)
    pattern: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[int] = mapped_column(primary_key=True)
    until: Mapped[int | None]
    category: Mapped[str]
