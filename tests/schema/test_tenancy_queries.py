"""Who is shown what: every question, asked by everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type

from core.measures import MEASURES
from core.periods import PRESETS
from core.roles import Role
from db.queries import membership as memberships
from schema.build import schema
from tests.schema.cast import assemble, outcome
from tests.world import World

SAME = object()


@dataclass(frozen=True)
class Row:
    """A question and what it comes to; `readers` are the viewer, member and admin of `Ours`. Strangers get nothing.

    `admin` is what the admin gets where that is not what the other readers do.
    """

    query: str
    readers: Any
    outsider: Any
    super_admin: Any
    admin: Any = SAME


def of_ours(selection: str) -> str:
    """A question about the organization `Ours`."""
    return f"{{ organization(id: $ours) {{ {selection} }} }}"


def of_olga(selection: str) -> str:
    """A question about olga, whom `Ours` records."""
    return f"{{ extensionUser(id: $olga) {{ {selection} }} }}"


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
        "{ sessions(period: $period) { nodes { sessionId domains urls } } }",
        ["s-ours", "ours.com", "https://ours.com/"],
        ["s-theirs", "theirs.com", "https://theirs.com/"],
        [
            f"{start}{of}{end}"
            for of in ("nobody", "theirs", "ours")
            for start, end in (("s-", ""), ("", ".com"), ("https://", ".com/"))
        ],
    ),
    "usage": Row(
        "{ usage(period: $period) { total { events users sessions } } }",
        [1, 1, 1],
        [1, 1, 1],
        [3, 2, 3],
    ),
    "deepWork": Row("{ deepWork(period: $period) { sessionsCount } }", 0, 0, 0),
    "auditLog": Row("{ auditLog { nodes { organization { name } } } }", [], "Theirs", ["Theirs", "Ours"], admin="Ours"),
    "periodPresets": Row("{ periodPresets { __typename } }", *[["PeriodPresetInfo"] * len(PRESETS)] * 3),
    "measures": Row("{ measures { __typename } }", *[["MeasureInfo"] * len(MEASURES)] * 3),
    "insightStatus": Row("{ insightStatus { enabled } }", "FORBIDDEN", "FORBIDDEN", False),
    "node": Row("{ node(id: $ours) { __typename } }", "Organization", None, "Organization"),
}

NODES = {
    "Organization": Row("{ node(id: $ours) { __typename } }", "Organization", None, "Organization"),
    "ExtensionUser": Row("{ node(id: $olga) { __typename } }", "ExtensionUser", None, "ExtensionUser"),
    "Behavior": Row("{ node(id: $event) { __typename } }", "Behavior", None, "Behavior"),
    "Behavior of nobody": Row("{ node(id: $nobodys) { ... on Behavior { sessionId extensionUser { id } } } }",
                              None, None, ["s-nobody", None]),
    "User": Row("{ node(id: $boss) { __typename } }", None, None, "User"),
}  # fmt: skip

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
    "Organization.auditLog": Row(
        of_ours("auditLog { nodes { action } }"), "FORBIDDEN", None, "KEY_ISSUED", admin="KEY_ISSUED"
    ),
    "AuditEntry.actor": Row("{ auditLog { nodes { actor { id } } } }", [], None, [None, None], admin=None),
    "AuditEntry.details": Row("{ auditLog { nodes { action details { name } } } }", [], "KEY_ISSUED",
                              ["KEY_ISSUED"] * 2, admin="KEY_ISSUED"),
    "AuditEntry.organization": Row(
        "{ auditLog { nodes { organization { name } } } }", [], "Theirs", ["Theirs", "Ours"], admin="Ours"
    ),
    "Organization.deepWork": Row(
        of_ours("deepWork(period: $period) { sessionsCount rate }"), [0, 0.0], None, [0, 0.0]
    ),
    "Organization.categoryRules": Row(
        of_ours("categoryRules { version rules { pattern } history { version changedBy } }"),
        [1, "ours.test", 1, None],
        None,
        [1, "ours.test", 1, None],
    ),
    "Organization.categoryRulesPreview": Row(
        of_ours("""categoryRulesPreview(period: $period, rules: [{pattern: ".com", category: RESEARCH}]) {
            moves { domain before after events }
        }"""),
        ["ours.com", "OTHER", "RESEARCH", 1],
        None,
        ["ours.com", "OTHER", "RESEARCH", 1],
    ),
    "Organization.usage": Row(of_ours("usage(period: $period) { total { events users } }"), [1, 1], None, [1, 1]),
    "Organization.insight": Row(
        of_ours("insight(period: $period) { workPattern domainBreakdown { other { domains { domain } } } }"),
        ["INSUFFICIENT_DATA", "ours.com"],
        None,
        ["INSUFFICIENT_DATA", "ours.com"],
    ),
    "ExtensionUser.insight": Row(
        of_olga("insight(period: $period) { workPattern domainBreakdown { other { domains { domain } } } }"),
        ["INSUFFICIENT_DATA", "ours.com"],
        None,
        ["INSUFFICIENT_DATA", "ours.com"],
    ),
    "ExtensionUser.organization": Row(of_olga("organization { name }"), "Ours", None, "Ours"),
    "ExtensionUser.behaviors": Row(of_olga("behaviors { nodes { sessionId } }"), "s-ours", None, "s-ours"),
    "ExtensionUser.sessions": Row(
        of_olga("sessions(period: $period) { nodes { sessionId domains } }"),
        ["s-ours", "ours.com"],
        None,
        ["s-ours", "ours.com"],
    ),
    "ExtensionUser.deepWork": Row(of_olga("deepWork(period: $period) { sessionsCount }"), 0, None, 0),
    "ExtensionUser.usage": Row(of_olga("usage(period: $period) { total { events } }"), 1, None, 1),
    "Behavior.extensionUser": Row("{ behaviors { nodes { extensionUser { username } } } }", "olga", "theo",
                                  [None, "theo", "olga"]),
    "Session.extensionUser": Row(
        "{ sessions(period: $period) { nodes { extensionUser { username } } } }",
        "olga",
        "theo",
        [None, "theo", "olga"],
    ),
}  # fmt: skip


PARTS = ("stranger", "viewer", "member", "admin", "outsider", "super_admin")


def expected(rows: Mapping[str, Row], part: str) -> dict[str, Any]:
    """What somebody gets for each question."""
    if part == "stranger":
        return dict.fromkeys(rows, "UNAUTHENTICATED")
    return {name: _of(row, part) for name, row in rows.items()}


def _of(row: Row, part: str) -> Any:
    if part == "admin" and row.admin is not SAME:
        return row.admin
    return getattr(row, "readers" if part in {"viewer", "member", "admin"} else part)


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

    assert kinds == set(NODES) - {"Behavior of nobody"}


def test_every_way_from_one_object_to_others_is_in_the_table():
    types = ("User", "Membership", "Organization", "ExtensionUser", "Behavior", "Session", "AuditEntry")

    ways = {f"{name}.{field}" for name in types for field in object_fields(name)}

    assert ways == set(NESTED)


@pytest.mark.parametrize("part", PARTS)
async def test_everybody_is_shown_their_own(world: World, part: str):
    cast = await assemble(world)
    rows = QUERIES | NESTED | NODES

    got = {name: await outcome(cast.everybody[part], row.query, **cast.variables) for name, row in rows.items()}

    assert got == expected(rows, part)


async def test_a_colleagues_other_organizations_stay_hidden(world: World):
    cast = await assemble(world)
    assert cast.member.user is not None
    async with world.services.database.write() as db:
        await memberships.add(db, cast.theirs.organization.id, cast.member.user.id, Role.VIEWER)
    query = of_ours("members { nodes { user { memberships { organization { name } } } } }")

    by_admin = await outcome(cast.admin, query, **cast.variables)
    by_themselves = await outcome(cast.member, query, **cast.variables)

    assert by_admin == ["Ours"] * 3
    assert sorted(by_themselves) == ["Ours"] * 3 + ["Theirs"]
