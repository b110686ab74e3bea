"""Identities at providers of single sign-on, memberships that follow groups there, and sign-ins that end by then."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_identities_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_identities"),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])
    op.add_column("memberships", sa.Column("by_sso", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("sign_ins", sa.Column("ends_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    # They have nobody's word any more, and no end.
    op.execute("DELETE FROM sign_ins WHERE ends_at IS NOT NULL")
    op.execute("DELETE FROM memberships WHERE by_sso")
    op.drop_column("sign_ins", "ends_at")
    op.drop_column("memberships", "by_sso")
    op.drop_table("identities")
