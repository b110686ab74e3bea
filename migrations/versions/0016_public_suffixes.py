"""The public suffix list. `db.public_suffixes` fills it, after the migration and whenever a newer list is installed."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "public_suffixes",
        sa.Column("suffix", sa.Text(), nullable=False),
        sa.Column("labels", sa.SmallInteger(), nullable=False),
        sa.Column("list_version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("suffix", name="pk_public_suffixes"),
    )


def downgrade() -> None:
    op.drop_table("public_suffixes")
