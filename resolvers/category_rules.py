"""The rules that assign categories to domains: members read their organization's rules, admins change them."""

from dataclasses import dataclass
from uuid import UUID

from core.categories import Category, CategoryRule
from core.category_changes import CategoryChanges
from core.category_list import built_in
from core.dimensions import Dimension
from core.errors import InvalidInput, NotFound, OutdatedVersion
from core.events import ANONYMOUS
from core.limits import CATEGORY_PREVIEW_DOMAINS, CATEGORY_VERSIONS_PAGE
from db.metrics.question import Split
from db.queries import category_rules, metrics, organizations
from db.queries.category_rules import DomainKey, RulesVersionRow, VersionKey
from db.queries.metrics import GroupsPage, Order
from db.queries.people import Subject
from resolvers import extension_users, teams
from resolvers.caller import Caller
from resolvers.usage import UsageKeyRow, UsageQuery


@dataclass(frozen=True, slots=True)
class CategoryRuleSetRow:
    """An organization's own rules in one version; version 0 is the one before any change."""

    organization_id: UUID
    version: int
    rules: list[CategoryRule]


@dataclass(frozen=True, slots=True)
class CategoryMoveRow:
    """A domain that a change of rules moves to another category, and its events and tracked time in a period."""

    domain: str
    before: Category
    after: Category
    events: int
    tracked_seconds: float


@dataclass(frozen=True, slots=True)
class CategoryRulesPreviewRow:
    """The domains that a change of rules would move."""

    moves: list[CategoryMoveRow]

    @property
    def total_count(self) -> int:
        """The number of domains."""
        return len(self.moves)


async def rule_set(caller: Caller, organization_id: UUID, version: int | None = None) -> CategoryRuleSetRow:
    """Return a version of an organization's rules, by default the latest. InvalidInput if there is no such version."""
    latest = await caller.batches.load(category_rules.latest, organization_id) or 0
    if version is not None and not 0 <= version <= latest:
        raise InvalidInput(f"There is no version {version}: there are versions 0 to {latest}.", "version")
    version = latest if version is None else version
    found = await caller.batches.load(category_rules.rules, VersionKey(organization_id, version)) or {}
    return CategoryRuleSetRow(organization_id, version, [CategoryRule(*rule) for rule in found.items()])


async def of_organization(caller: Caller, organization_id: UUID, version: int | None) -> CategoryRuleSetRow:
    """Return a version of an organization's rules, as `rule_set`. Forbidden for leads."""
    caller.viewer.require_whole(organization_id)
    return await rule_set(caller, organization_id, version)


async def history(caller: Caller, organization_id: UUID, first: int, before: int | None) -> list[RulesVersionRow]:
    """Return the versions of an organization's rules, the newest first."""
    if not 1 <= first <= CATEGORY_VERSIONS_PAGE:
        raise InvalidInput(f"`first` must be between 1 and {CATEGORY_VERSIONS_PAGE}.", "first")
    async with caller.database.read() as db:
        return await category_rules.history(db, caller.viewer.readable, organization_id, before, first)


async def change(
    caller: Caller, organization_id: UUID | None, changes: CategoryChanges, expected_version: int | None
) -> CategoryRuleSetRow:
    """Change an organization's rules, all at once; what changes nothing makes no new version.

    NotFound, Forbidden, InvalidInput; OutdatedVersion when the latest version is not the expected one.
    """
    organization_id = caller.viewer.require_management_of(organization_id)
    scope = caller.viewer.manageable
    async with caller.database.write() as db:
        if not await organizations.lock(db, scope, organization_id):
            raise NotFound("There is no such organization.")
        latest = (await category_rules.latest(db, scope, [organization_id])).get(organization_id, 0)
        if expected_version is not None and expected_version != latest:
            raise OutdatedVersion(
                f"The rules are at version {latest} by now, not {expected_version}. Look at them again, and repeat the "
                "change if it is still wanted."
            )
        key = VersionKey(organization_id, latest)
        before = (await category_rules.rules(db, scope, [key]))[key]
        after = changes.applied_to(before)
        if after != before:
            await category_rules.change(
                db, VersionKey(organization_id, latest + 1), caller.viewer.user_id, before, after
            )
    return await rule_set(caller, organization_id)


async def preview(caller: Caller, usage: UsageQuery, changes: CategoryChanges) -> CategoryRulesPreviewRow:
    """Return the domains that a change of the organization's rules would move, the most tracked time first.

    Looks at the CATEGORY_PREVIEW_DOMAINS domains with the most events. InvalidInput, NotFound as `change`.
    """
    own = await rule_set(caller, usage.subject)
    rules = {rule.pattern: rule.category for rule in own.rules}
    after = built_in().under(CategoryRule(*rule) for rule in changes.applied_to(rules).items())
    before = built_in().under(own.rules)
    page = GroupsPage(Split((Dimension.DOMAIN,)), Order("events"), CATEGORY_PREVIEW_DOMAINS)
    measures = frozenset({"events", "tracked_seconds"})
    found = await caller.batches.load(metrics.groups, usage.subject, usage.question, page, measures)
    moves = [
        CategoryMoveRow(domain, old, new, group.values.events, group.values.tracked_seconds)
        for group in (found.rows if found else ())
        for (domain,) in (group.key,)
        if (old := before.category_of(domain)) is not (new := after.category_of(domain))
    ]
    moves.sort(key=lambda move: (-move.tracked_seconds, -move.events, move.domain))
    return CategoryRulesPreviewRow(moves)


async def category_of_group(caller: Caller, key: UsageKeyRow) -> Category | None:
    """The category of a group: by category, or by domain as those whose events it has see it. None for other groups."""
    category: Category | None = key.values.get(Dimension.CATEGORY)
    domain: str | None = key.values.get(Dimension.DOMAIN)
    if category is not None or domain is None:
        return category
    seers = await _organizations_of(caller, key)
    return await caller.batches.load(category_rules.of_domains, DomainKey(seers, domain))


async def _organizations_of(caller: Caller, key: UsageKeyRow) -> frozenset[UUID] | None:
    """Return the organizations whose events a group may hold: none for an anonymous session, None for all readable."""
    question, subject = key.usage.question, key.usage.subject
    session = key.values.get(Dimension.SESSION)
    person: UUID | None = key.values.get(Dimension.EXTENSION_USER) or (session and session.user_id)
    if question.subject is Subject.USER:
        person = subject
    organization: UUID | None = key.values.get(Dimension.ORGANIZATION)
    if question.subject is Subject.ORGANIZATION:
        organization = subject
    team: UUID | None = key.values.get(Dimension.TEAM)
    if person == ANONYMOUS:
        return frozenset()
    if organization is None and person is not None:
        row = await extension_users.extension_user(caller, person)
        organization = None if row is None else row.organization_id
    if organization is None and team is not None:
        of_team = await teams.team(caller, team)
        organization = None if of_team is None else of_team.organization_id
    if organization is not None:
        return frozenset({organization})
    named = question.where.organization_ids
    return None if named is None else frozenset(named)
