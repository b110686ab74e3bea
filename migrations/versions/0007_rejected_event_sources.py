"""Rejected events: whom those without a key name, in an indexed column instead of their text."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

# Only the newest 10,000 were ever to be kept. Where a flood has left more, the rest is not worth being read.
_REMOVE_FLOOD = """
    DELETE FROM rejected_events
    WHERE id <= (SELECT id FROM rejected_events ORDER BY id DESC OFFSET 10000 LIMIT 1)
"""
# As core/events.py reads it for new ones.
_FILL = """
    UPDATE rejected_events AS event SET named_user_id = CAST(named.digits AS uuid)
    FROM (
        SELECT id, replace(substring(payload from '"userId": "([0-9A-Fa-f-]{32,36})"'), '-', '') AS digits
        FROM rejected_events WHERE user_id IS NULL
    ) AS named
    WHERE event.id = named.id AND length(named.digits) = 32
"""


def upgrade() -> None:
    op.add_column("rejected_events", sa.Column("named_user_id", sa.Uuid()))
    op.execute(_REMOVE_FLOOD)
    op.execute(_FILL)
    for column in ("user_id", "named_user_id"):
        op.create_index(
            f"ix_rejected_events_{column}",
            "rejected_events",
            [column, "id"],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )


def downgrade() -> None:
    for column in ("user_id", "named_user_id"):
        op.drop_index(f"ix_rejected_events_{column}", "rejected_events")
    op.drop_column("rejected_events", "named_user_id")
