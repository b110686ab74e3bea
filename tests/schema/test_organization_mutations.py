"""Accounts, organizations and members: what changes, and every way it can fail."""

import asyncio

import pytest
from sqlalchemy import text

from core.ids import encode_node_id
from core.roles import Role
from tests.schema.sample_tenants import create_sample_tenants, run, user_id
from tests.world import PASSWORD, Asker, World, raw

CREATE_USER = """mutation ($input: CreateUserInput!) { createUser(input: $input) {
    __typename ... on CreateUserSuccess { user { username isSuperAdmin memberships { role } } }
    ... on Error { message } ... on InvalidInput { field }
} }"""
CREATE = """mutation ($input: CreateOrganizationInput!) { createOrganization(input: $input) {
    __typename ... on CreateOrganizationSuccess { organization { id name description viewerRole } }
    ... on InvalidInput { message field }
} }"""
UPDATE = """mutation ($input: UpdateOrganizationInput!) { updateOrganization(input: $input) {
    __typename ... on UpdateOrganizationSuccess { organization { name description } }
    ... on InvalidInput { message field }
} }"""
DELETE = """mutation ($id: ID!) { deleteOrganization(input: {id: $id}) {
    __typename ... on DeleteOrganizationSuccess { deletedId }
} }"""
SET_ROLE = """mutation ($input: UpdateMemberRoleInput!) { updateMemberRole(input: $input) {
    __typename ... on UpdateMemberRoleSuccess { membership { role user { id } } } ... on Error { message }
} }"""
REMOVE = """mutation ($input: RemoveMemberInput!) { removeMember(input: $input) {
    __typename ... on RemoveMemberSuccess { organizationId userId } ... on Error { message }
} }"""


async def test_a_new_account_can_sign_in(world: World):
    boss = await world.super_admin()

    answer = await run(boss, CREATE_USER, username="  Ursula ", password=PASSWORD)

    assert answer["user"] == {"username": "Ursula", "isSuperAdmin": False, "memberships": []}
    login = "mutation ($input: LoginInput!) { login(input: $input) { ... on LoginSuccess { viewer { username } } } }"
    assert await run(world.stranger, login, username="ursula", password=PASSWORD) == {"viewer": {"username": "Ursula"}}


@pytest.mark.parametrize(
    ("username", "password", "expected"),
    [
        ("URSULA", PASSWORD, ("NameTaken", None)),
        ("Ä", PASSWORD, ("NameTaken", None)),
        ("", PASSWORD, ("InvalidInput", "username")),
        (" \t ", PASSWORD, ("InvalidInput", "username")),
        ("x" * 256, PASSWORD, ("InvalidInput", "username")),
        ("a\nb", PASSWORD, ("InvalidInput", "username")),
        ("a\0b", PASSWORD, ("InvalidInput", "username")),
        ("new", "x" * 11, ("InvalidInput", "password")),
        ("new", "x" * 257, ("InvalidInput", "password")),
    ],
)
async def test_an_account_is_refused(world: World, username: str, password: str, expected: tuple[str, str | None]):
    boss = await world.super_admin()
    await world.user("Ursula")
    await world.user("ä")

    answer = await run(boss, CREATE_USER, username=username, password=password)

    assert (answer["__typename"], answer.get("field")) == expected
    assert answer["message"]


async def test_an_organization_is_made_without_members(world: World):
    boss = await world.super_admin()

    answer = await run(boss, CREATE, name=" Acme ", description=" Makes things. ")
    nameless = await run(boss, CREATE, name="Acme")

    organization = answer["organization"]
    assert (organization["name"], organization["description"], organization["viewerRole"]) == (
        "Acme", "Makes things.", None)  # fmt: skip
    assert nameless["organization"]["description"] is None


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "a\tb"}, "name"),
        ({"name": "a", "description": "x" * 2001}, "description"),
        ({"name": "a", "description": "a\0b"}, "description"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_names_and_descriptions_have_limits(world: World, members: dict[str, str], field: str):
    boss = await world.super_admin()
    organization = await world.organization("Before")

    created = await run(boss, CREATE, **members)
    updated = await run(boss, UPDATE, id=str(organization.id), **members)

    assert (created["__typename"], created["field"]) == ("InvalidInput", field)
    assert (updated["__typename"], updated["field"]) == ("InvalidInput", field)
    assert (await boss.ask("{ organizations { nodes { name } } }"))["organizations"]["nodes"] == [{"name": "Before"}]


async def test_names_and_descriptions_may_be_as_long_as_their_limits(world: World):
    boss = await world.super_admin()

    answer = await run(boss, CREATE, name="ä" * 255, description="é\n" * 999 + "ab")

    assert answer["__typename"] == "CreateOrganizationSuccess"


async def test_an_update_changes_what_is_given(world: World):
    boss = await world.super_admin()
    made = (await run(boss, CREATE, name="Acme", description="Words."))["organization"]["id"]

    kept = await run(boss, UPDATE, id=made, name="Acme 2")
    cleared = await run(boss, UPDATE, id=made, description=None)
    nameless = await run(boss, UPDATE, id=made, name=None)

    assert kept["organization"] == {"name": "Acme 2", "description": "Words."}
    assert cleared["organization"] == {"name": "Acme 2", "description": None}
    assert (nameless["__typename"], nameless["field"]) == ("InvalidInput", "name")


async def test_a_deleted_organization_takes_everything_with_it_and_nothing_else(world: World):
    tenants = await create_sample_tenants(world)
    await world.browse(tenants.ours.person, *[raw(f"12:00:{second:02}") for second in range(30)])

    answer = await tenants.admin.ask(DELETE, id=tenants.ours.id)

    assert answer["deleteOrganization"] == {"__typename": "DeleteOrganizationSuccess", "deletedId": tenants.ours.id}
    async with world.services.database.read() as db:
        for table in ("memberships", "extension_users", "behaviors"):
            column = "coalesce(organization_id::text, 'nobody')"
            left = await db.scalars(text(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1"))
            others = {str(tenants.theirs.organization.id)} | ({"nobody"} if table == "behaviors" else set())
            assert set(left) == others
    assert (await tenants.admin.ask("{ viewer { memberships { role } } }"))["viewer"]["memberships"] == []
    assert (await tenants.super_admin.ask("{ organizations { totalCount } }"))["organizations"]["totalCount"] == 1


async def test_a_new_role_holds_from_the_next_request_on(world: World):
    organization = await world.organization()
    admin, viewer = await world.member(organization), await world.member(organization, Role.VIEWER)
    them = {"organizationId": str(organization.id), "userId": user_id(viewer)}
    rename = {"id": str(organization.id), "name": "Theirs now"}

    promoted = await run(admin, SET_ROLE, **them, role="ADMIN")
    renamed = await run(viewer, UPDATE, **rename)
    await run(admin, SET_ROLE, **them, role="MEMBER")
    refused = await viewer.refused(UPDATE, input=rename)

    assert promoted["membership"] == {"role": "ADMIN", "user": {"id": user_id(viewer)}}
    assert renamed["__typename"] == "UpdateOrganizationSuccess"
    assert refused["extensions"]["code"] == "FORBIDDEN"


async def test_a_removed_member_sees_nothing_any_more(world: World):
    organization = await world.organization()
    admin, member = await world.member(organization), await world.member(organization, Role.MEMBER)
    them = {"organizationId": str(organization.id), "userId": user_id(member)}

    removed = await run(admin, REMOVE, **them)
    again = await run(admin, REMOVE, **them)
    no_one = await run(admin, REMOVE, **them | {"userId": "garbage"})

    identifier = encode_node_id("Organization", organization.id.bytes)
    success = {"__typename": "RemoveMemberSuccess", "organizationId": identifier, "userId": user_id(member)}
    assert removed == success
    assert again["__typename"] == no_one["__typename"] == "NotFound"
    assert await member.ask("{ organizations { nodes { id } } }") == {"organizations": {"nodes": []}}


async def test_the_last_admin_stays(world: World):
    organization = await world.organization()
    admin = await world.member(organization)
    await world.member(organization, Role.MEMBER)
    them = {"organizationId": str(organization.id), "userId": user_id(admin)}

    answers = [
        await run(asker, mutation, **them, **more)
        for asker in (admin, await world.super_admin())
        for mutation, more in ((REMOVE, {}), (SET_ROLE, {"role": "MEMBER"}), (SET_ROLE, {"role": "VIEWER"}))
    ]

    assert [answer["__typename"] for answer in answers] == ["LastAdmin"] * 6
    assert (await run(admin, SET_ROLE, **them, role="ADMIN"))["__typename"] == "UpdateMemberRoleSuccess"


@pytest.mark.parametrize("mutations", [(REMOVE, REMOVE), (SET_ROLE, SET_ROLE), (REMOVE, SET_ROLE)],
                         ids=["removals", "demotions", "one of each"])  # fmt: skip
async def test_of_two_admins_who_oust_one_another_one_stays(world: World, mutations: tuple[str, str]):
    for _ in range(5):
        organization = await world.organization()
        one, other = await world.member(organization), await world.member(organization)

        async def oust(by: Asker, whom: Asker, mutation: str, organization_id: str = str(organization.id)) -> str:
            them = {"organizationId": organization_id, "userId": user_id(whom)}
            answer = await by.post(mutation, input=them | ({"role": "VIEWER"} if mutation == SET_ROLE else {}))
            if "errors" in answer:  # ousted before they were asked
                return str(answer["errors"][0]["extensions"]["code"])
            [result] = answer["data"].values()
            return str(result["__typename"])

        outcomes = await asyncio.gather(oust(one, other, mutations[0]), oust(other, one, mutations[1]))

        assert sum(outcome.endswith("Success") for outcome in outcomes) == 1
        async with world.services.database.read() as db:
            query = text("SELECT count(*) FROM memberships WHERE role = 'admin' AND organization_id = :id")
            assert await db.scalar(query, {"id": organization.id}) == 1
