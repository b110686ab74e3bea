"""Default partitions of what hangs off time: months that have none of their own share them.

Attaching an empty table reads nothing and lets readers and writers pass, however many partitions there are.
"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_COLUMNS = {"behaviors": "ts", "runs": "first_ts", "hours": "hour"}


def upgrade() -> None:
    for parent, column in _COLUMNS.items():
        op.execute(f"CREATE TABLE {parent}_default (LIKE {parent} INCLUDING DEFAULTS)")
        op.execute(f"ALTER TABLE {parent} ATTACH PARTITION {parent}_default DEFAULT")
        # Its months are looked for along this index: the tables of months need none.
        op.execute(f"CREATE INDEX ix_{parent}_default_{column} ON {parent}_default ({column})")


def downgrade() -> None:
    """Give every month in a default partition tables of its own, as the version before this one expects them."""
    for parent in _COLUMNS:
        op.execute(f"ALTER TABLE {parent} DETACH PARTITION {parent}_default")
    for parent, column in _COLUMNS.items():
        months = op.get_bind().execute(
            sa.text(f"SELECT DISTINCT date_trunc('month', {column} AT TIME ZONE 'UTC') FROM {parent}_default")  # noqa: S608 - constants
        )
        for month in [row[0].date() for row in months]:
            end = date(month.year + month.month // 12, month.month % 12 + 1, 1)
            op.execute(
                f"CREATE TABLE {parent}_{month:%Y_%m} PARTITION OF {parent} "
                f"FOR VALUES FROM ('{month}T00:00:00Z') TO ('{end}T00:00:00Z')"
            )
        op.execute(f"INSERT INTO {parent} SELECT * FROM {parent}_default")  # noqa: S608 - constants
        op.execute(f"DROP TABLE {parent}_default")
