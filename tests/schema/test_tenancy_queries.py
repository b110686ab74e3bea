"""Who is shown what: every question, asked by everybody."""

from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type

from core.ids import encode_node_id
from core.measures import MEASURES
from core.periods import PRESETS
from core.roles import Role
from db.queries import membership as memberships
from schema.build import schema
from tests.schema.cast import PERIOD, Cast, assemble, outcome, user_id
from tests.world import World


@dataclass(frozen=True)
class Row:
    """A question and what it comes to; `readers` are the viewer, member and admin of `Ours`. Strangers get nothing."""

    query: str
    readers: Any
    outsider: Any
    super_admin: Any


def of_ours(selection: str) -> str:
    """A question about the organization `Ours`."""
    return "query ($ours: ID!, $period: Period!, $theirs: ID!) { organization(id: $ours) { %s } }" % selection


def of_olga(selection: str) -> str:
    """A question about olga, whom `Ours` records."""
    return "query ($olga: ID!, $period: Period!, $theirs: ID!) { extensionUser(id: $olga) { %s } }" % selection


QUERIES = {
    "viewer": Row("{ viewer { isSuperAdmin } }", False, False, True),
    "users": Row("{ users { totalCount } }", "FORBIDDEN", "FORBIDDEN", 5),
    "organization": Row(of_ours("name"), "Ours", None, "Ours"),
    "organizations": Row(
        "{ organizations { nodes { name } totalCount } }", ["Ours", 1], ["Theirs", 1], ["Ours", "Theirs", 2]
    ),
    "extensionUser": Row(of_olga("username"), "olga", None, "olga"),
    "extensionUsers": Row(
        "{ extensionUsers { nodes { username } totalCount } }", ["olga", 1], ["theo", 1], ["olga", "theo", 2]
    ),
    "behaviors": Row(
        "{ behaviors { nodes { sessionId } edges { node { sessionId } } } }",
        ["s-ours"] * 2,
        ["s-theirs"] * 2,
        ["s-nobody", "s-theirs", "s-ours"] * 2,
    ),
    "sessions": Row(
        "query ($period: Period!) { sessions(period: $period) { nodes { sessionId domains urls } } }",
        ["s-ours", "ours.com", "https://ours.com/"],
        ["s-theirs", "theirs.com", "https://theirs.com/"],
        [
            f"{start}{of}{end}"
            for of in ("nobody", "theirs", "ours")
            for start, end in (("s-", ""), ("", ".com"), ("https://", ".com/"))
        ],
    ),
    "usage": Row(
        "query ($period: Period!) { usage(period: $period) { total { events users sessions } } }",
        [1, 1, 1],
        [1, 1, 1],
        [3, 2, 3],
    ),
    "periodPresets": Row("{ periodPresets { __typename } }", *[["PeriodPresetInfo"] * len(PRESETS)] * 3),
    "measures": Row("{ measures { __typename } }", *[["MeasureInfo"] * len(MEASURES)] * 3),
    "node": Row("query ($ours: ID!) { node(id: $ours) { __typename } }", "Organization", None, "Organization"),
}

NODES = {
    "Organization": ("ours", QUERIES["node"]),
    "ExtensionUser": ("olga", Row("", "ExtensionUser", None, "ExtensionUser")),
    "Behavior": ("event", Row("", "Behavior", None, "Behavior")),
    "User": ("somebody", Row("", None, None, "User")),
}

NESTED = {
    "User.memberships": Row("{ viewer { memberships { organization { name } } } }", "Ours", "Theirs", []),
    "Membership.user": Row(of_ours("members { nodes { user { isSuperAdmin } } }"), [False] * 3, None, [False] * 3),
    "Membership.organization": Row(
        of_ours("members { nodes { organization { name } } }"), ["Ours"] * 3, None, ["Ours"] * 3
    ),
    "Organization.members": Row(of_ours("members { totalCount }"), 3, None, 3),
    "Organization.extensionUsers": Row(
        of_ours("extensionUsers { nodes { username } totalCount }"), ["olga", 1], None, ["olga", 1]
    ),
    "Organization.extensionUserCounts": Row(of_ours("extensionUserCounts { total }"), 1, None, 1),
    "Organization.usage": Row(of_ours("usage(period: $period) { total { events users } }"), [1, 1], None, [1, 1]),
    "ExtensionUser.organization": Row(of_olga("organization { name }"), "Ours", None, "Ours"),
    "ExtensionUser.behaviors": Row(of_olga("behaviors { nodes { sessionId } }"), "s-ours", None, "s-ours"),
    "ExtensionUser.sessions": Row(
        of_olga("sessions(period: $period) { nodes { sessionId domains } }"),
        ["s-ours", "ours.com"],
        None,
        ["s-ours", "ours.com"],
    ),
    "ExtensionUser.usage": Row(of_olga("usage(period: $period) { total { events } }"), 1, None, 1),
    "Behavior.extensionUser": Row("{ behaviors { nodes { extensionUser { username } } } }", "olga", "theo",
                                  [None, "theo", "olga"]),
    "Session.extensionUser": Row(
        "query ($period: Period!) { sessions(period: $period) { nodes { extensionUser { username } } } }",
        "olga",
        "theo",
        [None, "theo", "olga"],
    ),
}  # fmt: skip

# Another tenant's ids in a filter match nothing, however they are put.
FOREIGN = {
    "behaviors": "{ behaviors(where: {%s}) { nodes { id } } }",
    "usage": "query ($period: Period!) { usage(period: $period, where: {%s}) { total { events } } }",
    "sessions": "query ($period: Period!) { sessions(period: $period, where: {%s}) { nodes { sessionId } } }",
}
FOREIGN_FILTERS = (
    "organizationIds: [$theirs]",
    "extensionUserIds: [$theo]",
    "anyOf: [{organizationIds: [$theirs]}, {extensionUserIds: [$theo]}]",
    "not: {not: {extensionUserIds: [$theo]}}",
    "allOf: [{organizationIds: [$theirs]}]",
    "organizationIds: [$theo]",  # an id of another kind of thing
    'organizationIds: ["garbage"]',
    'extensionUserIds: ["00000000-0000-0000-0000-000000000000"]',
)


def variables(cast: Cast) -> dict[str, Any]:
    """What the questions above are about."""
    return {
        "ours": cast.ours.id,
        "theirs": cast.theirs.id,
        "olga": cast.ours.person_id,
        "theo": cast.theirs.person_id,
        "event": cast.ours.behavior,
        "somebody": user_id(cast.super_admin),
        "period": PERIOD,
    }


def outcomes_of(row: Row) -> dict[str, Any]:
    """What everybody gets."""
    return {
        "stranger": "UNAUTHENTICATED",
        "viewer": row.readers,
        "member": row.readers,
        "admin": row.readers,
        "outsider": row.outsider,
        "super_admin": row.super_admin,
    }


def object_fields(type_name: str) -> set[str]:
    """The fields of a type that lead to further objects."""
    named = schema._schema.type_map[type_name]
    assert isinstance(named, GraphQLObjectType)
    return {name for name, field in named.fields.items() if isinstance(get_named_type(field.type), GraphQLObjectType)}


def test_every_question_is_in_the_table():
    query = schema._schema.query_type
    assert query is not None

    assert set(query.fields) == set(QUERIES)


def test_every_kind_of_node_is_in_the_table():
    node = schema._schema.type_map["Node"]

    kinds = {kind.name for kind in schema._schema.get_possible_types(node)}  # type: ignore[arg-type]

    assert kinds == set(NODES)


def test_every_way_from_one_object_to_others_is_in_the_table():
    types = ("User", "Membership", "Organization", "ExtensionUser", "Behavior", "Session")

    ways = {f"{name}.{field}" for name in types for field in object_fields(name)}

    assert ways == set(NESTED)


@pytest.mark.parametrize("row", [*QUERIES.values(), *NESTED.values()], ids=[*QUERIES, *NESTED])
async def test_everybody_is_shown_their_own(world: World, row: Row):
    cast = await assemble(world)
    asked = {name: value for name, value in variables(cast).items() if f"${name}:" in row.query}

    got = {part: await outcome(asker, row.query, **asked) for part, asker in cast.everybody.items()}

    assert got == outcomes_of(row)


@pytest.mark.parametrize("kind", NODES)
async def test_node_finds_what_the_viewer_may_see(world: World, kind: str):
    cast = await assemble(world)
    name, row = NODES[kind]
    query = "query ($id: ID!) { node(id: $id) { __typename } }"

    got = {part: await outcome(asker, query, id=variables(cast)[name]) for part, asker in cast.everybody.items()}

    assert got == outcomes_of(row)


async def test_an_anonymous_event_is_seen_by_super_admins_alone(world: World):
    cast = await assemble(world)
    query = "query ($id: ID!) { node(id: $id) { ... on Behavior { sessionId extensionUser { id } } } }"

    got = {p: await outcome(asker, query, id=cast.anonymous_behavior) for p, asker in cast.everybody.items()}

    assert got == outcomes_of(Row(query, readers=None, outsider=None, super_admin=["s-nobody", None]))


@pytest.mark.parametrize("question", FOREIGN)
async def test_filters_on_other_tenants_ids_match_nothing(world: World, question: str):
    cast = await assemble(world)
    nothing: Any = 0 if question == "usage" else []

    got = {}
    for condition in FOREIGN_FILTERS:
        query = FOREIGN[question] % condition
        asked = {name: variables(cast)[name] for name in ("theirs", "theo", "period") if f"${name}" in query}
        head = ", ".join(f"${name}: {'Period!' if name == 'period' else 'ID!'}" for name in asked)
        body = query[query.index("{") :]
        got[condition] = await outcome(cast.admin, f"query {f'({head})' if head else ''} {body}", **asked)

    assert got == dict.fromkeys(FOREIGN_FILTERS, nothing)


async def test_lists_of_extension_users_ignore_other_tenants_ids(world: World):
    cast = await assemble(world)
    query = "query ($id: ID!) { extensionUsers(where: {organizationIds: [$id]}) { nodes { username } totalCount } }"

    got = [await outcome(cast.admin, query, id=id) for id in (cast.theirs.id, cast.ours.id, cast.ours.person_id, "?")]

    assert got == [0, ["olga", 1], 0, 0]


async def test_a_shared_colleagues_other_organizations_stay_hidden(world: World):
    cast = await assemble(world)
    assert cast.member.user is not None
    async with world.services.database.write() as db:
        await memberships.add(db, cast.theirs.organization.id, cast.member.user.id, Role.VIEWER)
    query = of_ours("members { nodes { user { memberships { organization { name } } } } }")
    query = query.replace(", $period: Period!, $theirs: ID!", "")

    by_admin = await outcome(cast.admin, query, ours=cast.ours.id)
    by_themselves = await outcome(cast.member, query, ours=cast.ours.id)

    assert by_admin == ["Ours"] * 3
    assert sorted(by_themselves) == ["Ours"] * 3 + ["Theirs"]


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
        return await outcome(cast.admin, "query ($id: ID!) { %s(id: $id) { __typename } }" % field, id=identifier)

    assert [await find(identifier) for identifier in (opaque, str(plain), str(plain).upper())] == [kind] * 3
    assert [await find(identifier) for identifier in nothing] == [None] * len(nothing)


async def test_node_takes_opaque_ids_only(world: World):
    cast = await assemble(world)
    truncated = encode_node_id("Behavior", b"\x00" * 39)
    out_of_time = encode_node_id("Behavior", b"\x00" * 16 + b"\x7f" * 8 + b"\x00" * 16)
    unknown_kind = encode_node_id("Membership", cast.ours.organization.id.bytes)
    ids = [str(cast.ours.organization.id), "", "garbage", truncated, out_of_time, unknown_kind]

    got = [await outcome(cast.super_admin, "query ($id: ID!) { node(id: $id) { id } }", id=id) for id in ids]

    assert got == [None] * len(ids)


async def test_ids_lead_back_to_their_things(world: World):
    cast = await assemble(world)
    ids = [cast.ours.id, cast.ours.person_id, cast.ours.behavior, user_id(cast.admin)]

    got = [await outcome(cast.admin, "query ($id: ID!) { node(id: $id) { id } }", id=id) for id in ids]

    assert got == ids
