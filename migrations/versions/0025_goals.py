"""Goals of organizations, teams and people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "goals",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("extension_user_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("conditions", JSONB(none_as_null=True), nullable=True),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("at_least", sa.Float(), nullable=True),
        sa.Column("at_most", sa.Float(), nullable=True),
        sa.Column("weekdays", ARRAY(sa.SmallInteger()), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("num_nonnulls(extension_user_id, team_id) <= 1", name="ck_goals_subject"),
        sa.CheckConstraint("num_nonnulls(at_least, at_most) >= 1", name="ck_goals_bounds"),
        sa.CheckConstraint("\"interval\" IN ('day', 'week', 'month')", name="ck_goals_interval"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_goals_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["extension_user_id"], ["extension_users.id"], name="fk_goals_extension_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_goals_team_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_goals"),
    )
    op.create_index("ix_goals_organization_id_created_at_id", "goals", ["organization_id", "created_at", "id"])
    op.create_index("ix_goals_extension_user_id", "goals", ["extension_user_id"])
    op.create_index("ix_goals_team_id", "goals", ["team_id"])


def downgrade() -> None:
    op.drop_table("goals")
