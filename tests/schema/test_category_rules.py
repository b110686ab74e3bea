"""Organizations' own rules over GraphQL: set, deleted, looked at in every version, previewed, and applied at once."""

import asyncio
from typing import Any

import pytest

from core.categories import Category
from core.ids import encode_node_id
from core.limits import CATEGORY_RULES
from core.roles import Role
from db.queries.organizations import OrganizationRow
from tests.schema.sample_tenants import run
from tests.schema.usage_queries import DAY, usage
from tests.world import Asker, World, own_rules, raw

RULES = "categoryRules { version rules { pattern category } }"
SET = f"""mutation ($input: SetCategoryRulesInput!) {{ setCategoryRules(input: $input) {{
    __typename ... on SetCategoryRulesSuccess {{ {RULES} }} ... on Error {{ message }} ... on InvalidInput {{ field }}
}} }}"""
DELETE = f"""mutation ($input: DeleteCategoryRulesInput!) {{ deleteCategoryRules(input: $input) {{
    __typename ... on DeleteCategoryRulesSuccess {{ {RULES} }}
    ... on Error {{ message }} ... on InvalidInput {{ field }}
}} }}"""
OF = "query ($id: ID!, $version: Int) { organization(id: $id) { categoryRules(version: $version) { %s } } }"
PREVIEW = f"""query ($id: ID!, $rules: [CategoryRuleInput!], $patterns: [String!], $first: Int! = 100) {{
    organization(id: $id) {{ categoryRulesPreview({DAY}, rules: $rules, patterns: $patterns) {{
        totalCount moves(first: $first) {{ domain before after events trackedSeconds }}
    }} }}
}}"""


@pytest.fixture
async def acme(world: World) -> OrganizationRow:
    return await world.organization("Acme")


@pytest.fixture
async def admin(world: World, acme: OrganizationRow) -> Asker:
    return await world.member(acme)


def node_id(organization: OrganizationRow) -> str:
    return encode_node_id("Organization", organization.id.bytes)


def rule(pattern: str, category: str) -> dict[str, str]:
    return {"pattern": pattern, "category": category}


async def set_rules(asker: Asker, organization: OrganizationRow, *rules: dict[str, str], **more: Any) -> dict[str, Any]:
    return await run(asker, SET, organizationId=node_id(organization), rules=list(rules), **more)


async def delete_rules(asker: Asker, organization: OrganizationRow, *patterns: str, **more: Any) -> dict[str, Any]:
    return await run(asker, DELETE, organizationId=node_id(organization), patterns=list(patterns), **more)


async def rules_of(asker: Asker, organization: OrganizationRow, fields: str, version: int | None = None) -> Any:
    found = await asker.ask(OF % fields, id=node_id(organization), version=version)
    return found["organization"]["categoryRules"]


async def by_category(asker: Asker) -> dict[str, int]:
    """The events of each category."""
    found = await usage(asker, "groups(by: CATEGORY) { nodes { key { category } measures { events } } }")
    return {node["key"]["category"]: node["measures"]["events"] for node in found["groups"]["nodes"]}


async def test_rules_are_created_changed_and_deleted_and_every_version_stays(acme: OrganizationRow, admin: Asker):
    none = await rules_of(admin, acme, "version rules { pattern } history { version } builtInVersion")
    first = await set_rules(admin, acme, rule(" .Example.COM", "RESEARCH"), rule("b.com", "WORK_TOOLS"))
    second = await set_rules(admin, acme, rule("a.com", "OTHER"), rule("b.com", "RESEARCH"))
    third = await delete_rules(admin, acme, ".EXAMPLE.com", "b.com")

    assert none == {"version": 0, "rules": [], "history": [], "builtInVersion": "2026-11-23"}
    expected: list[list[Any]] = [
        [],
        [rule("b.com", "WORK_TOOLS"), rule(".example.com", "RESEARCH")],
        [rule("a.com", "OTHER"), rule("b.com", "RESEARCH"), rule(".example.com", "RESEARCH")],
        [rule("a.com", "OTHER")],
    ]
    for version, answer in enumerate((first, second, third), start=1):
        assert answer["categoryRules"] == {"version": version, "rules": expected[version]}
    for version, rules in enumerate(expected):
        assert (await rules_of(admin, acme, "rules { pattern category }", version))["rules"] == rules


async def test_the_history_tells_who_changed_rules_and_when(world: World, acme: OrganizationRow, admin: Asker):
    boss, reader = await world.super_admin(), await world.member(acme, Role.VIEWER)
    await set_rules(admin, acme, rule("a.com", "OTHER"))
    await set_rules(boss, acme, rule("b.com", "OTHER"))
    await delete_rules(admin, acme, "b.com")
    fields = "history { version changedBy } one: history(first: 1, before: 3) { version changedAt }"

    shown = {name: await rules_of(asker, acme, fields) for name, asker in (("boss", boss), ("reader", reader))}

    assert admin.user is not None
    assert boss.user is not None
    for name, of_boss in (("boss", boss.user.username), ("reader", None)):  # who is no member is nobody's business
        changes = [(change["version"], change["changedBy"]) for change in shown[name]["history"]]
        assert changes == [(3, admin.user.username), (2, of_boss), (1, admin.user.username)]
    [one] = shown["reader"]["one"]
    assert one["version"] == 2
    assert one["changedAt"].startswith("20")


async def test_what_changes_nothing_makes_no_version(acme: OrganizationRow, admin: Asker):
    await set_rules(admin, acme, rule("a.com", "OTHER"))

    again = await set_rules(admin, acme, rule("A.com", "OTHER"))
    nothing = await set_rules(admin, acme)

    assert again["categoryRules"]["version"] == nothing["categoryRules"]["version"] == 1


async def test_whoever_knows_an_older_version_changes_nothing(acme: OrganizationRow, admin: Asker):
    await set_rules(admin, acme, rule("a.com", "OTHER"), expectedVersion=0)

    late = await set_rules(admin, acme, rule("a.com", "RESEARCH"), expectedVersion=0)
    gone = await delete_rules(admin, acme, "a.com", expectedVersion=2)

    assert late["__typename"] == gone["__typename"] == "OutdatedVersion"
    assert "version 1 by now, not 0" in late["message"]
    assert (await rules_of(admin, acme, "version rules { category }")) == {
        "version": 1,
        "rules": [{"category": "OTHER"}],
    }


async def test_changes_at_the_same_moment_follow_one_another(acme: OrganizationRow, admin: Asker):
    answers = await asyncio.gather(*(set_rules(admin, acme, rule(f"{number}.com", "OTHER")) for number in range(5)))

    assert {answer["__typename"] for answer in answers} == {"SetCategoryRulesSuccess"}
    assert await rules_of(admin, acme, "version") == {"version": 5}
    assert [len((await rules_of(admin, acme, "rules { pattern }", version))["rules"]) for version in range(6)] == [
        *range(6)
    ]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([rule("ok.com", "OTHER"), rule("https://a.com/", "OTHER")], "`https://a.com/` is a url"),
        ([rule("a.com", "OTHER"), rule("A.com", "RESEARCH")], "`a.com` is named twice"),
        ([rule(f"{number}.com", "OTHER") for number in range(251)], "`rules` takes at most 250 values"),
    ],
)
async def test_rules_are_set_all_or_none(
    acme: OrganizationRow, admin: Asker, rules: list[dict[str, str]], message: str
):
    answer = await set_rules(admin, acme, *rules)

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "rules")
    assert message in answer["message"]
    assert await rules_of(admin, acme, "version rules { pattern }") == {"version": 0, "rules": []}


async def test_there_is_an_end_to_rules(world: World, acme: OrganizationRow, admin: Asker):
    await own_rules(world, acme, {f"{number}.com": Category.OTHER for number in range(CATEGORY_RULES)})

    refused = await set_rules(admin, acme, rule("one-more.com", "OTHER"))
    changed = await set_rules(admin, acme, rule("1.com", "RESEARCH"))

    assert "at most 1000 rules; these would be 1001" in refused["message"]
    assert len(changed["categoryRules"]["rules"]) == CATEGORY_RULES


async def test_a_rule_that_is_not_there_cannot_be_deleted(acme: OrganizationRow, admin: Asker):
    await set_rules(admin, acme, rule("a.com", "OTHER"))

    unknown = await delete_rules(admin, acme, "a.com", "b.com")
    invalid = await delete_rules(admin, acme, "a b")

    assert unknown["__typename"] == "NotFound"
    assert "no rule with the pattern `b.com`" in unknown["message"]
    assert (invalid["__typename"], invalid["field"]) == ("InvalidInput", "patterns")
    assert (await rules_of(admin, acme, "version"))["version"] == 1


async def test_versions_that_never_were_are_told_apart(acme: OrganizationRow, admin: Asker):
    for version in (-1, 1):
        error = await admin.refused(OF % "version", id=node_id(acme), version=version)

        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "version"}
        assert error["message"] == f"There is no version {version}: there are versions 0 to 0."
    for first in (0, 101):
        error = await admin.refused(OF % f"history(first: {first}) {{ version }}", id=node_id(acme))
        assert error["message"] == "`first` must be between 1 and 100."


async def test_rules_hold_for_the_past_at_once_and_for_their_organization_alone(
    world: World, acme: OrganizationRow, admin: Asker
):
    umbrella = await world.organization("Umbrella")
    for organization in (acme, umbrella):
        await world.browse(await world.recorded(organization), raw("09:00:00", "focus", "https://shop.example/"))
    boss, other_admin = await world.super_admin(), await world.member(umbrella)
    before = await by_category(admin)

    await set_rules(admin, acme, rule("shop.example", "WORK_TOOLS"))

    assert before == {"OTHER": 1}
    assert await by_category(admin) == {"WORK_TOOLS": 1}
    assert await by_category(other_admin) == {"OTHER": 1}
    assert await by_category(boss) == {"WORK_TOOLS": 1, "OTHER": 1}
    await delete_rules(admin, acme, "shop.example")
    assert await by_category(boss) == {"OTHER": 2}


async def test_rules_go_with_their_organization(acme: OrganizationRow, admin: Asker):
    await set_rules(admin, acme, rule("a.com", "OTHER"))

    deleted = await run(admin, "mutation ($input: DeleteOrganizationInput!) { deleteOrganization(input: $input) {"
                               " __typename } }", id=node_id(acme))  # fmt: skip

    assert deleted["__typename"] == "DeleteOrganizationSuccess"


@pytest.fixture
async def browsed(world: World, acme: OrganizationRow, admin: Asker) -> Asker:
    """ada spends 10 minutes on the shop, 5 on git and 2 on the shop's blog; somebody else is on the shop, too."""
    ada = await world.recorded(acme, "ada")
    await world.browse(
        ada,
        raw("09:00:00", "focus", "https://shop.example/"),
        raw("09:10:00", "focus", "https://git.acme.example/"),
        raw("09:15:00", "focus", "https://blog.shop.example/"),
        raw("09:17:00", "idle", "https://blog.shop.example/"),
        raw("09:17:00", "focus", "https://github.com/", "s2"),
        raw("09:18:00", "focus", "", "s3"),
    )
    stranger = await world.recorded(await world.organization("Umbrella"))
    await world.browse(stranger, raw("09:00:00", "focus", "https://shop.example/"))
    await set_rules(admin, acme, rule("git.acme.example", "DEVELOPMENT"))
    return admin


async def test_a_preview_weighs_what_would_move_and_changes_nothing(acme: OrganizationRow, browsed: Asker):
    rules = [rule(".shop.example", "DISTRACTIONS"), rule("unseen.example", "WORK_TOOLS")]
    asked = {"id": node_id(acme), "rules": rules, "patterns": ["git.acme.example"]}

    found = (await browsed.ask(PREVIEW, **asked))["organization"]["categoryRulesPreview"]
    first = (await browsed.ask(PREVIEW, first=1, **asked))["organization"]["categoryRulesPreview"]

    shop = {"domain": "shop.example", "before": "OTHER", "after": "DISTRACTIONS", "events": 1, "trackedSeconds": 600}
    assert found == {
        "totalCount": 3,
        "moves": [
            shop,
            {"domain": "git.acme.example", "before": "DEVELOPMENT", "after": "OTHER", "events": 1,
             "trackedSeconds": 300},
            {"domain": "blog.shop.example", "before": "OTHER", "after": "DISTRACTIONS", "events": 2,
             "trackedSeconds": 120},
        ],
    }  # fmt: skip
    assert first == {"totalCount": 3, "moves": [shop]}
    assert (await rules_of(browsed, acme, "version"))["version"] == 1
    await set_rules(browsed, acme, *rules)
    await delete_rules(browsed, acme, "git.acme.example")
    assert await by_category(browsed) == {"DISTRACTIONS": 3, "OTHER": 1, "DEVELOPMENT": 1}


async def test_a_preview_of_nothing_and_of_nonsense(acme: OrganizationRow, browsed: Asker):
    nothing = await browsed.ask(PREVIEW, id=node_id(acme))
    codes = [
        (await browsed.refused(PREVIEW, id=node_id(acme), **wrong))["extensions"]["code"]
        for wrong in ({"rules": [rule("a b", "OTHER")]}, {"patterns": ["unknown.example"]}, {"first": 0})
    ]

    assert nothing["organization"]["categoryRulesPreview"] == {"totalCount": 0, "moves": []}
    assert codes == ["BAD_USER_INPUT", "NOT_FOUND", "BAD_USER_INPUT"]


async def test_events_without_a_domain_are_in_no_category_and_filters_say_so(browsed: Asker):
    filters = {
        "{categories: [OTHER]}": 3,
        "{categories: [DEVELOPMENT, OTHER]}": 5,
        "{categories: []}": 0,
        "{not: {categories: [DEVELOPMENT, OTHER]}}": 1,
        '{anyOf: [{categories: [DEVELOPMENT]}, {url: {eq: ""}}]}': 3,
    }

    for where, events in filters.items():
        found = await browsed.ask(
            f"""{{ usage({DAY}, where: {where}) {{ total {{ events }} groups(by: CATEGORY) {{ other {{ events }} }} }}
                behaviors(where: {where[:-1]}, {DAY}}}) {{ nodes {{ id }} }}
                sessions({DAY}, where: {where}) {{ nodes {{ events domains }} }}
                deepWork({DAY}, where: {where}) {{ sessionsCount }} }}"""
        )
        assert found["usage"]["total"]["events"] == events, where
        assert found["usage"]["groups"]["other"]["events"] == 0
        assert len(found["behaviors"]["nodes"]) == events
        assert sum(node["events"] for node in found["sessions"]["nodes"]) == events
    assert await by_category(browsed) == {"OTHER": 3, "DEVELOPMENT": 2}


async def test_lists_of_behaviors_need_a_period_to_filter_categories(browsed: Asker):
    error = await browsed.refused("{ behaviors(where: {not: {categories: [OTHER]}}) { nodes { id } } }")

    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "where"}
    assert "needs a `period`" in error["message"]


async def test_the_time_of_categories_adds_up_and_is_compared(browsed: Asker):
    found = await usage(
        browsed,
        """total { trackedSeconds }
        groups(by: [CATEGORY], orderBy: {measure: TRACKED_SECONDS}, first: 1) {
            nodes {
                key { category domain } measures { trackedSeconds } share(of: TRACKED_SECONDS)
                previous(by: DAY) { trackedSeconds } series(every: DAY) { measures { trackedSeconds } }
            }
            other { trackedSeconds } totalCount
        }""",
    )

    assert found["total"]["trackedSeconds"] == 1020
    assert found["groups"] == {
        "nodes": [
            {
                "key": {"category": "OTHER", "domain": None},
                "measures": {"trackedSeconds": 720},
                "share": 720 / 1020,
                "previous": {"trackedSeconds": 0},
                "series": [{"measures": {"trackedSeconds": 720}}],
            }
        ],
        "other": {"trackedSeconds": 300},
        "totalCount": 2,
    }


KEYS = f"""query ($by: [UsageDimension!]!, $ids: [ID!]) {{ usage({DAY}, where: {{organizationIds: $ids}}) {{
    groups(by: $by) {{ nodes {{ key {{ domain category organization {{ name }} extensionUser {{ username }} }} }} }}
}} }}"""


def keys_of(usage: dict[str, Any]) -> set[tuple[Any, ...]]:
    return {tuple(_name(part) for part in node["key"].values()) for node in usage["groups"]["nodes"]}


def _name(part: Any) -> Any:
    return next(iter(part.values())) if isinstance(part, dict) else part


async def test_groups_by_domain_tell_their_category_as_far_as_organizations_agree(world: World):
    acme, umbrella = await world.organization("Acme"), await world.organization("Umbrella")
    people = (await world.recorded(acme, "ada"), await world.recorded(umbrella, "bob"), None)
    for person in people:
        await world.browse(
            person, raw("09:00:00", url="https://a.example/"), raw("09:01:00", url="https://github.com/")
        )
    await own_rules(world, acme, {"a.example": Category.RESEARCH})
    boss, admin = await world.super_admin(), await world.member(acme)

    async def asked(asker: Asker, *by: str, ids: list[str] | None = None) -> set[tuple[Any, ...]]:
        return keys_of((await asker.ask(KEYS, by=list(by), ids=ids))["usage"])

    git = ("github.com", "DEVELOPMENT")
    assert await asked(boss, "DOMAIN") == {("a.example", None, None, None), (*git, None, None)}
    assert await asked(admin, "DOMAIN") == {("a.example", "RESEARCH", None, None), (*git, None, None)}
    assert await asked(boss, "DOMAIN", ids=[node_id(acme)]) == await asked(admin, "DOMAIN")
    assert await asked(boss, "DOMAIN", "ORGANIZATION") == {
        ("a.example", "RESEARCH", "Acme", None),
        ("a.example", "OTHER", "Umbrella", None),
        (*git, "Acme", None),
        (*git, "Umbrella", None),
    }
    assert await asked(boss, "EXTENSION_USER", "DOMAIN") == {
        ("a.example", "RESEARCH", None, "ada"),
        ("a.example", "OTHER", None, "bob"),
        (*git, None, "ada"),
        (*git, None, "bob"),
    }
    assert await asked(boss, "DOMAIN", "SESSION") == {
        ("a.example", "RESEARCH", None, "ada"),
        ("a.example", "OTHER", None, "bob"),
        ("a.example", "OTHER", None, None),
        *((*git, None, name) for name in ("ada", "bob", None)),
    }
    assert await asked(boss, "EVENT_TYPE") == {(None, None, None, None)}
    for subject, category in (("organization", "RESEARCH"), ("extensionUser", "RESEARCH")):
        subject_id = node_id(acme) if subject == "organization" else encode_node_id("ExtensionUser", people[0].id.bytes)
        found = await boss.ask(
            f"query ($id: ID!) {{ {subject}(id: $id) {{ usage({DAY}) {{ groups(by: DOMAIN, orderBy: "
            "{measure: EVENTS}) { nodes { key { domain category } } } } } }",
            id=subject_id,
        )
        assert keys_of(found[subject]["usage"]) == {("a.example", category), git}
