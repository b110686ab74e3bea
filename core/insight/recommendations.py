"""Recommendations: what might be done differently."""

from core.categories import Category
from core.deep_work import MEDIUM_FOCUS_SWITCHES_PER_HOUR
from core.insight import Sentence, thresholds
from core.insight.figures import HourTime
from core.insight.rounding import shown
from core.insight.sentence_builder import SentenceBuilder
from core.insight.texts import Noun, Text


def recommendations(builder: SentenceBuilder) -> tuple[Sentence, ...]:
    """All whose condition holds, in a fixed order; when none does, to carry on."""
    said = (
        _limit_distractions(builder),
        _group_tasks(builder),
        _keep_an_hour_free(builder),
        _on_category(builder, Text.ANSWER_AT_SET_TIMES, Category.COMMUNICATION, thresholds.COMMUNICATION_SHARE),
        _on_category(builder, Text.SUM_UP_RESEARCH, Category.RESEARCH, thresholds.RESEARCH_SHARE),
        _pause_earlier(builder),
        _leave_the_night(builder),
    )
    return tuple(sentence for sentence in said if sentence) or (_carry_on(builder),)


def _limit_distractions(builder: SentenceBuilder) -> Sentence | None:
    category, figures = Category.DISTRACTIONS, builder.figures
    if figures.share(category) < thresholds.DISTRACTIONS_WORTH_A_WORD:
        return None
    top = next((each for each in figures.domains if each.category is category), None)
    if top is None:  # so many domains that none of these is listed
        name = builder.wording.category(category)
        return builder.say_of_category(Text.LIMIT_DISTRACTIONS, category, name=name)
    evidence = builder.log.domain(top.domain, top.seconds)
    return builder.say_of_category(Text.LIMIT_DISTRACTIONS, category, evidence, name=top.domain)


def _group_tasks(builder: SentenceBuilder) -> Sentence | None:
    if shown(builder.figures.now.switches_per_hour) <= MEDIUM_FOCUS_SWITCHES_PER_HOUR:
        return None
    limit = builder.wording.number(MEDIUM_FOCUS_SWITCHES_PER_HOUR)
    return builder.say(Text.GROUP_TASKS, builder.rate_evidence(), rate=builder.rate(), limit=limit)


def _keep_an_hour_free(builder: SentenceBuilder) -> Sentence | None:
    figures = builder.figures
    best = figures.best_hour
    if best is None or figures.focused_share >= thresholds.MEDIUM_FOCUS_DEEP_SHARE:
        return None
    text = Text.KEEP_HOUR_OF_DEEP_WORK_FREE if best.deep_work_seconds else Text.KEEP_BUSIEST_HOUR_FREE
    return builder.say(
        text,
        builder.focused_evidence() + builder.hour_evidence(best),
        **builder.from_to(best),
        share=builder.wording.percent(figures.focused_share),
    )


def _on_category(builder: SentenceBuilder, text: Text, category: Category, least: float) -> Sentence | None:
    return builder.say_of_category(text, category) if builder.figures.share(category) >= least else None


def _pause_earlier(builder: SentenceBuilder) -> Sentence | None:
    longest, (enough, _) = builder.figures.blocks.longest_seconds, thresholds.LONGEST_BLOCK_SECONDS
    if longest is None or longest <= enough:
        return None
    length, limit = builder.wording.duration(longest), builder.wording.duration(enough)
    return builder.say(Text.PAUSE_EARLIER, builder.log.longest_block(), longest=length, limit=limit)


def _leave_the_night(builder: SentenceBuilder) -> Sentence | None:
    figures = builder.figures
    if figures.night_share < thresholds.NIGHT_WORTH_A_WORD:
        return None
    return builder.say(
        Text.LEAVE_THE_NIGHT,
        night_evidence(builder),
        share=builder.wording.percent(figures.night_share),
        minutes=builder.wording.count(Noun.MINUTE, _minutes(figures.night)),
        start=builder.wording.clock(thresholds.NIGHT_BEGINS),
        end=builder.wording.clock(thresholds.DAY_BEGINS),
    )


def night_evidence(builder: SentenceBuilder) -> tuple[str, ...]:
    """The evidence of the part of minutes that lies in the night."""
    evidence = builder.log.now("tracked_minutes")
    for hour in builder.figures.night:
        evidence += builder.log.hour("tracked_minutes", hour.hour, hour.tracked_minutes)
    return evidence


def _minutes(hours: tuple[HourTime, ...]) -> int:
    return sum(hour.tracked_minutes for hour in hours)


def _carry_on(builder: SentenceBuilder) -> Sentence:
    return builder.say(Text.CARRY_ON, builder.rate_evidence(), deep=builder.deep(), rate=builder.rate())
