"""What is written into the audit log, and how it is read."""

from typing import Any

import pytest

from core.ids import encode_node_id
from core.roles import Role
from db.queries import user as users
from db.queries.user import UserRow
from resolvers.sign_in import set_password
from resolvers.user import create_account
from tests.schema.cast import assemble, run
from tests.schema.test_extension_user_mutations import CREATE, DELETE_BEHAVIOR, DELETE_ORGANIZATION, NEW_KEY, UPDATE
from tests.schema.test_organization_mutations import ADD, CREATE_USER, REMOVE, SET_ROLE
from tests.schema.test_organization_mutations import CREATE as CREATE_ORGANIZATION
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
    """What the log shows somebody, the newest first."""
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
    cast = await assemble(world)
    olga, admin = cast.ours.person_id, cast.admin

    await run(admin, NEW_KEY, id=olga)
    await run(admin, UPDATE, id=olga, username="Olga")
    for active in (False, False, True):
        await run(admin, UPDATE, id=olga, isActive=active)
    await run(admin, DELETE_BEHAVIOR, id=cast.ours.behavior)

    found = (await entries(admin))[::-1]
    assert [entry["action"] for entry in found] == [
        "KEY_ISSUED", "KEY_REPLACED", "EXTENSION_USER_DEACTIVATED", "EXTENSION_USER_REACTIVATED", "BEHAVIOR_DELETED",
    ]  # fmt: skip
    assert {entry["subjectId"] for entry in found} == {str(cast.ours.person.id)}


async def test_changes_of_members_are_written_down(world: World):
    cast = await assemble(world)
    newcomer = await world.user("newcomer")
    ours, node = str(cast.ours.organization.id), encode_node_id("User", newcomer.id.bytes)

    await run(cast.admin, ADD, organizationId=ours, username="newcomer", role="VIEWER")
    await run(cast.admin, ADD, organizationId=ours, username="newcomer", role="VIEWER")
    await run(cast.admin, SET_ROLE, organizationId=ours, userId=node, role="ADMIN")
    await run(cast.admin, REMOVE, organizationId=ours, userId=node)

    found = (await entries(cast.admin))[2::-1]
    assert [(entry["action"], details(entry)) for entry in found] == [
        ("MEMBER_ADDED", {"role": "viewer"}),
        ("MEMBER_ROLE_CHANGED", {"role": "admin"}),
        ("MEMBER_REMOVED", {}),
    ]
    assert {entry["subjectId"] for entry in found} == {str(newcomer.id)}


async def test_what_belongs_to_no_organization_is_for_super_admins(world: World):
    cast = await assemble(world)
    boss = cast.super_admin

    await run(boss, CREATE_USER, username="ursula", password=PASSWORD, isSuperAdmin=True)
    made = await run(boss, CREATE_ORGANIZATION, name="New")
    await run(boss, DELETE_BEHAVIOR, id=cast.anonymous_behavior)
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
    assert [entry["action"] for entry in await entries(cast.admin)] == ["KEY_ISSUED"]


async def test_an_admin_is_not_shown_who_they_may_not_see(world: World):
    cast = await assemble(world)
    assert cast.super_admin.user

    await run(cast.super_admin, NEW_KEY, id=cast.ours.person_id)

    newest = (await entries(cast.admin))[0]
    assert (newest["actor"], newest["actorId"]) == (None, str(cast.super_admin.user.id))


async def test_a_deleted_organization_stays_in_the_log(world: World):
    cast = await assemble(world)
    boss = cast.super_admin

    await run(boss, DELETE_ORGANIZATION, id=cast.ours.id)

    newest = (await entries(boss))[0]
    assert (newest["action"], newest["organization"]) == ("ORGANIZATION_DELETED", None)
    assert newest["organizationId"] == str(cast.ours.organization.id)
    assert details(newest) == {"behaviors": "1", "runs": "0", "rejectedEvents": "0", "extensionUsers": "1"}
    assert await entries(cast.admin) == []


async def test_the_log_is_read_in_pages(world: World):
    cast = await assemble(world)
    for _ in range(4):
        await run(cast.admin, NEW_KEY, id=cast.ours.person_id)
    query = """query ($first: Int!, $after: String) { auditLog(first: $first, after: $after) {
        nodes { action } pageInfo { hasNextPage endCursor } } }"""
    nested = f"query ($first: Int!, $after: String, $id: ID!) {{ organization(id: $id) {query[query.index('{') :]} }}"

    actions: list[str] = []
    after, more = None, True
    while more:
        page = (await cast.admin.ask(query, first=2, after=after))["auditLog"]
        same = await cast.admin.ask(nested, first=2, after=after, id=cast.ours.id)
        assert same["organization"]["auditLog"] == page
        actions += [node["action"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]

    assert actions == ["KEY_REPLACED"] * 4 + ["KEY_ISSUED"]
    assert (await cast.admin.refused(query, first=2, after="garbage"))["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await cast.admin.refused(query, first=101))["extensions"]["code"] == "BAD_USER_INPUT"


async def test_admins_say_how_long_events_are_kept(world: World):
    cast = await assemble(world)

    answers = [
        await run(cast.admin, RETENTION, id=cast.ours.id, **changes)
        for changes in ({"retentionDays": 30}, {"name": "Renamed"}, {"retentionDays": 30}, {"retentionDays": None})
    ]

    assert [answer["organization"]["retentionDays"] for answer in answers] == [30, 30, 30, None]
    found = [entry for entry in await entries(cast.admin) if entry["action"] == "RETENTION_CHANGED"]
    assert [details(entry) for entry in found] == [{"before": "30", "after": None}, {"before": None, "after": "30"}]


@pytest.mark.parametrize("days", [0, -1, 36_501])
async def test_nonsense_is_no_retention(world: World, days: int):
    cast = await assemble(world)

    answer = await run(cast.admin, RETENTION, id=cast.ours.id, retentionDays=days)

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "retentionDays")
    assert "between 1 and 36500" in answer["message"]


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
async def test_only_admins_change_retention(world: World, role: Role):
    organization = await world.organization()
    asker = await world.member(organization, role)

    answer = await asker.post(RETENTION, input={"id": str(organization.id), "retentionDays": 1})

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
