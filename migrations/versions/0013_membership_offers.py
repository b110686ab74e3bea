"""Offers of membership. Memberships that exist stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "membership_offers",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("offered_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declined_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("role IN ('admin', 'member', 'viewer')", name=op.f("ck_membership_offers_role")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_membership_offers_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_membership_offers"),
    )
    op.create_index("ix_membership_offers_user_id", "membership_offers", ["user_id"])
    op.create_index("ix_membership_offers_expires_at", "membership_offers", ["expires_at"])
    op.create_index(
        "uq_membership_offers_organization_id_username",
        "membership_offers",
        ["organization_id", sa.text("lower(username)")],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("membership_offers")
