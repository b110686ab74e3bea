"""Rollups: hours that were put aside, how far a rebuild is, and an index that knows when an hour was marked first."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "deferred_hours",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "hour", name="pk_deferred_hours"),
    )
    op.create_table(
        "rollup_rebuilds",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("month", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_user_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_rollup_rebuilds_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_rollup_rebuilds"),
    )
    op.add_column("dirty_hours", sa.Column("events", sa.Integer(), server_default="0", nullable=False))
    op.drop_index("ix_dirty_hours_user_id_hour", "dirty_hours")
    op.create_index("ix_dirty_hours_user_id_hour_marked_at", "dirty_hours", ["user_id", "hour", "marked_at"])


def downgrade() -> None:
    op.drop_index("ix_dirty_hours_user_id_hour_marked_at", "dirty_hours")
    op.create_index("ix_dirty_hours_user_id_hour", "dirty_hours", ["user_id", "hour"])
    op.drop_column("dirty_hours", "events")
    op.drop_table("rollup_rebuilds")
    op.drop_table("deferred_hours")
