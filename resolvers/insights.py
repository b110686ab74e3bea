"""Insight about people and organizations."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.categories import Category
from core.clock import now
from core.insight import Evidence, Insight, InsightMethod, Language, Sentence
from core.insight.heuristic import heuristic_insight
from core.periods import TimeRange
from resolvers.caller import Caller
from resolvers.insight_figures import figures_of
from resolvers.usage import UsageQuery

_MILLISECOND = timedelta(milliseconds=1)
_LAST_MILLISECOND = datetime.max.replace(microsecond=999_000, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SentenceWithEvidence:
    """A sentence and the figures that it rests on."""

    text: str
    evidence: list[Evidence]


@dataclass(frozen=True, slots=True)
class ScoreWithEvidence:
    """A productivity score and the figures it is computed from."""

    overall: int
    focus: int
    efficiency: int
    balance: int
    explanation: str
    evidence: list[Evidence]


@dataclass(frozen=True, slots=True)
class DomainPart:
    """A domain's active time in seconds."""

    domain: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CategoryPart:
    """A category's active time in seconds, and the domains of it that are listed."""

    category: Category
    total_seconds: float
    domains: list[DomainPart]


@dataclass(frozen=True, slots=True)
class DomainBreakdownRow:
    """The active time by category; the value of each Category is the name of a field."""

    work_tools: CategoryPart
    development: CategoryPart
    research: CategoryPart
    communication: CategoryPart
    distractions: CategoryPart
    other: CategoryPart


@dataclass(frozen=True, slots=True)
class UsageInsightRow:
    """An insight, the usage that it is about, and the method that made it."""

    usage: UsageQuery
    insight: Insight
    as_of: datetime
    generated_at: datetime
    method: InsightMethod = InsightMethod.HEURISTIC
    model: str | None = None

    @property
    def focus_insight(self) -> SentenceWithEvidence:
        """The sentence about the focus level."""
        return self._with_evidence(self.insight.focus_insight)

    @property
    def recommendations(self) -> list[SentenceWithEvidence]:
        """The recommendations."""
        return [self._with_evidence(each) for each in self.insight.recommendations]

    @property
    def behavior_insights(self) -> list[SentenceWithEvidence]:
        """The observations on how the person or organization works."""
        return [self._with_evidence(each) for each in self.insight.behavior_insights]

    @property
    def key_findings(self) -> list[SentenceWithEvidence]:
        """The most notable findings."""
        return [self._with_evidence(each) for each in self.insight.key_findings]

    @property
    def productivity_score(self) -> ScoreWithEvidence | None:
        """The score; None with too little data."""
        score = self.insight.productivity_score
        if score is None:
            return None
        parts = (score.overall, score.focus, score.efficiency, score.balance, score.explanation)
        return ScoreWithEvidence(*parts, self._cited(score.evidence))

    @property
    def domain_breakdown(self) -> DomainBreakdownRow:
        """The active time by category."""
        return DomainBreakdownRow(**{category.value: self._part(category) for category in Category})

    def _part(self, category: Category) -> CategoryPart:
        domains = [DomainPart(*each) for each in self.insight.domain_breakdown[category]]
        return CategoryPart(category, self.insight.category_seconds[category], domains)

    def _with_evidence(self, sentence: Sentence) -> SentenceWithEvidence:
        return SentenceWithEvidence(sentence.text, self._cited(sentence.evidence))

    def _cited(self, ids: tuple[str, ...]) -> list[Evidence]:
        return [evidence for evidence in self.insight.evidence if evidence.id in ids]


async def insight(caller: Caller, usage: UsageQuery, organization_id: UUID, language: Language) -> UsageInsightRow:
    """Return the insight of a period about a subject that is, or belongs to, the organization.

    If a model is configured, it may reword the sentences; nothing else changes. If its reply is not accepted, the
    sentences stay as they are.
    """
    usage = _on_milliseconds(usage)
    as_of = now()
    found = heuristic_insight(await figures_of(caller, usage), language)
    writer = caller.services.insight_writer
    written = None if writer is None else await writer.written(found, organization_id)
    if written is None:
        return UsageInsightRow(usage, found, as_of, now())
    return UsageInsightRow(usage, written.words.replace_in(found), as_of, written.at, InsightMethod.AI, written.model)


def _on_milliseconds(usage: UsageQuery) -> UsageQuery:
    """Return the usage of a period, seen at a moment, all on whole milliseconds as the API writes them.

    So figures recur, those of the period to date before it, too.
    """
    start = usage.start.replace(microsecond=usage.start.microsecond // 1000 * 1000)
    end, moment = _rounded_up(usage.end), _rounded_up(usage.asked_at)
    return replace(usage, question=usage.question.during(TimeRange(start, end)), asked_at=moment)


def _rounded_up(instant: datetime) -> datetime:
    rounded = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    return rounded + _MILLISECOND if rounded < min(instant, _LAST_MILLISECOND) else rounded
