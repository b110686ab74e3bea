"""The first tables: accounts, organizations, extension users, sign-ins, events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_INSTANT = sa.DateTime(timezone=True)


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False)


def _times() -> list[sa.Column[object]]:
    return [
        sa.Column(name, _INSTANT, server_default=sa.func.now(), nullable=False) for name in ("created_at", "updated_at")
    ]


def upgrade() -> None:
    _create_accounts()
    _create_extension_users()
    _create_sign_ins()
    _create_events()


def _create_accounts() -> None:
    op.create_table(
        "users",
        _id(),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("is_super_admin", sa.Boolean(), server_default=sa.false(), nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.create_index("uq_users_username", "users", [sa.text("lower(username)")], unique=True)
    op.create_table(
        "organizations",
        _id(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        *_times(),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
    )
    op.create_table(
        "memberships",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("joined_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name="pk_memberships"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_memberships_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_memberships_user_id", ondelete="CASCADE"),
        sa.CheckConstraint("role IN ('admin', 'member', 'viewer')", name="ck_memberships_role"),
    )
    op.create_index("ix_memberships_user_id", "memberships", ["user_id"])


def _create_extension_users() -> None:
    op.create_table(
        "extension_users",
        _id(),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("api_key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("api_key_prefix", sa.Text(), nullable=False),
        sa.Column("last_used_at", _INSTANT),
        *_times(),
        sa.PrimaryKeyConstraint("id", name="pk_extension_users"),
        sa.UniqueConstraint("api_key_hash", name="uq_extension_users_api_key_hash"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_extension_users_organization_id", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "uq_extension_users_organization_id_username",
        "extension_users",
        ["organization_id", sa.text("lower(username)")],
        unique=True,
    )


def _create_sign_ins() -> None:
    op.create_table(
        "sign_ins",
        _id(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sign_ins_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_sign_ins_user_id", "sign_ins", ["user_id"])
    op.create_index("ix_sign_ins_expires_at", "sign_ins", ["expires_at"])
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sign_in_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("used_at", _INSTANT),
        sa.PrimaryKeyConstraint("token_hash", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(
            ["sign_in_id"], ["sign_ins.id"], name="fk_refresh_tokens_sign_in_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_refresh_tokens_sign_in_id", "refresh_tokens", ["sign_in_id"])


def _create_events() -> None:
    op.create_table(
        "behaviors",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("ts", _INSTANT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid()),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("x", sa.SmallInteger()),
        sa.Column("y", sa.SmallInteger()),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text()),
        sa.PrimaryKeyConstraint("user_id", "ts", "id", name="pk_behaviors"),
        postgresql_partition_by="RANGE (ts)",
    )
    op.create_table(
        "rejected_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rejected_events"),
    )
    op.create_index("ix_rejected_events_received_at", "rejected_events", ["received_at"])


def downgrade() -> None:
    for table in (
        "rejected_events",
        "behaviors",
        "refresh_tokens",
        "sign_ins",
        "extension_users",
        "memberships",
        "organizations",
        "users",
    ):
        op.drop_table(table)
