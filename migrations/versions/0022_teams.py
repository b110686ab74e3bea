"""Teams of an organization's people."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "teams",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("normalized_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_teams_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_teams"),
        sa.UniqueConstraint("organization_id", "normalized_name", name="uq_teams_organization_id_normalized_name"),
    )
    op.create_table(
        "team_people",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("extension_user_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_team_people_team_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["extension_user_id"],
            ["extension_users.id"],
            name="fk_team_people_extension_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("team_id", "extension_user_id", name="pk_team_people"),
    )
    op.create_index("ix_team_people_extension_user_id", "team_people", ["extension_user_id"])


def downgrade() -> None:
    op.drop_table("team_people")
    op.drop_table("teams")
