"""How far the clock of each person's browser is ahead."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("extension_users", sa.Column("clock_skew_seconds", sa.Double()))


def downgrade() -> None:
    op.drop_column("extension_users", "clock_skew_seconds")
