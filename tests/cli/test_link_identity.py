import pytest

from db.queries import identities
from tests.auth.accounts import quick_user
from tests.cli.test_command_line import configured, run, surroundings
from tests.world import World

__all__ = ["configured", "surroundings"]

ISSUER = "https://login.example"


@pytest.mark.usefixtures("configured")
async def test_an_identity_is_linked_once_and_moved_only_on_demand(world: World, monkeypatch: pytest.MonkeyPatch):
    ada, bob = await quick_user(world, "Ada"), await quick_user(world, "Bob")
    await world.sign_in(ada)
    without = await run("link-identity", "ada", "4711")
    monkeypatch.setenv("OIDC_ISSUER", ISSUER)
    monkeypatch.setenv("OIDC_CLIENT_ID", "web-behavior")

    linked = await run("link-identity", "ADA", "4711")
    again = await run("link-identity", "ada", "4711", "--issuer", ISSUER)
    refused = await run("link-identity", "bob", "4711")
    moved = await run("link-identity", "bob", "4711", "--replace")
    unknown = await run("link-identity", "nobody", "4711")

    assert "--issuer, or OIDC_ISSUER" in str(without.exception)
    assert "4711 of https://login.example signs in to ADA" in linked.stderr
    assert [result.exit_code for result in (linked, again, moved)] == [0, 0, 0]
    assert str(refused.exception) == "That identity is linked to Ada. To take it from them, add --replace."
    assert str(unknown.exception) == "There is no user named nobody."
    async with world.services.database.read() as db:
        assert await identities.account_of(db, ISSUER, "4711") == bob.id
        assert (await db.exec_driver_sql("SELECT count(*) FROM sign_ins")).scalar_one() == 0
        actions = (await db.exec_driver_sql("SELECT action, subject_id FROM audit_entries ORDER BY at, id")).all()
    assert [tuple(row) for row in actions] == [("identity_linked", ada.id), ("identity_linked", bob.id)]
