"""Organizations' own rules of which domains are of which category."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Text, and_, any_, func, insert, literal, or_, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from core.categories import Category, CategoryRule, CategoryRules, candidates_of, host_of
from core.category_list import built_in
from core.scope import Scope
from db.models import CategoryRule as Rule
from db.models import CategoryRulesVersion, Membership, User
from db.tenancy import in_scope, organizations_in_scope


class VersionKey(NamedTuple):
    """A version of an organization's rules; 0 is the one before any change, with no rules."""

    organization_id: UUID
    version: int


class DomainKey(NamedTuple):
    """A domain as these organizations see it; None stands for all in scope, an empty set for none at all."""

    organization_ids: frozenset[UUID] | None
    domain: str


@dataclass(frozen=True, slots=True)
class RulesVersionRow:
    """A change of rules: when and by whom, as far as that is for the viewer to know."""

    organization_id: UUID
    version: int
    changed_at: datetime
    changed_by: str | None


async def latest(connection: AsyncConnection, scope: Scope, ids: Collection[UUID]) -> dict[UUID, int]:
    """The number of the latest version of each organization's rules; those never changed are left out."""
    version = CategoryRulesVersion
    statement = (
        select(version.organization_id, func.max(version.version).label("version"))
        .where(version.organization_id.in_(ids), organizations_in_scope(scope, version.organization_id))
        .group_by(version.organization_id)
    )
    return {row.organization_id: row.version for row in await connection.execute(statement)}


async def rules(
    connection: AsyncConnection, scope: Scope, keys: Collection[VersionKey]
) -> dict[VersionKey, dict[str, Category]]:
    """The rules of each version, pattern → category, sorted by what they match."""
    found: dict[VersionKey, dict[str, Category]] = {key: {} for key in keys}
    statement = (
        select(Rule.organization_id, Rule.pattern, Rule.category, Rule.since, Rule.until)
        .where(
            organizations_in_scope(scope, Rule.organization_id),
            Rule.organization_id.in_({key.organization_id for key in keys}),
        )
        .order_by(func.ltrim(Rule.pattern, "."), Rule.pattern)
    )
    versions: dict[UUID, set[VersionKey]] = {}
    for key in keys:
        versions.setdefault(key.organization_id, set()).add(key)
    for row in await connection.execute(statement):
        for key in versions[row.organization_id]:
            if row.since <= key.version and (row.until is None or key.version < row.until):
                found[key][row.pattern] = Category(row.category)
    return found


async def history(
    connection: AsyncConnection, scope: Scope, organization_id: UUID, before: int | None, limit: int
) -> list[RulesVersionRow]:
    """The versions of an organization's rules before one (None: all), the newest first.

    The author of a change is named if they are a member, or if the viewer sees everything.
    """
    version = CategoryRulesVersion
    member = select(literal(1)).where(
        Membership.organization_id == version.organization_id, Membership.user_id == version.changed_by
    )
    shown = true() if scope.is_everything else member.exists()
    statement = (
        select(version.organization_id, version.version, version.changed_at, User.username)
        .outerjoin(User, and_(User.id == version.changed_by, shown))
        .where(version.organization_id == organization_id, in_scope(scope, version.organization_id))
        .order_by(version.version.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(version.version < before)
    return [RulesVersionRow(*row) for row in await connection.execute(statement)]


async def change(
    connection: AsyncConnection,
    key: VersionKey,
    changed_by: UUID | None,
    before: Mapping[str, Category],
    after: Mapping[str, Category],
) -> None:
    """Make this version of an organization's rules, which were `before` and are `after`.

    The caller has locked the organization within its scope.
    """
    await connection.execute(insert(CategoryRulesVersion).values([{**key._asdict(), "changed_by": changed_by}]))
    ended = [pattern for pattern, category in before.items() if after.get(pattern) is not category]
    begun = [(pattern, category) for pattern, category in after.items() if before.get(pattern) is not category]
    if ended:
        statement = update(Rule).where(
            Rule.organization_id == key.organization_id, Rule.until.is_(None), Rule.pattern.in_(ended)
        )
        await connection.execute(statement.values(until=key.version))
    if begun:
        await connection.execute(
            insert(Rule),
            [
                {
                    "organization_id": key.organization_id,
                    "pattern": pattern,
                    "since": key.version,
                    "category": category.value,
                }
                for pattern, category in begun
            ],
        )


async def of_domains(
    connection: AsyncConnection, scope: Scope, keys: Collection[DomainKey]
) -> dict[DomainKey, Category | None]:
    """Return the category of each domain; None if the organizations that see it do not agree.

    Beside those in scope there may be events of no organization, to which the built-in rules apply.
    """
    patterns = [pattern for key in keys for pattern in candidates_of(host_of(key.domain))]
    statement = select(Rule.organization_id, Rule.pattern, Rule.category).where(
        organizations_in_scope(scope, Rule.organization_id),
        Rule.until.is_(None),
        or_(Rule.pattern == any_(literal(patterns, ARRAY(Text()))), Rule.pattern.contains("*")),
    )
    own: dict[UUID, list[CategoryRule]] = {}
    for row in await connection.execute(statement):
        own.setdefault(row.organization_id, []).append(CategoryRule(row.pattern, Category(row.category)))
    rules_of = {organization_id: built_in().under(rules) for organization_id, rules in own.items()}
    return {key: _agreed(key, scope, rules_of) for key in keys}


def _agreed(key: DomainKey, scope: Scope, rules_of: Mapping[UUID, CategoryRules]) -> Category | None:
    ids = scope.known_organization_ids if key.organization_ids is None else key.organization_ids
    seers = {None, *rules_of} if ids is None else ids or {None}
    rules = (built_in() if seer is None else rules_of.get(seer, built_in()) for seer in seers)
    categories = {each.category_of(key.domain) for each in rules}
    return categories.pop() if len(categories) == 1 else None
