"""Organizations may require API keys, and when an event last came without one is known of each person."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column(
        "organizations", sa.Column("requires_api_key", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("extension_users", sa.Column("last_keyless_event_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("extension_users", "last_keyless_event_at")
    op.drop_column("organizations", "requires_api_key")
