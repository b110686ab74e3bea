"""Ids: opaque or plain, of one's own things or of others', of the wrong kind, and no ids at all."""

import json
from typing import Any
from uuid import uuid4

import pytest

from core.ids import encode_node_id
from tests.schema.sample_tenants import create_sample_tenants, outcome, user_id
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
    tenants = await create_sample_tenants(world)

    got = {
        (name, where): await outcome(tenants.admin, question % where, **tenants.variables)
        for name, (question, _) in QUESTIONS.items()
        for where in MATCHING_NOTHING
    }

    assert got == {(name, where): nothing for name, (_, nothing) in QUESTIONS.items() for where in MATCHING_NOTHING}


async def test_filters_take_opaque_and_plain_ids(world: World):
    tenants = await create_sample_tenants(world)
    ours, olga = tenants.ours.organization.id, tenants.ours.person.id
    conditions = [
        "organizationIds: [$ours]",
        f'organizationIds: ["{ours}", $theirs, "garbage"]',
        "extensionUserIds: [$olga]",
        f'extensionUserIds: ["{olga}", $theo]',
    ]

    got = [
        await outcome(
            tenants.admin, f"{{ behaviors(where: {{{condition}}}) {{ nodes {{ sessionId }} }} }}", **tenants.variables
        )
        for condition in conditions
    ]

    assert got == ["s-ours"] * 4


async def test_lists_of_extension_users_ignore_other_tenants_ids(world: World):
    tenants = await create_sample_tenants(world)
    query = "{ extensionUsers(where: {organizationIds: [$organization]}) { nodes { username } totalCount } }"
    ids = [tenants.theirs.id, tenants.ours.id, str(tenants.ours.organization.id), tenants.ours.person_id, "?"]

    got = [await outcome(tenants.admin, query, organization=identifier) for identifier in ids]

    assert got == [0, ["olga", 1], ["olga", 1], 0, 0]


async def test_an_organization_lists_nobody_of_another(world: World):
    tenants = await create_sample_tenants(world)
    query = "{ organization(id: $ours) { extensionUsers(where: {organizationIds: [$theirs]}) { totalCount } } }"

    assert await outcome(tenants.super_admin, query, **tenants.variables) == 0


@pytest.mark.parametrize("field", ["organization", "extensionUser"])
async def test_ids_are_opaque_or_plain_and_what_is_no_id_is_refused(world: World, field: str):
    tenants = await create_sample_tenants(world)
    opaque, plain, of_another_kind = {
        "organization": (tenants.ours.id, tenants.ours.organization.id, tenants.ours.person_id),
        "extensionUser": (tenants.ours.person_id, tenants.ours.person.id, tenants.ours.id),
    }[field]
    kind = field[0].upper() + field[1:]
    nothing = [of_another_kind, tenants.ours.behavior, str(uuid4()), encode_node_id(kind, uuid4().bytes)]
    no_ids = ["", "garbage", "é", "x" * 5000, encode_node_id(kind, b"short")]

    async def find(identifier: str) -> Any:
        return await outcome(tenants.admin, f"{{ {field}(id: $it) {{ __typename }} }}", it=identifier)

    assert [await find(identifier) for identifier in (opaque, str(plain), str(plain).upper())] == [kind] * 3
    assert [await find(identifier) for identifier in nothing] == [None] * len(nothing)
    for identifier in no_ids:
        error = await tenants.admin.refused(f"{{ {field}(id: {json.dumps(identifier)}) {{ __typename }} }}")
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "id")


async def test_node_takes_opaque_ids_only(world: World):
    tenants = await create_sample_tenants(world)
    truncated = encode_node_id("Behavior", b"\x00" * 39)
    out_of_time = encode_node_id("Behavior", b"\x00" * 16 + b"\x7f" * 8 + b"\x00" * 16)
    unknown_kind = encode_node_id("Membership", tenants.ours.organization.id.bytes)
    ids = [str(tenants.ours.organization.id), "", "garbage", truncated, out_of_time, unknown_kind]

    unknown = [
        encode_node_id("Organization", uuid4().bytes),
        encode_node_id("Behavior", b"\x00" * 40),
        tenants.theirs.id,
    ]

    errors = [await tenants.admin.refused(f"{{ node(id: {json.dumps(it)}) {{ id }} }}") for it in ids]
    found = [await outcome(tenants.admin, "{ node(id: $it) { id } }", it=it) for it in unknown]

    assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}
    assert "`id` is no opaque id" in errors[0]["message"]
    assert found == [None] * len(unknown)


async def test_ids_lead_back_to_their_things(world: World):
    tenants = await create_sample_tenants(world)
    ids = [tenants.ours.id, tenants.ours.person_id, tenants.ours.behavior, user_id(tenants.admin)]

    got = [await outcome(tenants.admin, "{ node(id: $it) { id } }", it=identifier) for identifier in ids]

    assert got == ids
