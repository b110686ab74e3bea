"""Insight: what the figures of a period say about how somebody works, in sentences that each name their figures.

thresholds.py            every threshold and weight
figures.py          what goes in
judgement.py        focus level and work pattern
scores.py           the productivity score
evidence.py         notes the figures that sentences rest on
rounding.py         numbers as they are shown
texts.py            what a language must bring; english.py and russian.py bring it, wording.py puts it together
builder.py          what sentences have in common
observations.py     the sentences about how it was worked and what stands out
recommendations.py  those about what might be done differently
heuristic.py        puts them together: figures in, insight out
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from core.categories import Category
from core.deep_work import FocusLevel
from core.described_enum import DescribedEnum
from core.units import Unit


class Language(DescribedEnum):
    """The language of sentences."""

    EN = "EN", "English."
    RU = "RU", "Russian."


class InsightMethod(DescribedEnum):
    """The way in which sentences were made."""

    AI = "ai", "A language model worded them; figures, levels and scores are computed all the same."
    HEURISTIC = "heuristic", "By rules alone."


class WorkPattern(Enum):
    """The most prominent trait of how somebody works."""

    DEEP_FOCUSED = "deep_focused"
    TASK_SWITCHING = "task_switching"
    RESEARCH_HEAVY = "research_heavy"
    COMMUNICATION_INTENSIVE = "communication_intensive"
    DISTRACTED = "distracted"
    MIXED = "mixed"
    INSUFFICIENT_DATA = "insufficient_data"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A figure as the API returns it: `usage` of the same subject from `start` to `end` has `value` as `measure`.

    `measure` is the field of UsageMeasures, or its path below `deepWork` (`deepWork.longestSeconds`). With `domain`,
    `category`, `hour_of_day` or `extension_user_id` it is the value of that group.
    """

    id: str
    measure: str
    start: datetime
    end: datetime
    value: float
    unit: Unit
    domain: str | None = None
    category: Category | None = None
    hour_of_day: int | None = None
    extension_user_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text, and the ids of the figures it rests on: at least one."""

    text: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """Productivity from 0 to 100, its parts, how it comes about in words, and the ids of the figures it rests on."""

    overall: int
    focus: int
    efficiency: int
    balance: int
    explanation: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Insight:
    """An insight into a period. `focus_level` and `productivity_score` are None when there is too little data.

    `domain_breakdown` has every category: its domains and their active seconds, the most first, at most 200 in all;
    `category_seconds` is the time of all of a category's domains, listed or not.
    """

    language: Language
    focus_level: FocusLevel | None
    focus_insight: Sentence
    work_pattern: WorkPattern
    productivity_score: Score | None
    domain_breakdown: Mapping[Category, tuple[tuple[str, float], ...]]
    category_seconds: Mapping[Category, float]
    recommendations: tuple[Sentence, ...]
    behavior_insights: tuple[Sentence, ...]
    key_findings: tuple[Sentence, ...]
    evidence: tuple[Evidence, ...]
