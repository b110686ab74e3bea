"""Retention per organization, and the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("organizations", sa.Column("retention_days", sa.Integer()))
    op.create_check_constraint(op.f("ck_organizations_retention_days"), "organizations", "retention_days >= 1")
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("organization_id", sa.Uuid()),
        sa.Column("subject_id", sa.Uuid()),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_subject_id", "audit_entries", ["subject_id"])
    op.create_index("ix_audit_entries_organization_id_id", "audit_entries", ["organization_id", "id"])


def downgrade() -> None:
    op.drop_table("audit_entries")
    op.drop_constraint(op.f("ck_organizations_retention_days"), "organizations")
    op.drop_column("organizations", "retention_days")
