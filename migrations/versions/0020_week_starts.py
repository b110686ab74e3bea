"""The first day of an organization's weeks: Monday, as for everybody before."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("organizations", sa.Column("week_start", sa.Text(), server_default="monday", nullable=False))
    op.create_check_constraint(
        op.f("ck_organizations_week_start"), "organizations", "week_start IN ('monday', 'sunday', 'saturday')"
    )


def downgrade() -> None:
    op.drop_column("organizations", "week_start")
