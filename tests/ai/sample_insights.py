"""Insights that the tests of the model are about."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from core.categories import Category
from core.deep_work import FocusLevel
from core.insight import Evidence, Insight, Language, Sentence, WorkPattern
from core.units import Unit

START, END = datetime(2026, 8, 3, tzinfo=UTC), datetime(2026, 8, 4, tzinfo=UTC)
PERSON = UUID("0198a3f2-7c1e-7b6a-9d3e-5f4c2b1a0e9d")


def figure(id: str, measure: str, value: float, unit: Unit, **group: Any) -> Evidence:  # noqa: A002 - as it is called
    """A figure of the day."""
    return Evidence(id, measure, START, END, value, unit, **group)


EVIDENCE = (
    figure("e1", "contextSwitches", 1234, Unit.COUNT),
    figure("e2", "trackedMinutes", 270, Unit.MINUTES),
    figure("e3", "engagementRate", 45.25, Unit.PERCENT),
    figure("e4", "activeSeconds", 7512.4, Unit.SECONDS, domain="github.com", category=Category.DEVELOPMENT),
    figure("e5", "deepWorkSeconds", 3600, Unit.SECONDS, hour_of_day=9),
    figure("e6", "uniqueDomains", 7, Unit.COUNT, extension_user_id=PERSON),
)

ENGLISH = Insight(
    language=Language.EN,
    focus_level=FocusLevel.MEDIUM,
    focus_insight=Sentence("Attention is divided in part: 7 domains, 6.2 switches an hour.", ("e1", "e2", "e6")),
    work_pattern=WorkPattern.DEEP_FOCUSED,
    productivity_score=None,
    domain_breakdown=dict.fromkeys(Category, ()),
    category_seconds=dict.fromkeys(Category, 0.0),
    recommendations=(Sentence("Keep the hour from 09:00 to 10:00 free.", ("e5",)),),
    behavior_insights=(Sentence("1,234 switches in 4 h 30 min.", ("e1", "e2")),),
    key_findings=(
        Sentence("github.com took the most time: 2 h 5 min.", ("e4",)),
        Sentence("45% of the minutes were engaged.", ("e3",)),
    ),
    evidence=EVIDENCE,
)

RUSSIAN = replace(
    ENGLISH,
    language=Language.RU,
    focus_insight=Sentence("Внимание отчасти рассеивается: 7 доменов, 6,2 переключения в час.", ("e1", "e2", "e6")),
    recommendations=(Sentence("Оставьте час с 09:00 до 10:00 без помех.", ("e5",)),),
    behavior_insights=(Sentence("1 234 переключения за 4 ч 30 мин.", ("e1", "e2")),),
    key_findings=(Sentence("Дольше всего открыт был сайт github.com: 2 ч 5 мин.", ("e4",)),),
)


def of_domain(domain: str) -> Insight:
    """An insight in which a domain is called so."""
    evidence = tuple(replace(each, domain=domain) if each.domain else each for each in EVIDENCE)
    findings = (Sentence(f"{domain} took the most time: 2 h 5 min.", ("e4",)), ENGLISH.key_findings[1])
    return replace(ENGLISH, evidence=evidence, key_findings=findings)


def with_value(value: float) -> Insight:
    """An insight after new events: one figure is another."""
    changed = replace(EVIDENCE[0], value=value)
    return replace(
        ENGLISH, evidence=(changed, *EVIDENCE[1:]), behavior_insights=(Sentence("There is some switching.", ("e1",)),)
    )
