"""API tokens of service accounts and users, and the tokens by which something was done in the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_prefix", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Uuid()),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("(organization_id IS NULL) <> (user_id IS NULL)", name=op.f("ck_api_tokens_owner")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_api_tokens_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_api_tokens_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
    )
    for column in ("organization_id", "user_id", "expires_at"):
        op.create_index(f"ix_api_tokens_{column}", "api_tokens", [column])
    op.add_column("audit_entries", sa.Column("token_id", sa.Uuid()))


def downgrade() -> None:
    op.drop_column("audit_entries", "token_id")
    op.drop_table("api_tokens")
