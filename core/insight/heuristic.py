"""From figures to an insight, by rules alone: pure, and the same for the same figures."""

from core.categories import Category
from core.insight import Insight, Language, Score, WorkPattern, marks
from core.insight.evidence import EvidenceLog
from core.insight.figures import Figures
from core.insight.judgement import focus_level, work_pattern
from core.insight.observations import behavior_insights, focus_insight, key_findings
from core.insight.recommendations import night_evidence, recommendations
from core.insight.scores import engaged_share, points, purposeful_share
from core.insight.speaker import Speaker
from core.insight.texts import Text
from core.insight.wording import Wording


def heuristic_insight(figures: Figures, language: Language) -> Insight:
    """What the figures say. With too little data: the breakdown, and a sentence that says so; no score, empty lists."""
    speaker = Speaker(figures, Wording(language), EvidenceLog(figures))
    level, pattern = focus_level(figures), work_pattern(figures)
    told = pattern is not WorkPattern.INSUFFICIENT_DATA
    # In this order evidence is numbered.
    focus = focus_insight(speaker, level)
    findings = key_findings(speaker, pattern) if told else ()
    behavior = behavior_insights(speaker, pattern) if told else ()
    advice = recommendations(speaker) if told else ()
    score = _score(speaker) if told else None
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
        evidence=speaker.log.noted,
    )


def _score(speaker: Speaker) -> Score:
    found, figures, wording = points(speaker.figures), speaker.figures, speaker.wording
    shown = {name: getattr(found, name) for name in ("overall", *marks.OVERALL_PERCENT)}
    weights = {f"{name}_weight": wording.percent(part / 100) for name, part in marks.OVERALL_PERCENT.items()}
    explanation = wording.text(
        Text.SCORE,
        **shown,
        **weights,
        rate=speaker.rate(),
        deep=wording.percent(figures.focused_share),
        domains=speaker.domains(),
        purpose=wording.percent(purposeful_share(figures)),
        engagement=wording.percent(engaged_share(figures)),
        longest=wording.duration(figures.blocks.longest_seconds or 0),
        night=wording.percent(figures.night_share),
        communication=wording.percent(figures.share(Category.COMMUNICATION)),
    )
    return Score(**shown, explanation=explanation, evidence=_score_evidence(speaker))


def _score_evidence(speaker: Speaker) -> tuple[str, ...]:
    log = speaker.log
    evidence = speaker.rate_evidence() + log.blocks() + log.domains_of_one()
    evidence += log.now("engaged_minutes")
    for category in Category:
        evidence += log.category(category)
    evidence += log.longest_block() + night_evidence(speaker)
    return tuple(dict.fromkeys(evidence))
