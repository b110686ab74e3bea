"""Erasing a person: nothing that names them stays, and nobody else loses anything."""

import asyncio

import pytest
from sqlalchemy import text

from core.ids import encode_node_id
from core.portions import Portion
from db.queries import rollups
from db.queries.person_hours import PersonHour
from db.rollups import refresh_all
from tests.rest_requests import event, post_batch, rejected, stored, with_key
from tests.schema.sample_tenants import run
from tests.schema.test_audit_log import details, entries
from tests.schema.test_extension_user_mutations import DELETE, DELETE_ORGANIZATION
from tests.world import Recorded, World, raw

ERASE = """mutation ($input: EraseExtensionUserInput!) { eraseExtensionUser(input: $input) {
    __typename ... on EraseExtensionUserSuccess { erasedId behaviors rejectedEvents } ... on Error { message }
} }"""


def node(person: Recorded) -> str:
    """The person's opaque id."""
    return encode_node_id("ExtensionUser", person.id.bytes)


async def traces(world: World, *words: str) -> dict[str, int]:
    """The tables that hold one of these words anywhere, and in how many rows."""
    found = {}
    async with world.services.database.read() as db:
        whole = "schemaname = 'public' AND tablename !~ '^(behaviors|runs|hours)_'"
        tables = await db.scalars(text(f"SELECT tablename FROM pg_tables WHERE {whole}"))
        for table in {*tables, "behaviors", "runs", "hours"}:
            like = " OR ".join(f"row::text ILIKE '%{word}%'" for word in words)
            found[table] = await db.scalar(text(f"SELECT count(*) FROM {table} AS row WHERE {like}"))
    return {table: count for table, count in found.items() if count}


async def busy(world: World, person: Recorded) -> None:
    """Everything a person can leave behind: events, runs, marks, and events refused in three ways."""
    await world.browse(person, raw("09:00:00"), raw("10:00:00"))
    await refresh_all(world.services.database)
    await world.browse(person, raw("11:00:00"))
    wrong = event(type="tap")
    await post_batch(world.http, wrong, headers=with_key(person))
    await post_batch(world.http, wrong | {"userId": str(person.id).upper()})
    await post_batch(world.http, wrong | {"userId": person.id.hex})


async def test_nothing_stays_of_a_person_but_an_entry_of_ids_and_numbers(world: World):
    organization = await world.organization()
    admin = await world.member(organization)
    olga, other = await world.recorded(organization, "olga-olgason"), await world.recorded(organization)
    await busy(world, other)
    await busy(world, olga)
    names = ("olga-olgason", str(olga.id), olga.id.hex, olga.row.api_key_prefix)
    assert set(await traces(world, *names)) == {
        "extension_users", "behaviors", "runs", "hours", "dirty_hours", "rejected_events",
    }  # fmt: skip

    answer = await run(admin, ERASE, id=node(olga))

    assert answer == {
        "__typename": "EraseExtensionUserSuccess",
        "erasedId": node(olga),
        "behaviors": 3,
        "rejectedEvents": 3,
    }
    assert await traces(world, *names) == {"audit_entries": 2, "erasures": 1}
    erased, begun = await entries(admin)
    assert (erased["action"], erased["subjectId"]) == ("EXTENSION_USER_ERASED", str(olga.id))
    assert details(erased) == {"behaviors": "3", "runs": "2", "rejectedEvents": "3"}
    assert (begun["action"], begun["subjectId"]) == ("EXTENSION_USER_ERASURE_BEGUN", str(olga.id))
    assert len(await stored(world.services)) == 3
    assert len(await rejected(world.services)) == 3


@pytest.mark.parametrize("all_of_it", [True, False])
async def test_deleting_leaves_no_more_than_erasing(world: World, all_of_it: bool):
    organization = await world.organization()
    boss, olga = await world.super_admin(), await world.recorded(organization, "olga-olgason")
    await busy(world, olga)

    if all_of_it:
        await run(boss, DELETE_ORGANIZATION, id=str(organization.id))
    else:
        await run(boss, DELETE, id=node(olga))

    left = await traces(world, "olga-olgason", str(olga.id), olga.id.hex)
    assert left == ({} if all_of_it else {"audit_entries": 2, "erasures": 1})
    assert (await entries(boss))[0]["action"] == ("ORGANIZATION_DELETED" if all_of_it else "EXTENSION_USER_ERASED")


async def test_runs_that_are_being_made_at_the_same_time_do_not_stay(world: World):
    organization = await world.organization()
    admin, olga = await world.member(organization), await world.recorded(organization)
    await world.browse(olga, raw("09:00:00"))

    async with world.services.database.write() as maker:
        assert await rollups.lock_people(maker, [olga.id])
        hours = [PersonHour(olga.id, hour) for hour in await maker.scalars(text("SELECT hour FROM dirty_hours"))]
        await rollups.make(maker, hours)
        erasing = asyncio.create_task(run(admin, ERASE, id=node(olga)))
        waits = text("SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        async with asyncio.timeout(4):
            while not await maker.scalar(waits):  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.01)
    answer = await erasing

    assert answer["behaviors"] == 1
    assert await traces(world, str(olga.id)) == {"audit_entries": 2, "erasures": 1}


async def test_however_much_it_is_it_goes_in_slices(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(world.services.eraser.job, "portion", Portion(2))
    organization = await world.organization()
    admin, olga = await world.member(organization), await world.recorded(organization)
    await world.browse(olga, *(raw(f"09:00:0{second}") for second in range(7)))

    assert (await run(admin, ERASE, id=node(olga)))["behaviors"] == 7
    assert await stored(world.services) == []


async def test_two_who_erase_the_same_person_leave_one_entry(world: World):
    organization = await world.organization()
    admin, olga = await world.member(organization), await world.recorded(organization)

    answers = await asyncio.gather(*(run(admin, ERASE, id=node(olga)) for _ in range(2)))
    again = await run(admin, ERASE, id=node(olga))

    assert "EraseExtensionUserSuccess" in {answer["__typename"] for answer in answers}
    assert again["__typename"] == "NotFound"
    actions = [entry["action"] for entry in await entries(admin)]
    assert actions == ["EXTENSION_USER_ERASED", "EXTENSION_USER_ERASURE_BEGUN"]
