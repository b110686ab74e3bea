"""What might be done differently."""

from core.categories import Category
from core.insight import Sentence, marks
from core.insight.figures import HourTime
from core.insight.speaker import Speaker
from core.insight.texts import Noun, Text
from core.measures import MEDIUM_FOCUS_SWITCHES_PER_HOUR


def recommendations(speaker: Speaker) -> tuple[Sentence, ...]:
    """All whose condition holds, in a fixed order; when none does, to carry on."""
    said = (
        _limit_distractions(speaker),
        _group_tasks(speaker),
        _keep_an_hour_free(speaker),
        _on_category(speaker, Text.ANSWER_AT_SET_TIMES, Category.COMMUNICATION, marks.COMMUNICATION_SHARE),
        _on_category(speaker, Text.SUM_UP_RESEARCH, Category.RESEARCH, marks.RESEARCH_SHARE),
        _pause_earlier(speaker),
        _leave_the_night(speaker),
    )
    return tuple(sentence for sentence in said if sentence) or (_carry_on(speaker),)


def _limit_distractions(speaker: Speaker) -> Sentence | None:
    category, figures = Category.DISTRACTIONS, speaker.figures
    if figures.share(category) < marks.DISTRACTIONS_WORTH_A_WORD:
        return None
    top = next((each for each in figures.domains if each.category is category), None)
    if top is None:  # so many domains that none of these is listed
        name = speaker.wording.category(category)
        return speaker.say_of_category(Text.LIMIT_DISTRACTIONS, category, name=name)
    evidence = speaker.log.domain(top.domain, top.seconds)
    return speaker.say_of_category(Text.LIMIT_DISTRACTIONS, category, evidence, name=top.domain)


def _group_tasks(speaker: Speaker) -> Sentence | None:
    if speaker.figures.now.switches_per_hour <= MEDIUM_FOCUS_SWITCHES_PER_HOUR:
        return None
    mark = speaker.wording.number(MEDIUM_FOCUS_SWITCHES_PER_HOUR)
    return speaker.say(Text.GROUP_TASKS, speaker.rate_evidence(), rate=speaker.rate(), mark=mark)


def _keep_an_hour_free(speaker: Speaker) -> Sentence | None:
    figures = speaker.figures
    best = figures.best_hour
    if best is None or figures.focused_share >= marks.MEDIUM_FOCUS_DEEP_SHARE:
        return None
    return speaker.say(
        Text.KEEP_AN_HOUR_FREE,
        speaker.focused_evidence() + speaker.hour_evidence(best),
        **speaker.from_to(best),
        share=speaker.wording.percent(figures.focused_share),
    )


def _on_category(speaker: Speaker, text: Text, category: Category, least: float) -> Sentence | None:
    return speaker.say_of_category(text, category) if speaker.figures.share(category) >= least else None


def _pause_earlier(speaker: Speaker) -> Sentence | None:
    longest, (enough, _) = speaker.figures.blocks.longest_seconds, marks.LONGEST_BLOCK_SECONDS
    if longest is None or longest <= enough:
        return None
    length, mark = speaker.wording.duration(longest), speaker.wording.duration(enough)
    return speaker.say(Text.PAUSE_EARLIER, speaker.log.longest_block(), longest=length, mark=mark)


def _leave_the_night(speaker: Speaker) -> Sentence | None:
    figures = speaker.figures
    if figures.night_share < marks.NIGHT_WORTH_A_WORD:
        return None
    return speaker.say(
        Text.LEAVE_THE_NIGHT,
        night_evidence(speaker),
        share=speaker.wording.percent(figures.night_share),
        minutes=speaker.wording.count(Noun.MINUTE, _minutes(figures.night)),
        start=speaker.wording.clock(marks.NIGHT_BEGINS),
        end=speaker.wording.clock(marks.DAY_BEGINS),
    )


def night_evidence(speaker: Speaker) -> tuple[str, ...]:
    """What the part of the minutes that lies in the night is computed from."""
    evidence = speaker.log.now("tracked_minutes")
    for hour in speaker.figures.night:
        evidence += speaker.log.hour("tracked_minutes", hour.hour, hour.tracked_minutes)
    return evidence


def _minutes(hours: tuple[HourTime, ...]) -> int:
    return sum(hour.tracked_minutes for hour in hours)


def _carry_on(speaker: Speaker) -> Sentence:
    return speaker.say(Text.CARRY_ON, speaker.rate_evidence(), deep=speaker.deep(), rate=speaker.rate())
