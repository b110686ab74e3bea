"""Leads of teams, and the role of a member who sees the people of these teams alone."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

_CONSTRAINTS = {
    "memberships": "ck_memberships_ck_memberships_role",  # as the first migration has named it
    "membership_offers": "ck_membership_offers_role",
    "invitations": "ck_invitations_role",
}


def upgrade() -> None:
    _set_roles("'admin', 'member', 'viewer', 'lead'")
    op.create_unique_constraint("uq_teams_id_organization_id", "teams", ["id", "organization_id"])
    op.create_table(
        "team_leads",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("appointed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id", "organization_id"],
            ["teams.id", "teams.organization_id"],
            name="fk_team_leads_team_id_organization_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["memberships.organization_id", "memberships.user_id"],
            name="fk_team_leads_organization_id_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", "team_id", name="pk_team_leads"),
    )
    op.create_index("ix_team_leads_team_id", "team_leads", ["team_id"])


def downgrade() -> None:
    op.drop_table("team_leads")
    op.drop_constraint("uq_teams_id_organization_id", "teams")
    for table in _CONSTRAINTS:  # without their teams they had no rights, and no other role gives so few
        rows = sa.table(table, sa.column("role"))
        op.execute(sa.delete(rows).where(rows.c.role == "lead"))
    _set_roles("'admin', 'member', 'viewer'")


def _set_roles(roles: str) -> None:
    for table, name in _CONSTRAINTS.items():
        op.drop_constraint(op.f(name), table)
        op.create_check_constraint(op.f(name), table, f"role IN ({roles})")
