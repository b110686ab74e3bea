"""Sign-ins: what the refresh token that was used last and its successor have in common."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("successor_seed", sa.LargeBinary()))


def downgrade() -> None:
    op.drop_column("sign_ins", "successor_seed")
