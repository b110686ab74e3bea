"""Links that have ended are kept for seven days, to say why, and then deleted."""

import pytest
from sqlalchemy import text

from auth.tokens import hash_of
from core.links import PASSWORD_RESET_LIFETIME
from db.queries import account_links
from db.queries.account_links import AccountLinkKind
from db.queries.housekeeping import remove_ended_account_links, remove_ended_invitations
from tests.links.requests import REVOKE, invited
from tests.schema.sample_tenants import run
from tests.world import World

_SHIFT = """UPDATE {table} SET created_at = created_at - make_interval(hours => :by),
    expires_at = expires_at - make_interval(hours => :by), ended_at = ended_at - make_interval(hours => :by)"""


@pytest.mark.parametrize(("hours", "left"), [(6 * 24, 2), (7 * 24 + 1, 1), (10 * 24 + 1, 0)])
async def test_invitations_go_seven_days_after_their_end(world: World, hours: int, left: int):
    acme = await world.organization()
    admin = await world.member(acme)
    await invited(admin, acme, "expires@example.com")
    revoked = await invited(admin, acme, "revoked@example.com")
    await run(admin, REVOKE, id=revoked["invitation"]["id"])

    async with world.services.database.write() as db:
        await db.execute(text(_SHIFT.format(table="invitations")), {"by": hours})
        await remove_ended_invitations(db, 100)
        assert await db.scalar(text("SELECT count(*) FROM invitations")) == left


@pytest.mark.parametrize(("hours", "left"), [(6 * 24, 1), (7 * 24 + 2, 0)])
async def test_links_of_accounts_go_too(world: World, hours: int, left: int):
    user = await world.user()

    async with world.services.database.write() as db:
        kind, lifetime = AccountLinkKind.PASSWORD_RESET, PASSWORD_RESET_LIFETIME
        await account_links.add(db, kind, user.id, hash_of("x"), "ada@example.com", lifetime)
        await db.execute(text(_SHIFT.format(table="account_links")), {"by": hours})
        await remove_ended_account_links(db, 100)
        assert await db.scalar(text("SELECT count(*) FROM account_links")) == left
