"""The entries of the audit log, and the queries that read it."""

from typing import Any

import pytest

from core.ids import encode_node_id, uuid_of
from core.roles import Role
from db.queries import users
from db.queries.users import UserRow
from resolvers.sign_ins import set_password
from resolvers.users import create_account
from tests.schema.membership_offers import ACCEPT, ADD, WITHDRAW, offered
from tests.schema.sample_tenants import create_sample_tenants, run
from tests.schema.test_extension_user_mutations import CREATE, DELETE_BEHAVIOR, DELETE_ORGANIZATION, NEW_KEY, UPDATE
from tests.schema.test_organization_mutations import CREATE as CREATE_ORGANIZATION
from tests.schema.test_organization_mutations import CREATE_USER, REMOVE, SET_ROLE
from tests.world import PASSWORD, Asker, World

LOG = """{ auditLog { nodes {
    at action actorId subjectId organizationId actor { username } organization { name } details { name value }
} } }"""
RETENTION = """mutation ($input: UpdateOrganizationInput!) { updateOrganization(input: $input) {
    __typename ... on UpdateOrganizationSuccess { organization { name retentionDays } }
    ... on InvalidInput { message field }
} }"""
CHANGE_PASSWORD = """mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }"""


async def entries(asker: Asker) -> list[dict[str, Any]]:
    """Return the log's entries for an asker, the newest first."""
    found: list[dict[str, Any]] = (await asker.ask(LOG))["auditLog"]["nodes"]
    return found


async def account(world: World, username: str) -> UserRow:
    """The account of that name."""
    async with world.services.database.read() as db:
        found = await users.by_username(db, username)
    assert found
    return found


def details(entry: dict[str, Any]) -> dict[str, str | None]:
    """The particulars of an entry."""
    return {detail["name"]: detail["value"] for detail in entry["details"]}


async def test_an_entry_says_who_did_what_to_whom_and_where(world: World):
    organization = await world.organization("Acme")
    admin = await world.member(organization)
    assert admin.user

    made = (await run(admin, CREATE, organizationId=str(organization.id), username="olga"))["extensionUser"]

    [entry] = await entries(admin)
    assert entry.pop("at")
    assert entry == {
        "action": "KEY_ISSUED",
        "actorId": str(admin.user.id),
        "subjectId": made["uuid"],
        "organizationId": str(organization.id),
        "actor": {"username": admin.user.username},
        "organization": {"name": "Acme"},
        "details": [],
    }


async def test_what_admins_do_to_people_is_written_down(world: World):
    tenants = await create_sample_tenants(world)
    olga, admin = tenants.ours.person_id, tenants.admin

    await run(admin, NEW_KEY, id=olga)
    await run(admin, UPDATE, id=olga, username="Olga")
    for active in (False, False, True):
        await run(admin, UPDATE, id=olga, isActive=active)
    await run(admin, DELETE_BEHAVIOR, id=tenants.ours.behavior)

    found = (await entries(admin))[::-1]
    assert [entry["action"] for entry in found] == [
        "KEY_ISSUED", "KEY_REPLACED", "EXTENSION_USER_DEACTIVATED", "EXTENSION_USER_REACTIVATED", "BEHAVIOR_DELETED",
    ]  # fmt: skip
    assert {entry["subjectId"] for entry in found} == {str(tenants.ours.person.id)}


async def test_changes_of_members_are_written_down(world: World):
    tenants = await create_sample_tenants(world)
    newcomer = await world.user("newcomer")
    ours, node = str(tenants.ours.organization.id), encode_node_id("User", newcomer.id.bytes)

    withdrawn = await offered(tenants.admin, tenants.ours.organization, "newcomer", "ADMIN")
    await run(tenants.admin, WITHDRAW, id=withdrawn["id"])
    offer = await offered(tenants.admin, tenants.ours.organization, "newcomer", "VIEWER")
    await run(tenants.admin, ADD, organizationId=ours, username="newcomer", role="VIEWER")
    await run(await world.sign_in(newcomer), ACCEPT, id=offer["id"])
    await run(tenants.admin, SET_ROLE, organizationId=ours, userId=node, role="ADMIN")
    await run(tenants.admin, REMOVE, organizationId=ours, userId=node)

    found = (await entries(tenants.admin))[5::-1]
    first, second = (str(uuid_of(each["id"], "MembershipOffer")) for each in (withdrawn, offer))
    assert [(entry["action"], details(entry)) for entry in found] == [
        ("MEMBERSHIP_OFFERED", {"offerId": first, "role": "admin"}),
        ("MEMBERSHIP_OFFER_WITHDRAWN", {"offerId": first}),
        ("MEMBERSHIP_OFFERED", {"offerId": second, "role": "viewer"}),
        ("MEMBER_ADDED", {"offerId": second, "role": "viewer"}),
        ("MEMBER_ROLE_CHANGED", {"role": "admin"}),
        ("MEMBER_REMOVED", {}),
    ]
    assert [entry["subjectId"] for entry in found] == [None] * 3 + [str(newcomer.id)] * 3
    assert found[3]["actorId"] == str(newcomer.id)


async def test_what_belongs_to_no_organization_is_for_super_admins(world: World):
    tenants = await create_sample_tenants(world)
    boss = tenants.super_admin

    await run(boss, CREATE_USER, username="ursula", password=PASSWORD, isSuperAdmin=True)
    made = await run(boss, CREATE_ORGANIZATION, name="New")
    await run(boss, DELETE_BEHAVIOR, id=tenants.anonymous_behavior)
    await create_account(world.services, "by hand", PASSWORD, is_super_admin=False)
    await set_password(world.services, "ursula", PASSWORD + "!")
    ursula = await world.sign_in(await account(world, "ursula"))
    await run(ursula, CHANGE_PASSWORD, currentPassword=PASSWORD + "!", newPassword=PASSWORD)

    found = (await entries(boss))[5::-1]
    assert boss.user
    assert ursula.user
    assert [(entry["action"], entry["actorId"], details(entry)) for entry in found] == [
        ("USER_CREATED", str(boss.user.id), {"superAdmin": "True"}),
        ("ORGANIZATION_CREATED", str(boss.user.id), {}),
        ("BEHAVIOR_DELETED", str(boss.user.id), {}),
        ("USER_CREATED", None, {"superAdmin": "False"}),
        ("PASSWORD_SET", None, {}),
        ("PASSWORD_CHANGED", str(ursula.user.id), {}),
    ]
    assert found[1]["organization"] == {"name": made["organization"]["name"]}
    assert [entry["action"] for entry in await entries(tenants.admin)] == ["KEY_ISSUED"]


async def test_an_admin_is_not_shown_who_they_may_not_see(world: World):
    tenants = await create_sample_tenants(world)
    assert tenants.super_admin.user

    await run(tenants.super_admin, NEW_KEY, id=tenants.ours.person_id)

    newest = (await entries(tenants.admin))[0]
    assert (newest["actor"], newest["actorId"]) == (None, str(tenants.super_admin.user.id))


async def test_a_deleted_organization_stays_in_the_log(world: World):
    tenants = await create_sample_tenants(world)
    boss = tenants.super_admin

    await run(boss, DELETE_ORGANIZATION, id=tenants.ours.id)

    newest = (await entries(boss))[0]
    assert (newest["action"], newest["organization"]) == ("ORGANIZATION_DELETED", None)
    assert newest["organizationId"] == str(tenants.ours.organization.id)
    assert details(newest) == {"behaviors": "1", "runs": "0", "rejectedEvents": "0", "extensionUsers": "1"}
    assert await entries(tenants.admin) == []


async def test_the_log_is_read_in_pages(world: World):
    tenants = await create_sample_tenants(world)
    for _ in range(4):
        await run(tenants.admin, NEW_KEY, id=tenants.ours.person_id)
    query = """query ($first: Int!, $after: String) { auditLog(first: $first, after: $after) {
        nodes { action } pageInfo { hasNextPage endCursor } } }"""
    nested = f"query ($first: Int!, $after: String, $id: ID!) {{ organization(id: $id) {query[query.index('{') :]} }}"

    actions: list[str] = []
    after, more = None, True
    while more:
        page = (await tenants.admin.ask(query, first=2, after=after))["auditLog"]
        same = await tenants.admin.ask(nested, first=2, after=after, id=tenants.ours.id)
        assert same["organization"]["auditLog"] == page
        actions += [node["action"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]

    assert actions == ["KEY_REPLACED"] * 4 + ["KEY_ISSUED"]
    assert (await tenants.admin.refused(query, first=2, after="garbage"))["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await tenants.admin.refused(query, first=101))["extensions"]["code"] == "BAD_USER_INPUT"


async def test_admins_say_how_long_events_are_kept(world: World):
    tenants = await create_sample_tenants(world)

    answers = [
        await run(tenants.admin, RETENTION, id=tenants.ours.id, **changes)
        for changes in ({"retentionDays": 30}, {"name": "Renamed"}, {"retentionDays": 30}, {"retentionDays": None})
    ]

    assert [answer["organization"]["retentionDays"] for answer in answers] == [30, 30, 30, None]
    found = [entry for entry in await entries(tenants.admin) if entry["action"] == "RETENTION_CHANGED"]
    assert [details(entry) for entry in found] == [{"before": "30", "after": None}, {"before": None, "after": "30"}]


@pytest.mark.parametrize("days", [0, -1, 36_501])
async def test_nonsense_is_no_retention(world: World, days: int):
    tenants = await create_sample_tenants(world)

    answer = await run(tenants.admin, RETENTION, id=tenants.ours.id, retentionDays=days)

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "retentionDays")
    assert "between 1 and 36500" in answer["message"]


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
async def test_only_admins_change_retention(world: World, role: Role):
    organization = await world.organization()
    asker = await world.member(organization, role)

    answer = await asker.post(RETENTION, input={"id": str(organization.id), "retentionDays": 1})

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
