"""Organizations' own rules of which domains are of which category."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "category_rules_versions",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("changed_by", sa.Uuid()),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_category_rules_versions_organization_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["users.id"], name="fk_category_rules_versions_changed_by", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("organization_id", "version", name="pk_category_rules_versions"),
    )
    op.create_index("ix_category_rules_versions_changed_by", "category_rules_versions", ["changed_by"])
    op.create_table(
        "category_rules",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer()),
        sa.Column("category", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "category IN ('work_tools', 'development', 'research', 'communication', 'distractions', 'other')",
            name="ck_category_rules_category",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_category_rules_organization_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "pattern", "since", name="pk_category_rules"),
    )
    op.create_index(
        "uq_category_rules_organization_id_pattern",
        "category_rules",
        ["organization_id", "pattern"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("category_rules")
    op.drop_table("category_rules_versions")
