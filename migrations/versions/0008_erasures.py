"""Erasures that have begun, and how far they are."""

import sqlalchemy as sa
from alembic import op

from db.migrate import CannotMigrate

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("extension_user_id", sa.Uuid()),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("phase", sa.Text(), server_default="events", nullable=False),
        sa.Column("place", sa.Uuid()),
        sa.Column("position_ts", sa.DateTime(timezone=True)),
        sa.Column("position_id", sa.Uuid()),
        sa.Column("extension_users", sa.Integer(), nullable=False),
        sa.Column("behaviors", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("runs", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rejected_events", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("phase IN ('events', 'rollups', 'done')", name=op.f("ck_erasures_phase")),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index(
        "ix_erasures_unfinished", "erasures", ["begun_at", "id"], postgresql_where=sa.text("finished_at IS NULL")
    )
    op.create_table(
        "erasure_subjects",
        sa.Column("erasure_id", sa.Uuid(), nullable=False),
        sa.Column("extension_user_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("erasure_id", "extension_user_id", name="pk_erasure_subjects"),
    )


def downgrade() -> None:
    # Nobody would know any more that what is left of these people is to go.
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM erasures WHERE finished_at IS NULL)")):
        raise CannotMigrate(
            "An erasure is under way. Let the service finish it first: `erasure(id)` tells how far it is."
        )
    op.drop_table("erasure_subjects")
    op.drop_table("erasures")
