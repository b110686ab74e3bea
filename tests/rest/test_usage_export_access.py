"""Access to exports of usage, and refusals."""

from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import text

from tests.rest.export_requests import fetched
from tests.rest.usage_exports import EXPORT, address_of, downloaded, of_csv, of_ndjson, refused
from tests.schema.sample_tenants import PERIOD, create_sample_tenants, run
from tests.world import World

SESSIONS = [sha256(b"%d" % number).hexdigest() for number in range(250)]
GROUPS = {"groups": {"by": ["DOMAIN"]}}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"measures": ["SESSION_SECONDS"]}, "`sessionSeconds` cannot be split by DOMAIN"),
        ({"rows": {"series": {"every": "DAY"}}, "measures": ["SESSION_SECONDS"]}, "cannot be split into buckets"),
        ({"measures": []}, "names at least one"),
        ({"measures": ["EVENTS", "EVENTS"]}, "names a measure twice"),
        ({"rows": {"groups": {"by": []}}}, "takes 1 to 3 dimensions"),
        ({"rows": {"groups": {"by": ["DOMAIN", "DOMAIN"]}}}, "names a dimension twice"),
        ({"rows": {"groups": {"by": ["URL"], "orderBy": {"measure": "DEEP_WORK_SECONDS"}}}}, "cannot be split by URL"),
        ({"period": {"last": "P401D"}}, "at most 400 days"),
        ({"period": {"last": "P90D"}, "rows": {"series": {"every": "HOUR"}}}, "at most 2000 buckets"),
        ({"byteOrderMark": True, "format": "XLSX"}, "Only a CSV"),
        (
            {"where": {"sessionIds": [sha256(b"%d" % number).hexdigest() for number in range(250)]}},
            "too many conditions",
        ),
        ({"where": {"sessionIds": ["s"] * 251}}, "at most 250"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_what_makes_no_sense_is_refused_before_there_is_an_address(
    world: World, wanted: dict[str, Any], message: str
):
    admin = await world.member(await world.organization())

    assert message in await refused(admin, **{"rows": GROUPS, "measures": ["EVENTS"]} | wanted)


SEES = {
    "viewer": {"ours.com"}, "member": {"ours.com"}, "admin": {"ours.com"}, "outsider": {"theirs.com"},
    "super_admin": {"ours.com", "theirs.com"},
}  # fmt: skip


@pytest.mark.parametrize("part", SEES)
async def test_everybody_exports_the_usage_that_they_may_see(world: World, part: str):
    tenants = await create_sample_tenants(world)
    asker = tenants.everybody[part]
    wanted = {"rows": GROUPS, "measures": ["EVENTS"]}

    everything = of_ndjson(await downloaded(asker, format="NDJSON", **wanted))
    narrowed = of_csv(await downloaded(asker, where={"organizationIds": [tenants.theirs.id]}, **wanted))
    subjects = [{"organizationId": tenants.theirs.id}, {"extensionUserId": tenants.theirs.person_id}]
    answers = [await run(asker, EXPORT, format="CSV", period=PERIOD, subject=subject, **wanted) for subject in subjects]

    assert {line["domain"] for line in everything} >= SEES[part]
    hidden = part in {"viewer", "member", "admin"}
    assert not hidden or {line["domain"] for line in everything} == SEES[part]
    assert [row["domain"] for row in narrowed] == ([] if hidden else ["theirs.com"])
    assert [each["__typename"] for each in answers] == ["NotFound" if hidden else "ExportUsageSuccess"] * 2


async def test_an_export_is_of_its_subject(world: World):
    tenants = await create_sample_tenants(world)
    wanted = {"format": "NDJSON", "rows": GROUPS, "measures": ["EVENTS", "USERS"]}

    for subject in ({"organizationId": tenants.ours.id}, {"extensionUserId": tenants.ours.person_id}):
        lines = of_ndjson(await downloaded(tenants.super_admin, subject=subject, **wanted))

        assert lines == [{"domain": "ours.com", "events": 1, "users": 1}]


async def test_an_address_opens_one_download_and_only_with_its_ticket(world: World):
    tenants = await create_sample_tenants(world)
    address = await address_of(tenants.admin, rows=GROUPS, measures=["EVENTS"])
    other = await address_of(tenants.admin, rows=GROUPS, measures=["USERS"])
    question, _, ticket = address.partition("&ticket=")

    changed = [
        question, f"{other.partition('&ticket=')[0]}&ticket={ticket}", address.replace("usage.csv", "usage.xlsx"),
        address.replace("?", "?byteOrderMark=true&"), "/api/v1/exports/usage.csv",
    ]  # fmt: skip
    assert [(await fetched(tenants.stranger, each)).status_code for each in changed] == [401] * 5
    assert (await fetched(tenants.admin, question)).status_code == 401, "a token opens no question of one's own"
    assert (await fetched(tenants.stranger, address)).status_code == 200


async def test_an_export_is_in_the_log_of_the_organizations_concerned(world: World):
    tenants = await create_sample_tenants(world)
    wanted = {"rows": GROUPS, "measures": ["EVENTS", "TRACKED_SECONDS"]}

    await downloaded(tenants.super_admin, subject={"extensionUserId": tenants.ours.person_id}, **wanted)
    await downloaded(tenants.outsider, format="XLSX", **wanted)

    async with world.services.database.read() as db:
        rows = await db.execute(
            text(
                "SELECT name, subject_id, details FROM audit_entries JOIN organizations "
                "ON organizations.id = organization_id WHERE action = 'usage_exported' ORDER BY audit_entries.id"
            )
        )
        found = [tuple(row) for row in rows]
    details = {
        "from": "2026-08-03T00:00:00+00:00", "to": "2026-08-04T00:00:00+00:00", "by": "DOMAIN", "every": None,
        "measures": "events, trackedSeconds",
    }  # fmt: skip
    assert found == [
        ("Ours", tenants.ours.person.id, details | {"format": "csv"}),
        ("Theirs", None, details | {"format": "xlsx"}),
    ]
