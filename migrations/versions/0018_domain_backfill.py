"""The people whose stored domains are brought to today's spelling in the background: everybody who is there."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "domain_backfill",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid()),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position_ts", sa.DateTime(timezone=True)),
        sa.Column("position_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("user_id", name="pk_domain_backfill"),
    )
    # An hour later: until then processes of the version before may store events in the spelling of that time.
    op.execute(
        "INSERT INTO domain_backfill (user_id, organization_id, due_at) "
        "SELECT id, organization_id, now() + interval '1 hour' FROM extension_users "
        "UNION ALL SELECT '00000000-0000-0000-0000-000000000000', NULL, now() + interval '1 hour'"
    )


def downgrade() -> None:
    op.drop_table("domain_backfill")
