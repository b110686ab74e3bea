from typing import Any
from uuid import UUID

from sqlalchemy import text

from legacy import queries
from legacy.people import IMPORT_ID
from legacy.report import Finding, Rows
from tests.legacy.conftest import TakeOver, oddities
from tests.legacy.old_service import OldService, api_key
from tests.rest_requests import AUTH, BATCH, event, execute, stored
from tests.world import World

LATER = "2099-01-01T00:00:00"


async def rows(world: World, query: str) -> list[Any]:
    async with world.services.database.read() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def test_an_old_key_keeps_working(world: World, old: OldService, take_over: TakeOver):
    key = api_key()
    ada = await old.person("ada", await old.organization("Acme"), api_key=key)

    report = await take_over()

    assert report.people == Rows(found=1, imported=1)
    assert oddities(report) == {}
    holder = (await world.http.get(AUTH, headers={"X-API-Key": key})).json()["data"]
    assert (holder["id"], holder["username"], holder["organization"]["name"]) == (str(ada), "ada", "Acme")
    body = {"events": [event(userId=str(ada))]}
    assert (await world.http.post(BATCH, json=body, headers={"X-API-Key": key})).json()["accepted"] == 1
    assert [row["user_id"] for row in await stored(world.services)] == [ada]
    kept = await rows(world, "SELECT api_key_prefix, encode(api_key_hash, 'escape') FROM extension_users")
    assert kept[0][0] == key[:11]
    assert key[11:] not in str(kept)


async def test_an_inactive_person_stays_inactive(world: World, old: OldService, take_over: TakeOver):
    keys = [api_key(), api_key()]
    acme = await old.organization()
    await old.person("off", acme, api_key=keys[0], is_active=False)
    await old.person("neither", acme, api_key=keys[1], is_active=None)

    await take_over()

    answers = [await world.http.get(AUTH, headers={"X-API-Key": key}) for key in keys]
    assert [answer.status_code for answer in answers] == [401, 401]


async def test_people_without_an_organization_get_one_together(world: World, old: OldService, take_over: TakeOver):
    await old.person("homeless")
    await old.person("lost", UUID(int=9))

    report = await take_over()
    await old.person("late")
    again = await take_over()

    assert oddities(report) == {Finding.NO_ORGANIZATION: 2}
    assert oddities(again) == {Finding.NO_ORGANIZATION: 1}
    assert await rows(world, "SELECT id, name FROM organizations") == [(IMPORT_ID, "Imported people")]
    assert await rows(world, "SELECT DISTINCT organization_id FROM extension_users") == [(IMPORT_ID,)]


async def test_names_that_differ_in_case_get_numbers_and_keep_their_keys(
    world: World, old: OldService, take_over: TakeOver
):
    acme, keys = await old.organization(), [api_key(), api_key(), api_key()]
    await old.person("ada", acme, api_key=keys[0], created_at="2024-01-01T00:00:00")
    await old.person("Ada", acme, api_key=keys[1], created_at="2024-01-02T00:00:00")
    await old.person("ADA", await old.organization("Other"), api_key=keys[2])

    report = await take_over()

    assert oddities(report) == {Finding.NAME_TAKEN: 1}
    answers = [(await world.http.get(AUTH, headers={"X-API-Key": key})).json()["data"]["username"] for key in keys]
    assert answers == ["ada", "Ada (2)", "ADA"]


async def test_a_name_that_we_have_joins_nobody(world: World, old: OldService, take_over: TakeOver):
    organization = await world.organization("Acme")
    ours = await world.recorded(organization, "ada")
    acme = await old.organization("There", id=str(organization.id))
    theirs = await old.person("ada", acme)

    report = await take_over()

    assert report.organizations == Rows(found=1, already_here=1)
    assert set(await rows(world, "SELECT id, username FROM extension_users")) == {
        (ours.id, "ada"),
        (theirs, "ada (2)"),
    }
    assert await rows(world, "SELECT name FROM organizations") == [("Acme",)]


async def test_a_missing_or_foreign_key_becomes_one_that_nobody_holds(
    world: World, old: OldService, take_over: TakeOver
):
    ours = await world.recorded(await world.organization())
    acme = await old.organization()
    await old.person("without", acme, api_key=None)
    await old.person("with ours", acme, api_key=ours.key.text)

    report = await take_over()

    assert oddities(report) == {Finding.NO_KEY: 2}
    holder = await world.http.get(AUTH, headers={"X-API-Key": ours.key.text})
    assert holder.json()["data"]["id"] == str(ours.id)
    assert len(await rows(world, "SELECT DISTINCT api_key_hash FROM extension_users")) == 3


async def test_of_a_short_key_nothing_is_shown(world: World, old: OldService, take_over: TakeOver):
    await old.person("ada", await old.organization(), api_key="short secret")

    await take_over()

    assert await rows(world, "SELECT api_key_prefix FROM extension_users") == [("…",)]
    assert (await world.http.get(AUTH, headers={"X-API-Key": "short secret"})).status_code == 200


async def test_a_person_whose_id_is_all_zeros_gets_another(world: World, old: OldService, take_over: TakeOver):
    zero = await old.person("zero", await old.organization(), id=str(UUID(int=0)))
    await old.event(zero)

    report = await take_over()
    again = await take_over()

    assert report.people == Rows(found=1, imported=1)
    assert again.people == Rows(found=1, already_here=1)
    assert oddities(report) == {Finding.ZERO_PERSON: 1}
    [(person,)] = await rows(world, "SELECT id FROM extension_users")
    assert person != UUID(int=0)
    assert [row["user_id"] for row in await stored(world.services)] == [person]


async def test_whom_only_events_name_is_kept_inactive_under_that_id(world: World, old: OldService, take_over: TakeOver):
    gone, nameless = UUID(int=77), UUID(int=78)
    await old.event(gone, user_name="grace")
    await old.event(gone, user_name=None)
    await old.event(nameless)

    report = await take_over()
    again = await take_over()

    assert report.added_people == 2
    assert again.added_people == 0
    assert oddities(report)[Finding.UNKNOWN_PERSON] == 2
    assert await rows(world, "SELECT id, username, is_active, organization_id FROM extension_users ORDER BY id") == [
        (gone, "grace", False, IMPORT_ID),
        (nameless, f"unknown {nameless.hex[:8]}", False, IMPORT_ID),
    ]
    answer = await world.http.post(BATCH, json={"events": [event(userId=str(gone))]})
    assert answer.status_code == 400


async def test_a_key_and_an_activity_that_changed_there_later_come_along(
    world: World, old: OldService, take_over: TakeOver
):
    before, after = api_key(), api_key()
    acme = await old.organization()
    await old.person("ada", acme, api_key=before)
    await old.person("bob", acme)
    await take_over()
    await old.execute(
        "UPDATE extension_users SET api_key = $1, updated_at = $2::text::timestamp WHERE username = 'ada'", after, LATER
    )
    await old.execute("UPDATE extension_users SET is_active = false, updated_at = now() WHERE username = 'bob'")

    report = await take_over()
    again = await take_over()

    assert report.people == Rows(found=2, already_here=2, changed=2)
    assert again.people == Rows(found=2, already_here=2)
    assert sorted(report.oddities[Finding.CHANGED_LATER].examples) == ["the activity of bob", "the key of ada"]
    answers = [await world.http.get(AUTH, headers={"X-API-Key": key}) for key in (before, after)]
    assert [answer.status_code for answer in answers] == [401, 200]
    assert await rows(world, "SELECT is_active FROM extension_users WHERE username = 'bob'") == [(False,)]


async def test_a_key_that_changed_here_later_stays(world: World, old: OldService, take_over: TakeOver):
    await old.person("ada", await old.organization())
    await take_over()
    await execute(world.services, "UPDATE extension_users SET api_key_hash = 'ours', updated_at = now()")
    await old.execute("UPDATE extension_users SET api_key = $1, updated_at = '2025-06-01'", api_key())

    report = await take_over()

    assert report.people == Rows(found=1, already_here=1)
    assert await rows(world, "SELECT api_key_hash FROM extension_users") == [(b"ours",)]


async def test_a_person_deleted_here_stays_deleted_and_so_do_their_events(
    world: World, old: OldService, take_over: TakeOver
):
    ada = await old.person("ada", await old.organization())
    await old.event(ada)
    await old.event(UUID(int=77))
    await take_over()
    await execute(world.services, "DELETE FROM extension_users")
    await execute(world.services, "DELETE FROM behaviors")
    await old.event(ada, timestamp="2026-08-03T10:00:00Z")

    report = await take_over()

    assert report.people == Rows(found=1, deleted_here=1)
    assert report.events.deleted_here == 3
    assert report.events.done == report.events.found == 3
    assert oddities(report) == {Finding.DELETED_HERE: 2}
    assert await stored(world.services) == []
    assert await rows(world, "SELECT 1 FROM extension_users") == []


async def test_a_key_that_is_somebody_elses_by_now_is_not_taken(world: World, old: OldService, take_over: TakeOver):
    ours = await world.recorded(await world.organization())
    await old.person("ada", await old.organization())
    await take_over()
    await old.execute("UPDATE extension_users SET api_key = $1, updated_at = now()", ours.key.text)

    report = await take_over()

    assert report.people.changed == 0
    async with world.services.database.read() as connection:
        assert await queries.keys_in_use(connection, [ours.key.hash]) == {ours.key.hash}
