from typing import Any
from uuid import UUID

import bcrypt
import pytest
from sqlalchemy import text

from core.limits import DESCRIPTION_CHARACTERS, NAME_CHARACTERS
from core.roles import Role
from db.queries.users import by_username
from legacy.report import Finding, Rows
from tests.auth.test_login import LOGIN
from tests.legacy.conftest import TakeOver, oddities
from tests.legacy.old_service import OldService
from tests.rest_requests import execute
from tests.world import World

PASSWORD = "an old password"
LATER = "2099-01-01T00:00:00"


def hashed(password: str = PASSWORD) -> str:
    """As Go's bcrypt writes it, quickly."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4, b"2a")).decode()


async def rows(world: World, query: str) -> list[Any]:
    async with world.services.database.read() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def signs_in(world: World, username: str, password: str = PASSWORD) -> bool:
    answer = await world.stranger.ask(LOGIN, username=username, password=password)
    return "viewer" in answer["login"]


async def test_an_account_keeps_its_id_its_password_and_its_times(world: World, old: OldService, take_over: TakeOver):
    ada = await old.account("Ada", password=hashed(), created_at="2024-05-06T07:08:09.123456")

    report = await take_over()

    assert report.accounts == Rows(found=1, imported=1)
    assert oddities(report) == {}
    assert await rows(world, "SELECT id, username, is_super_admin, created_at::text FROM users") == [
        (ada, "Ada", False, "2024-05-06 07:08:09.123456+00")
    ]
    assert not await signs_in(world, "ada", "a wrong password")
    assert await signs_in(world, "ada")


async def test_an_old_password_is_hashed_anew_at_the_first_sign_in(world: World, old: OldService, take_over: TakeOver):
    await old.account("ada", password=hashed())
    await take_over()

    [(before,)] = await rows(world, "SELECT password_hash FROM users")
    await signs_in(world, "ada")
    [(after,)] = await rows(world, "SELECT password_hash FROM users")

    assert before.startswith("$2a$04$")
    assert after.startswith("$argon2id$")
    assert await signs_in(world, "ada")


@pytest.mark.parametrize(
    ("password", "finding"),
    [(None, Finding.NO_PASSWORD), ("", Finding.NO_PASSWORD), ("in the clear", Finding.UNREADABLE)],
)
async def test_what_is_no_password_hash_is_not_kept(
    world: World, old: OldService, take_over: TakeOver, password: str | None, finding: Finding
):
    await old.account("ada", password=password)

    report = await take_over()

    assert oddities(report) == {finding: 1}
    assert await rows(world, "SELECT password_hash FROM users") == [(None,)]
    assert not await signs_in(world, "ada", password or "")
    assert "in the clear" not in str(report.as_json())


async def test_super_admins_stay_super_admins_and_are_told(world: World, old: OldService, take_over: TakeOver):
    await old.account("root", password=hashed(), is_super_admin=True)
    await old.account("nobody", password=hashed(), is_super_admin=None)

    report = await take_over()

    assert report.oddities[Finding.SUPER_ADMIN].examples == ["root"]
    found = await rows(world, "SELECT username, is_super_admin FROM users ORDER BY username")
    assert found == [("nobody", False), ("root", True)]


async def test_names_never_join_two_accounts(world: World, old: OldService, take_over: TakeOver):
    await world.user_with_password("ADA")
    await old.account("ada", password=hashed(), created_at="2024-01-01T00:00:00")
    await old.account("Ada", password=hashed("another old one"), created_at="2024-01-02T00:00:00")

    report = await take_over()

    assert [name for (name,) in await rows(world, "SELECT username FROM users ORDER BY username")] == [
        "ADA",
        "Ada (3)",
        "ada (2)",
    ]
    assert oddities(report) == {Finding.NAME_TAKEN: 2}
    assert not await signs_in(world, "ada")
    assert await signs_in(world, "ada (2)")
    assert await signs_in(world, "Ada (3)", "another old one")


async def test_names_are_composed_and_never_join_two_accounts_in_any_form(
    world: World, old: OldService, take_over: TakeOver
):
    await world.user_with_password("José")
    await world.organization("STRASSE")
    await old.organization("Straße")
    await old.account("Jose\u0301", password=hashed())
    await old.account("می\u200cخواهم", password=hashed())

    report = await take_over()

    assert oddities(report) == {Finding.NAME_TAKEN: 1, Finding.SAME_NAME: 1}
    assert {name for (name,) in await rows(world, "SELECT username FROM users")} == {
        "José",
        "José (2)",
        "می\u200cخواهم",
    }
    assert await signs_in(world, "JOSE\u0301 (2)")


async def test_names_beyond_our_rules_are_mended(world: World, old: OldService, take_over: TakeOver):
    nameless = await old.account(" \t", password=hashed())
    await old.account("n" * 400, password=hashed())
    await old.account("a\nb\u202e", password=hashed())

    report = await take_over()

    assert oddities(report) == {Finding.NAME_UNUSABLE: 3}
    found = {name for (name,) in await rows(world, "SELECT username FROM users")}
    assert found == {f"account {nameless.hex[:8]}", "n" * NAME_CHARACTERS, "ab"}


async def test_long_names_that_meet_are_numbered_within_the_limit(world: World, old: OldService, take_over: TakeOver):
    await old.account("n" * 300, password=hashed())
    await old.account("n" * 301, password=hashed())

    await take_over()

    names = [name for (name,) in await rows(world, "SELECT username FROM users ORDER BY username")]
    assert sorted(map(len, names)) == [NAME_CHARACTERS, NAME_CHARACTERS]
    assert any(name.endswith("n (2)") for name in names)


async def test_organizations_and_memberships_are_taken_over(world: World, old: OldService, take_over: TakeOver):
    acme = await old.organization("Acme", description=" makes things ")
    members = {
        role: await old.account(role, password=hashed()) for role in ("admin", "Member", " viewer", "owner", "none")
    }
    for role, user_id in members.items():
        await old.member(user_id, acme, None if role == "none" else role)

    report = await take_over()

    assert await rows(world, "SELECT id, name, description FROM organizations") == [(acme, "Acme", "makes things")]
    found = dict(await rows(world, "SELECT user_id, role FROM memberships"))
    assert found == {
        members["admin"]: Role.ADMIN.value,
        members["Member"]: Role.MEMBER.value,
        members[" viewer"]: Role.VIEWER.value,
        members["owner"]: Role.VIEWER.value,
        members["none"]: Role.VIEWER.value,
    }
    assert report.memberships == Rows(found=5, imported=5)
    assert oddities(report)[Finding.UNKNOWN_ROLE] == 2
    assert any("'owner'" in example for example in report.oddities[Finding.UNKNOWN_ROLE].examples)


async def test_what_is_taken_over_requires_no_keys_and_a_later_run_leaves_it_as_it_is(
    world: World, old: OldService, take_over: TakeOver
):
    acme, beta = await old.organization("Acme"), await old.organization("Beta")
    ada = await old.person("ada", acme)
    await old.event(ada)
    await take_over()
    first = await rows(world, "SELECT id, requires_api_key FROM organizations")
    people = await rows(world, "SELECT id, last_keyless_event_at FROM extension_users")
    await execute(world.services, "UPDATE organizations SET requires_api_key = true WHERE id = :id", id=acme)

    await old.event(ada, event_type="blur")
    report = await take_over()

    assert dict(first) == {acme: False, beta: False}
    assert people == [(ada, None)]
    assert report.events.imported == 1
    assert dict(await rows(world, "SELECT id, requires_api_key FROM organizations")) == {acme: True, beta: False}


async def test_memberships_of_nobody_or_nothing_are_left_out(world: World, old: OldService, take_over: TakeOver):
    acme, ada = await old.organization(), await old.account("ada", password=hashed())
    await old.member(ada, acme, "admin")
    await old.member(ada, acme, "viewer")
    await old.member(UUID(int=7), acme)
    await old.member(ada, UUID(int=8))
    await old.execute("INSERT INTO user_organization_access DEFAULT VALUES")

    report = await take_over()

    assert len(await rows(world, "SELECT 1 FROM memberships")) == 1
    assert report.memberships == Rows(found=5, imported=1, left_out=4)
    assert oddities(report) == {Finding.SAME_MEMBER: 1, Finding.NO_SUCH_MEMBER: 3}


async def test_organizations_are_mended_and_may_share_a_name(world: World, old: OldService, take_over: TakeOver):
    await world.organization("Acme")
    await old.organization("Acme")
    nameless = await old.organization(None, description="d" * 3000)

    report = await take_over()

    assert oddities(report) == {Finding.SAME_NAME: 1, Finding.NAME_UNUSABLE: 1, Finding.DESCRIPTION_CUT: 1}
    found = dict(await rows(world, "SELECT name, length(description) FROM organizations WHERE description <> ''"))
    assert found == {f"organization {nameless.hex[:8]}": DESCRIPTION_CHARACTERS}
    assert len(await rows(world, "SELECT 1 FROM organizations WHERE name = 'Acme'")) == 2


async def test_a_second_run_finds_everything_here_and_changes_nothing(
    world: World, old: OldService, take_over: TakeOver
):
    acme, ada = await old.organization(), await old.account("ada", password=hashed())
    await old.member(ada, acme)
    await take_over()
    await execute(world.services, "UPDATE users SET username = 'Ada Lovelace'")
    await execute(world.services, "UPDATE memberships SET role = 'viewer'")

    report = await take_over()

    for table in (report.organizations, report.accounts, report.memberships):
        assert table == Rows(found=1, already_here=1)
    assert oddities(report) == {}
    assert await rows(world, "SELECT username, role FROM users JOIN memberships ON user_id = users.id") == [
        ("Ada Lovelace", "viewer")
    ]


async def test_what_was_deleted_here_does_not_come_back(world: World, old: OldService, take_over: TakeOver):
    acme, ada = await old.organization(), await old.account("ada", password=hashed())
    await old.member(ada, acme)
    await take_over()
    await execute(world.services, "DELETE FROM organizations")

    report = await take_over()

    assert report.organizations == Rows(found=1, deleted_here=1)
    assert report.memberships == Rows(found=1, deleted_here=1)
    assert oddities(report) == {Finding.DELETED_HERE: 2}
    assert await rows(world, "SELECT 1 FROM organizations") == []


async def test_a_password_that_was_changed_there_later_comes_along(world: World, old: OldService, take_over: TakeOver):
    ada = await old.account("ada", password=hashed())
    await take_over()
    asker = await world.sign_in(await _account(world))
    await old.execute("UPDATE users SET password = $1, updated_at = $2::text::timestamp", hashed("a new one"), LATER)

    report = await take_over()
    again = await take_over()

    assert report.accounts == Rows(found=1, already_here=1, changed=1)
    assert again.accounts == Rows(found=1, already_here=1)
    assert report.oddities[Finding.CHANGED_LATER].examples == ["the password of ada"]
    assert (await asker.refused("{ viewer { username } }"))["extensions"]["code"] == "UNAUTHENTICATED"
    assert await signs_in(world, "ada", "a new one")
    assert ada == (await _account(world)).id


async def test_a_password_that_was_changed_here_later_stays(world: World, old: OldService, take_over: TakeOver):
    await old.account("ada", password=hashed())
    await take_over()
    assert await signs_in(world, "ada")  # which hashes it anew
    await old.execute("UPDATE users SET password = $1, updated_at = '2025-06-01'", hashed("meanwhile, there"))

    report = await take_over()

    assert report.accounts.changed == 0
    assert await signs_in(world, "ada")


async def test_an_account_of_ours_is_not_changed_by_one_with_its_id(world: World, old: OldService, take_over: TakeOver):
    ours = await world.user_with_password("ada")
    await old.account("eve", id=str(ours.id), password=hashed(), is_super_admin=True, updated_at=LATER)

    report = await take_over()

    assert report.accounts == Rows(found=1, already_here=1)
    assert await rows(world, "SELECT username, is_super_admin FROM users") == [("ada", False)]
    assert not await signs_in(world, "ada")


async def test_of_rows_with_the_same_id_the_oldest_is_taken(world: World, old: OldService, take_over: TakeOver):
    await old.execute("ALTER TABLE users DROP CONSTRAINT users_pkey")
    ada = await old.account("ada", password=hashed(), created_at="2024-01-01T00:00:00")
    await old.account("eve", id=str(ada), password=hashed(), created_at="2024-01-02T00:00:00")

    report = await take_over()

    assert report.accounts == Rows(found=2, imported=1, left_out=1)
    assert oddities(report) == {Finding.SAME_ID: 1}
    assert await rows(world, "SELECT username FROM users") == [("ada",)]


async def _account(world: World) -> Any:
    async with world.services.database.read() as connection:
        return await by_username(connection, "ada")
