"""Rollups: runs of events, and marks of the hours whose runs are out of date.

The events that are there already are marked hour by hour, so that their runs are made in the background.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("first_ts", _INSTANT, nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("last_ts", _INSTANT, nullable=False),
        sa.Column("first_active_ts", _INSTANT),
        sa.Column("last_active_ts", _INSTANT),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("active_events", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text()),
        sa.PrimaryKeyConstraint("user_id", "first_ts", "first_id", name="pk_runs"),
        postgresql_partition_by="RANGE (first_ts)",
    )
    op.create_table(
        "dirty_hours",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hour", _INSTANT, nullable=False),
        sa.Column("marked_at", _INSTANT, server_default=sa.func.now(), nullable=False),
    )
    op.create_index("ix_dirty_hours_user_id_hour", "dirty_hours", ["user_id", "hour"])
    _make_partitions()
    op.execute(
        "INSERT INTO dirty_hours (user_id, hour) SELECT DISTINCT user_id, date_trunc('hour', ts, 'UTC') FROM behaviors"
    )


def _make_partitions() -> None:
    """A partition of runs for each that behaviors has, under a name made from its own, with the same bounds."""
    op.execute("""
        DO $$
        DECLARE
            part record;
        BEGIN
            FOR part IN
                SELECT child.relname AS name, pg_get_expr(child.relpartbound, child.oid) AS bounds
                FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
                WHERE inhparent = 'behaviors'::regclass
            LOOP
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF runs %s', replace(part.name, 'behaviors', 'runs'), part.bounds
                );
            END LOOP;
        END $$
    """)


def downgrade() -> None:
    op.drop_table("dirty_hours")
    op.drop_table("runs")
