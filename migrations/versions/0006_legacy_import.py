"""The records `web-behavior import-legacy` keeps of the rows and days it has taken."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "legacy_rows",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_legacy_rows"),
    )
    op.create_table(
        "legacy_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", "events", "fingerprint", name="pk_legacy_days"),
    )


def downgrade() -> None:
    op.drop_table("legacy_days")
    op.drop_table("legacy_rows")
