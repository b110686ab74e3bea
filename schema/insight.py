"""Insight: a description of somebody's work in a period, made from figures."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import strawberry

from core.insight import Evidence
from core.limits import GROUPS_PAGE
from db.queries.extension_users import ExtensionUserRow
from execution.context import Info
from resolvers import extension_users
from resolvers.insights import (
    CategoryPart,
    DomainBreakdownRow,
    DomainPart,
    ScoreWithEvidence,
    SentenceWithEvidence,
    UsageInsightRow,
)
from schema.domain_display import DOMAIN_DISPLAY, shown_domain, shown_domain_or_null
from schema.enums import Category, FocusLevel, InsightMethod, Language, Unit, WorkPattern

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser


def _part(description: str) -> Any:
    return strawberry.field(graphql_type=CategoryTime, description=description)


INSIGHT_MEASURES = 22
"""Number of measures that an insight is made of: its price."""

LanguageArgument = Annotated[Language, strawberry.argument(description="The language of the sentences.")]


@strawberry.type(
    description="A figure that sentences rest on, as this API returns it: the same person's or organization's `usage` "
    "with `between: {start, end}` and the insight's time zone has this value. With a domain, category, hour or person "
    "it is that of the group of `usage.groups`."
)
class InsightEvidence:
    """Shows a core.insight.Evidence."""

    id: str = strawberry.field(description="Its name within the insight: `e1`.")
    measure: str = strawberry.field(
        description="The field that has the value: of UsageMeasures (`activeSeconds`), or its path from the subject "
        "where it is deep work's (`deepWork.longestSeconds`)."
    )
    start: datetime = strawberry.field(description="The first instant of the period it is measured in.")
    end: datetime = strawberry.field(description="The first instant after that period.")
    value: float = strawberry.field(description="The figure.")
    unit: Unit = strawberry.field(description="The unit of the figure.")
    domain: str | None = strawberry.field(description="The domain it is of; null when it is of no single one.")
    domain_display: str | None = strawberry.field(resolver=shown_domain_or_null, description=DOMAIN_DISPLAY)
    category: Category | None = strawberry.field(description="The category it is of; null when it is of no single one.")
    hour_of_day: int | None = strawberry.field(
        description="The hour on the clock that it is of, 0 to 23; null when it is of no single one."
    )

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None,
        description="The person it is of, where an organization's insight goes by the median person; else null.",
    )
    async def extension_user(root: strawberry.Parent[Evidence], info: Info) -> ExtensionUserRow | None:
        person = root.extension_user_id
        return None if person is None else await extension_users.extension_user(info.context.caller, person)


@strawberry.type(description="A sentence, and the figures it rests on.")
class InsightSentence:
    """Shows a resolvers.insights.SentenceWithEvidence."""

    text: str = strawberry.field(description="The text, in the language asked for.")
    evidence: list[Evidence] = strawberry.field(
        graphql_type=list[InsightEvidence], description="The figures it rests on: at least one."
    )


@strawberry.type(description="The productivity of the work, from 0 to 100. docs/insight.md says how it is computed.")
class ProductivityScore:
    """Shows a resolvers.insights.ScoreWithEvidence."""

    overall: int = strawberry.field(description="The parts together: 40% focus, 40% efficiency, 20% balance.")
    focus: int = strawberry.field(description="The focus of attention: switching, deep work, domains.")
    efficiency: int = strawberry.field(
        description="The part of the time that was purposeful by its categories, and the part of it that was engaged."
    )
    balance: int = strawberry.field(description="Pauses, hours of the day, and room beside communication.")
    explanation: str = strawberry.field(description="An explanation of the score, in the language asked for.")
    evidence: list[Evidence] = strawberry.field(
        graphql_type=list[InsightEvidence], description="The figures it is computed from."
    )


@strawberry.type(description="A domain's active time.")
class DomainTime:
    """Shows a resolvers.insights.DomainPart."""

    domain: str = strawberry.field(description="The domain.")
    domain_display: str = strawberry.field(resolver=shown_domain, description=DOMAIN_DISPLAY)
    seconds: float = strawberry.field(description="Its `activeSeconds`.")


@strawberry.type(description="The active time of a category's domains.")
class CategoryTime:
    """Shows a resolvers.insights.CategoryPart."""

    category: Category = strawberry.field(description="The category.")
    total_seconds: float = strawberry.field(description="The `activeSeconds` of all its domains, listed or not.")
    domains: list[DomainPart] = strawberry.field(
        graphql_type=list[DomainTime],
        description=f"Its domains, the one with the most time first. Of all categories together, the {GROUPS_PAGE} "
        "domains with the most time are listed.",
    )


@strawberry.type(description="The active time by category and domain.")
class DomainBreakdown:
    """Shows a resolvers.insights.DomainBreakdownRow."""

    work_tools: CategoryPart = _part("Tools of work.")
    development: CategoryPart = _part("Development.")
    research: CategoryPart = _part("Research.")
    communication: CategoryPart = _part("Communication.")
    distractions: CategoryPart = _part("Distractions.")
    other: CategoryPart = _part("All other domains.")


@strawberry.type(
    description="A description of somebody's work in a period, made from figures. Every sentence names the figures it "
    "rests on. docs/insight.md says how each part is found."
)
class UsageInsight:
    """Shows a resolvers.insights.UsageInsightRow."""

    @strawberry.field(description="The first instant of the period.")
    def start(root: strawberry.Parent[UsageInsightRow]) -> datetime:
        return root.usage.start

    @strawberry.field(description="The first instant after the period.")
    def end(root: strawberry.Parent[UsageInsightRow]) -> datetime:
        return root.usage.end

    @strawberry.field(description="The time zone asked for.")
    def timezone(root: strawberry.Parent[UsageInsightRow]) -> ZoneInfo:
        return root.usage.timezone

    @strawberry.field(description="The language of the sentences.")
    def language(root: strawberry.Parent[UsageInsightRow]) -> Language:
        return root.insight.language

    @strawberry.field(description="The focus of attention; null with too little data.")
    def focus_level(root: strawberry.Parent[UsageInsightRow]) -> FocusLevel | None:
        return root.insight.focus_level

    focus_insight: SentenceWithEvidence = strawberry.field(
        graphql_type=InsightSentence,
        description="The reason for the focus level, or a note that there is too little data.",
    )

    @strawberry.field(description="The most prominent trait of the work.")
    def work_pattern(root: strawberry.Parent[UsageInsightRow]) -> WorkPattern:
        return root.insight.work_pattern

    productivity_score: ScoreWithEvidence | None = strawberry.field(
        graphql_type=ProductivityScore | None,
        description="The productivity of the work; null with too little data, which is no bad score.",
    )
    domain_breakdown: DomainBreakdownRow = strawberry.field(
        graphql_type=DomainBreakdown, description="The active time by category and domain."
    )
    key_findings: list[SentenceWithEvidence] = strawberry.field(
        graphql_type=list[InsightSentence], description="The most prominent facts; empty with too little data."
    )
    behavior_insights: list[SentenceWithEvidence] = strawberry.field(
        graphql_type=list[InsightSentence],
        description="Sentences about the way of working; empty with too little data.",
    )
    recommendations: list[SentenceWithEvidence] = strawberry.field(
        graphql_type=list[InsightSentence],
        description="Suggestions for other ways of working; empty with too little data.",
    )

    @strawberry.field(graphql_type=list[InsightEvidence], description="All figures that anything in it rests on.")
    def evidence(root: strawberry.Parent[UsageInsightRow]) -> list[Evidence]:
        return list(root.insight.evidence)

    method: InsightMethod = strawberry.field(description="The way in which the sentences were made.")
    model: str | None = strawberry.field(description="The model that worded the sentences; null when none did.")
    generated_at: datetime = strawberry.field(description="The time at which the sentences were made.")
    as_of: datetime = strawberry.field(
        description="The time at which the figures were read: every event acknowledged before is in them."
    )
