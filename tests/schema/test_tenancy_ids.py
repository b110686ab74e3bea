"""Ids: opaque or plain, of one's own things or of others', of the wrong kind, and no ids at all."""

from typing import Any

import pytest

from core.ids import encode_node_id
from tests.schema.cast import assemble, outcome, user_id
from tests.world import World

QUESTIONS = {
    "behaviors": ("{ behaviors(where: %s) { nodes { id } } }", []),
    "ofPerson": ("{ extensionUser(id: $olga) { behaviors(where: %s) { nodes { id } } } }", []),
    "sessions": ("{ sessions(period: $period, where: %s) { nodes { sessionId } } }", []),
    "usage": ("{ usage(period: $period, where: %s) { total { events } } }", 0),
    "usageOfPerson": ("{ extensionUser(id: $olga) { usage(period: $period, where: %s) { total { events } } } }", 0),
    "usageOfAll": ("{ organization(id: $ours) { usage(period: $period, where: %s) { total { events } } } }", 0),
}

MATCHING_NOTHING = (
    "{organizationIds: [$theirs]}",
    "{extensionUserIds: [$theo]}",
    "{anyOf: [{organizationIds: [$theirs]}, {extensionUserIds: [$theo]}]}",
    "{not: {not: {extensionUserIds: [$theo]}}}",
    "{allOf: [{organizationIds: [$theirs]}]}",
    "{organizationIds: [$olga]}",  # the id of another kind of thing
    '{organizationIds: ["garbage"]}',
    '{extensionUserIds: ["00000000-0000-0000-0000-000000000000"]}',
)


async def test_filters_on_other_tenants_ids_match_nothing(world: World):
    cast = await assemble(world)

    got = {
        (name, where): await outcome(cast.admin, question % where, **cast.variables)
        for name, (question, _) in QUESTIONS.items()
        for where in MATCHING_NOTHING
    }

    assert got == {(name, where): nothing for name, (_, nothing) in QUESTIONS.items() for where in MATCHING_NOTHING}


async def test_filters_take_opaque_and_plain_ids(world: World):
    cast = await assemble(world)
    ours, olga = cast.ours.organization.id, cast.ours.person.id
    conditions = [
        "organizationIds: [$ours]",
        f'organizationIds: ["{ours}", $theirs, "garbage"]',
        "extensionUserIds: [$olga]",
        f'extensionUserIds: ["{olga}", $theo]',
    ]

    got = [await outcome(cast.admin, f"{{ behaviors(where: {{{c}}}) {{ nodes {{ sessionId }} }} }}", **cast.variables)
           for c in conditions]  # fmt: skip

    assert got == ["s-ours"] * 4


async def test_lists_of_extension_users_ignore_other_tenants_ids(world: World):
    cast = await assemble(world)
    query = "{ extensionUsers(where: {organizationIds: [$organization]}) { nodes { username } totalCount } }"
    ids = [cast.theirs.id, cast.ours.id, str(cast.ours.organization.id), cast.ours.person_id, "?"]

    got = [await outcome(cast.admin, query, organization=identifier) for identifier in ids]

    assert got == [0, ["olga", 1], ["olga", 1], 0, 0]


async def test_an_organization_lists_nobody_of_another(world: World):
    cast = await assemble(world)
    query = "{ organization(id: $ours) { extensionUsers(where: {organizationIds: [$theirs]}) { totalCount } } }"

    assert await outcome(cast.super_admin, query, **cast.variables) == 0


@pytest.mark.parametrize("field", ["organization", "extensionUser"])
async def test_ids_are_opaque_or_plain_and_anything_else_finds_nothing(world: World, field: str):
    cast = await assemble(world)
    opaque, plain, of_another_kind = {
        "organization": (cast.ours.id, cast.ours.organization.id, cast.ours.person_id),
        "extensionUser": (cast.ours.person_id, cast.ours.person.id, cast.ours.id),
    }[field]
    kind = field[0].upper() + field[1:]
    nothing = [of_another_kind, "", "garbage", "é", "x" * 5000, encode_node_id(kind, b"short"), cast.ours.behavior]

    async def find(identifier: str) -> Any:
        return await outcome(cast.admin, f"{{ {field}(id: $it) {{ __typename }} }}", it=identifier)

    assert [await find(identifier) for identifier in (opaque, str(plain), str(plain).upper())] == [kind] * 3
    assert [await find(identifier) for identifier in nothing] == [None] * len(nothing)


async def test_node_takes_opaque_ids_only(world: World):
    cast = await assemble(world)
    truncated = encode_node_id("Behavior", b"\x00" * 39)
    out_of_time = encode_node_id("Behavior", b"\x00" * 16 + b"\x7f" * 8 + b"\x00" * 16)
    unknown_kind = encode_node_id("Membership", cast.ours.organization.id.bytes)
    ids = [str(cast.ours.organization.id), "", "garbage", truncated, out_of_time, unknown_kind]

    got = [await outcome(cast.super_admin, "{ node(id: $it) { id } }", it=identifier) for identifier in ids]

    assert got == [None] * len(ids)


async def test_ids_lead_back_to_their_things(world: World):
    cast = await assemble(world)
    ids = [cast.ours.id, cast.ours.person_id, cast.ours.behavior, user_id(cast.admin)]

    got = [await outcome(cast.admin, "{ node(id: $it) { id } }", it=identifier) for identifier in ids]

    assert got == ids
