"""Rollups of whole hours.

Every hour is marked, so that its rollups are made in the background; until then answers are computed from its events.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0003"
down_revision = "0002"

_INSTANT = sa.DateTime(timezone=True)
_COUNTS = ("events", "active_events", "tracked_minutes", "engaged_minutes")
_ARRAYS: dict[str, sa.types.TypeEngine[Any]] = {
    "session_ids": sa.Text(),
    "session_first": _INSTANT,
    "session_last": _INSTANT,
    "session_domains": sa.Text(),
    "domains": sa.Text(),
    "domain_events": sa.Integer(),
    "domain_active_events": sa.Integer(),
    "domain_tracked_minutes": sa.Integer(),
    "domain_engaged_minutes": sa.Integer(),
    "domain_us": sa.BigInteger(),
    "segment_first": _INSTANT,
    "segment_last": _INSTANT,
    "segment_events": sa.Integer(),
    "segment_switches": sa.Integer(),
    "segment_first_domains": sa.Text(),
    "segment_last_domains": sa.Text(),
    "segment_parts_from": sa.Integer(),
    "segment_parts_to": sa.Integer(),
    "part_domains": sa.Text(),
    "part_us": sa.BigInteger(),
}


def upgrade() -> None:
    op.create_table(
        "hours",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hour", _INSTANT, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        *(sa.Column(name, ARRAY(kind), nullable=False) for name, kind in _ARRAYS.items()),
        sa.PrimaryKeyConstraint("user_id", "hour", name="pk_hours"),
        postgresql_partition_by="RANGE (hour)",
    )
    _make_partitions()
    op.execute(
        "INSERT INTO dirty_hours (user_id, hour) SELECT DISTINCT user_id, date_trunc('hour', ts, 'UTC') FROM behaviors"
    )


def _make_partitions() -> None:
    """A partition for each that behaviors has, under a name made from its own, with the same bounds."""
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
                    'CREATE TABLE %I PARTITION OF hours %s', replace(part.name, 'behaviors', 'hours'), part.bounds
                );
            END LOOP;
        END $$
    """)


def downgrade() -> None:
    op.drop_table("hours")
