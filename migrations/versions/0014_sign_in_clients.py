"""Sign-ins: the client that uses them, and the last time. Those that exist count as used now."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("client", sa.Text()))
    op.add_column(
        "sign_ins", sa.Column("last_used_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("sign_ins", "last_used_at")
    op.drop_column("sign_ins", "client")
