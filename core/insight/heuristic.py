"""From figures to an insight, by rules alone: pure, and the same for the same figures."""

from core.categories import Category
from core.insight import Insight, Language, Score, WorkPattern, thresholds
from core.insight.evidence import EvidenceLog
from core.insight.figures import Figures
from core.insight.judgement import focus_level, work_pattern
from core.insight.observations import behavior_insights, focus_insight, key_findings
from core.insight.recommendations import night_evidence, recommendations
from core.insight.scores import engaged_share, points, purposeful_share
from core.insight.sentence_builder import SentenceBuilder
from core.insight.texts import Text
from core.insight.wording import Wording


def heuristic_insight(figures: Figures, language: Language) -> Insight:
    """The insight by rules. With too little data: the breakdown and a sentence that says so; no score, empty lists."""
    builder = SentenceBuilder(figures, Wording(language), EvidenceLog(figures))
    level, pattern = focus_level(figures), work_pattern(figures)
    told = pattern is not WorkPattern.INSUFFICIENT_DATA
    # In this order evidence is numbered.
    focus = focus_insight(builder, level)
    findings = key_findings(builder, pattern) if told else ()
    behavior = behavior_insights(builder, pattern) if told else ()
    advice = recommendations(builder) if told else ()
    score = _score(builder) if told else None
    return Insight(
        language=language,
        focus_level=level,
        focus_insight=focus,
        work_pattern=pattern,
        productivity_score=score,
        domain_breakdown={
            category: tuple((each.domain, each.seconds) for each in figures.domains if each.category is category)
            for category in Category
        },
        category_seconds={category: figures.seconds(category) for category in Category},
        recommendations=advice,
        behavior_insights=behavior,
        key_findings=findings,
        evidence=builder.log.noted,
    )


def _score(builder: SentenceBuilder) -> Score:
    found, figures, wording = points(builder.figures), builder.figures, builder.wording
    shown = {name: getattr(found, name) for name in ("overall", *thresholds.OVERALL_PERCENT)}
    weights = {f"{name}_weight": wording.percent(part / 100) for name, part in thresholds.OVERALL_PERCENT.items()}
    explanation = wording.text(
        Text.SCORE,
        **shown,
        **weights,
        rate=builder.rate(),
        deep=wording.percent(figures.focused_share),
        domains=builder.domains(),
        purpose=wording.percent(purposeful_share(figures)),
        engagement=wording.percent(engaged_share(figures)),
        longest=wording.duration(figures.blocks.longest_seconds or 0),
        night=wording.percent(figures.night_share),
        communication=wording.percent(figures.share(Category.COMMUNICATION)),
    )
    return Score(**shown, explanation=explanation, evidence=_score_evidence(builder))


def _score_evidence(builder: SentenceBuilder) -> tuple[str, ...]:
    log = builder.log
    evidence = builder.rate_evidence() + log.blocks() + log.domains_of_one()
    evidence += log.now("engaged_minutes")
    for category in Category:
        evidence += log.category(category)
    evidence += log.longest_block() + night_evidence(builder)
    return tuple(dict.fromkeys(evidence))
