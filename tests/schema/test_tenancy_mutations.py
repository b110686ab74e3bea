"""Who may change what: every mutation, tried by everybody."""

import pytest
from sqlalchemy import text

from schema.build import schema
from tests.schema.cast import Cast, assemble, outcome, user_id
from tests.world import World

NEWCOMER = "newcomer"

# What admins do in their own organization. Others are told that it does not exist, its other members that they may not.
MANAGEMENT = {
    "updateOrganization": '{id: $ours, name: "Renamed"}',
    "deleteOrganization": "{id: $ours}",
    "addMember": f'{{organizationId: $ours, username: "{NEWCOMER}", role: ADMIN}}',
    "updateMemberRole": "{organizationId: $ours, userId: $colleague, role: ADMIN}",
    "removeMember": "{organizationId: $ours, userId: $colleague}",
    "setCategoryRules": '{organizationId: $ours, rules: [{pattern: "a.com", category: RESEARCH}]}',
    "deleteCategoryRules": '{organizationId: $ours, patterns: ["ours.test"]}',
    "createExtensionUser": '{organizationId: $ours, username: "otto"}',
    "updateExtensionUser": "{id: $olga, isActive: false}",
    "regenerateApiKey": "{id: $olga}",
    "deleteExtensionUser": "{id: $olga}",
    "eraseExtensionUser": "{id: $olga}",
    "deleteBehavior": "{id: $event}",
}

# What admins do without changing anything.
EXPORT = {"exportExtensionUser": "{id: $olga}"}

# What super admins alone do.
ADMINISTRATION = {
    "createUser": '{username: "ursula", password: "a long enough password"}',
    "createOrganization": '{name: "Another"}',
}

# What needs no role. Each with what everybody gets, strangers' answer first.
OWN = {
    "login": ('{username: "nobody", password: "x"}', "InvalidCredentials", "InvalidCredentials"),
    "refreshSession": ('{refreshToken: "x"}', "InvalidRefreshToken", "InvalidRefreshToken"),
    "changePassword": ('{currentPassword: "x", newPassword: "short"}', "UNAUTHENTICATED", "InvalidInput"),
    "exportBehaviors": ("{format: CSV}", "UNAUTHENTICATED", "ExportBehaviorsSuccess"),
    "ingestBehaviors": ("{events: []}", "InvalidInput", "InvalidInput"),
    "logout": (None, "UNAUTHENTICATED", "LogoutSuccess"),
}


async def attempt(cast: Cast, part: str, mutation: str, argument: str | None) -> object:
    """What somebody's mutation comes to: the type of its answer, or the code of its error."""
    call = mutation if argument is None else f"{mutation}(input: {argument})"
    variables = cast.variables | {"colleague": user_id(cast.viewer)}
    return await outcome(cast.everybody[part], f"mutation {{ {call} {{ __typename }} }}", **variables)


async def fingerprint(world: World) -> dict[str, str]:
    """What the tables hold, in short."""
    marks = {}
    async with world.services.database.read() as db:
        for table in ("users", "organizations", "memberships", "extension_users", "behaviors", "category_rules"):
            rows = f"SELECT md5(string_agg(row::text, ';' ORDER BY row::text)) FROM {table} AS row"
            marks[table] = await db.scalar(text(rows))
    return marks


def success(mutation: str) -> str:
    """The type that a mutation answers with when it succeeds."""
    return f"{mutation[0].upper()}{mutation[1:]}Success"


def test_every_mutation_is_in_the_table():
    mutation = schema._schema.mutation_type
    assert mutation is not None

    assert set(mutation.fields) == {*MANAGEMENT, *EXPORT, *ADMINISTRATION, *OWN}


async def test_management_is_refused_to_all_but_admins_and_changes_nothing(world: World):
    cast = await assemble(world)
    await world.user(NEWCOMER)
    before = await fingerprint(world)

    got = {
        (part, mutation): await attempt(cast, part, mutation, argument)
        for part in ("stranger", "outsider", "viewer", "member")
        for mutation, argument in MANAGEMENT.items()
    }

    refusals = {"stranger": "UNAUTHENTICATED", "outsider": "NotFound", "viewer": "FORBIDDEN", "member": "FORBIDDEN"}
    assert got == {(part, mutation): refusal for part, refusal in refusals.items() for mutation in MANAGEMENT}
    assert await fingerprint(world) == before


@pytest.mark.parametrize("part", ["admin", "super_admin"])
@pytest.mark.parametrize("mutation", MANAGEMENT)
async def test_admins_manage_their_organization_and_super_admins_all(world: World, mutation: str, part: str):
    cast = await assemble(world)
    await world.user(NEWCOMER)
    before = await fingerprint(world)

    assert await attempt(cast, part, mutation, MANAGEMENT[mutation]) == success(mutation)
    assert await fingerprint(world) != before


async def test_exports_of_people_are_for_admins(world: World):
    cast = await assemble(world)

    got = {
        part: await attempt(cast, part, mutation, argument)
        for part in cast.everybody
        for mutation, argument in EXPORT.items()
    }

    success = "ExportExtensionUserSuccess"
    assert got == {
        "stranger": "UNAUTHENTICATED",
        "viewer": "FORBIDDEN",
        "member": "FORBIDDEN",
        "admin": success,
        "outsider": "NotFound",
        "super_admin": success,
    }


async def test_administration_is_for_super_admins_alone(world: World):
    cast = await assemble(world)
    before = await fingerprint(world)

    got = {
        (part, mutation): await attempt(cast, part, mutation, argument)
        for part in ("stranger", "outsider", "viewer", "member", "admin")
        for mutation, argument in ADMINISTRATION.items()
    }

    assert set(got.values()) == {"UNAUTHENTICATED", "FORBIDDEN"}
    assert {part for (part, _), refusal in got.items() if refusal == "UNAUTHENTICATED"} == {"stranger"}
    assert await fingerprint(world) == before
    for mutation, argument in ADMINISTRATION.items():
        assert await attempt(cast, "super_admin", mutation, argument) == success(mutation)


async def test_the_rest_needs_no_role(world: World):
    cast = await assemble(world)

    got = {
        (part, mutation): await attempt(cast, part, mutation, argument)
        for part in cast.everybody
        for mutation, (argument, _, _) in OWN.items()
    }

    assert got == {
        (part, mutation): for_strangers if part == "stranger" else for_others
        for part in cast.everybody
        for mutation, (_, for_strangers, for_others) in OWN.items()
    }


async def test_an_anonymous_event_is_deleted_by_super_admins_alone(world: World):
    cast = await assemble(world)

    got = {part: await attempt(cast, part, "deleteBehavior", "{id: $nobodys}") for part in cast.everybody}

    assert got == {
        "stranger": "UNAUTHENTICATED",
        **dict.fromkeys(("viewer", "member", "admin", "outsider"), "NotFound"),
        "super_admin": "DeleteBehaviorSuccess",
    }
    assert await attempt(cast, "super_admin", "deleteBehavior", "{id: $nobodys}") == "NotFound"


async def test_what_does_not_exist_is_not_found_for_super_admins_too(world: World):
    cast = await assemble(world)
    await world.user(NEWCOMER)
    replaced = {"$ours": "$olga", "$olga": "$ours", "$event": "$olga"}  # ids of other kinds of things

    got = {}
    for mutation, argument in MANAGEMENT.items():
        name = next(name for name in replaced if name in argument)
        got[mutation] = await attempt(cast, "super_admin", mutation, argument.replace(name, replaced[name]))

    assert got == dict.fromkeys(MANAGEMENT, "NotFound")


async def test_plain_ids_of_nothing_are_not_found_for_super_admins_too(world: World):
    cast = await assemble(world)
    await world.user(NEWCOMER)
    nothing = '"00000000-0000-4000-8000-000000000000"'

    got = {}
    for mutation, argument in MANAGEMENT.items():
        for name in ("$ours", "$olga", "$event"):
            argument = argument.replace(name, nothing)  # noqa: PLW2901
        got[mutation] = await attempt(cast, "super_admin", mutation, argument)

    assert got == dict.fromkeys(MANAGEMENT, "NotFound")
