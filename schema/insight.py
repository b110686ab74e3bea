"""Insight: what the figures of a period say about how somebody works."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import strawberry

from core.insight import Evidence
from core.limits import GROUPS_PAGE
from db.queries.extension_user import ExtensionUserRow
from resolvers import extension_user as extension_users
from resolvers.insight import CategoryPart, DomainPart, ScoreWithEvidence, SentenceWithEvidence
from resolvers.insight import DomainBreakdown as BreakdownRow
from resolvers.insight import UsageInsight as InsightRow
from schema.context import Info
from schema.enums import Category, FocusLevel, InsightMethod, Language, Unit, WorkPattern

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser


def _part(description: str) -> Any:
    return strawberry.field(graphql_type=CategoryTime, description=description)


LanguageArgument = Annotated[Language, strawberry.argument(description="What the sentences are written in.")]


@strawberry.type(
    description="A figure that sentences rest on, as this API returns it: the same person's or organization's `usage` "
    "with `between: {start, end}` and the insight's time zone has this value. With a domain, category, hour or person "
    "it is that of the group of `usage.groups`."
)
class InsightEvidence:
    """Shows a core.insight.Evidence."""

    id: str = strawberry.field(description="Its name within the insight: `e1`.")
    measure: str = strawberry.field(
        description="The field that has the value: of UsageMeasures (`trackedSeconds`), or its path from the subject "
        "where it is deep work's (`deepWork.longestSeconds`)."
    )
    start: datetime = strawberry.field(description="The first instant of the period it is measured in.")
    end: datetime = strawberry.field(description="The first instant after that period.")
    value: float = strawberry.field(description="The figure.")
    unit: Unit = strawberry.field(description="What it counts.")
    domain: str | None = strawberry.field(description="The domain it is of; null when it is of no single one.")
    category: Category | None = strawberry.field(description="The category it is of; null when it is of no single one.")
    hour_of_day: int | None = strawberry.field(
        description="The hour on the clock that it is of, 0 to 23; null when it is of no single one."
    )

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None,
        description="Whose it is, where an organization's insight goes by one of its people: the median person.",
    )
    async def extension_user(root: strawberry.Parent[Evidence], info: Info) -> ExtensionUserRow | None:
        person = root.extension_user_id
        return None if person is None else await extension_users.extension_user(info.context.caller, person)


@strawberry.type(description="A sentence, and the figures it rests on.")
class InsightSentence:
    """Shows a resolvers.insight.SentenceWithEvidence."""

    text: str = strawberry.field(description="What it says, in the language asked for.")
    evidence: list[Evidence] = strawberry.field(
        graphql_type=list[InsightEvidence], description="The figures it rests on: at least one."
    )


@strawberry.type(description="How productive the work was, from 0 to 100. docs/insight.md says how it is computed.")
class ProductivityScore:
    """Shows a resolvers.insight.ScoreWithEvidence."""

    overall: int = strawberry.field(description="The parts together: 40% focus, 40% efficiency, 20% balance.")
    focus: int = strawberry.field(description="How undivided attention was: switching, deep work, domains.")
    efficiency: int = strawberry.field(
        description="How much of the time was purposeful by its categories, and how much of it engaged."
    )
    balance: int = strawberry.field(description="Pauses, hours of the day, and room beside communication.")
    explanation: str = strawberry.field(description="How it comes about, in the language asked for.")
    evidence: list[Evidence] = strawberry.field(
        graphql_type=list[InsightEvidence], description="The figures it is computed from."
    )


@strawberry.type(description="A domain's tracked time.")
class DomainTime:
    """Shows a resolvers.insight.DomainPart."""

    domain: str = strawberry.field(description="The domain.")
    seconds: float = strawberry.field(description="Its `trackedSeconds`.")


@strawberry.type(description="The tracked time of a category's domains.")
class CategoryTime:
    """Shows a resolvers.insight.CategoryPart."""

    category: Category = strawberry.field(description="The category.")
    total_seconds: float = strawberry.field(description="The `trackedSeconds` of all its domains, listed or not.")
    domains: list[DomainPart] = strawberry.field(
        graphql_type=list[DomainTime],
        description=f"Its domains, the one with the most time first. Of all categories together, the {GROUPS_PAGE} "
        "domains with the most time are listed.",
    )


@strawberry.type(description="Where the time went, by category and domain.")
class DomainBreakdown:
    """Shows a resolvers.insight.DomainBreakdown."""

    work_tools: CategoryPart = _part("Tools of work.")
    development: CategoryPart = _part("Development.")
    research: CategoryPart = _part("Research.")
    communication: CategoryPart = _part("Communication.")
    distractions: CategoryPart = _part("Distractions.")
    other: CategoryPart = _part("What is in none of these categories.")


@strawberry.type(
    description="What the figures of a period say about how somebody works. Every sentence names the figures it rests "
    "on. docs/insight.md says how each part is found."
)
class UsageInsight:
    """Shows a resolvers.insight.UsageInsight."""

    @strawberry.field(description="The first instant of the period.")
    def start(root: strawberry.Parent[InsightRow]) -> datetime:
        return root.usage.start

    @strawberry.field(description="The first instant after the period.")
    def end(root: strawberry.Parent[InsightRow]) -> datetime:
        return root.usage.end

    @strawberry.field(description="The time zone asked for.")
    def timezone(root: strawberry.Parent[InsightRow]) -> ZoneInfo:
        return root.usage.timezone

    @strawberry.field(description="What the sentences are written in.")
    def language(root: strawberry.Parent[InsightRow]) -> Language:
        return root.insight.language

    @strawberry.field(description="How undivided attention was; null with too little data.")
    def focus_level(root: strawberry.Parent[InsightRow]) -> FocusLevel | None:
        return root.insight.focus_level

    focus_insight: SentenceWithEvidence = strawberry.field(
        graphql_type=InsightSentence, description="Why the focus level is what it is, or that there is too little data."
    )

    @strawberry.field(description="What stands out in how it was worked.")
    def work_pattern(root: strawberry.Parent[InsightRow]) -> WorkPattern:
        return root.insight.work_pattern

    productivity_score: ScoreWithEvidence | None = strawberry.field(
        graphql_type=ProductivityScore | None,
        description="How productive the work was; null with too little data, which is no bad score.",
    )
    domain_breakdown: BreakdownRow = strawberry.field(
        graphql_type=DomainBreakdown, description="Where the time went, by category and domain."
    )
    key_findings: list[SentenceWithEvidence] = strawberry.field(
        graphql_type=list[InsightSentence], description="What stands out; empty with too little data."
    )
    behavior_insights: list[SentenceWithEvidence] = strawberry.field(
        graphql_type=list[InsightSentence], description="How it was worked; empty with too little data."
    )
    recommendations: list[SentenceWithEvidence] = strawberry.field(
        graphql_type=list[InsightSentence],
        description="What might be done differently; empty with too little data.",
    )

    @strawberry.field(graphql_type=list[InsightEvidence], description="All figures that anything in it rests on.")
    def evidence(root: strawberry.Parent[InsightRow]) -> list[Evidence]:
        return list(root.insight.evidence)

    method: InsightMethod = strawberry.field(description="How the sentences were made.")
    model: str | None = strawberry.field(description="Which model worded the sentences; null when none did.")
    generated_at: datetime = strawberry.field(description="When the sentences were made.")
    as_of: datetime = strawberry.field(
        description="When the figures were asked for: every event acknowledged before is in them."
    )
