"""The sentences about how it was worked and what stands out."""

from core.categories import Category
from core.insight import Sentence, WorkPattern, marks
from core.insight.judgement import CATEGORY_OF
from core.insight.speaker import Speaker
from core.insight.texts import Noun, Text
from core.measures import DEEP_WORK_EVENTS, DEEP_WORK_LENGTH, SWITCH_GAP, FocusLevel

_FOCUS = {
    FocusLevel.HIGH: Text.FOCUS_HIGH,
    FocusLevel.MEDIUM: Text.FOCUS_MEDIUM,
    FocusLevel.LOW: Text.FOCUS_LOW,
}


def focus_insight(speaker: Speaker, level: FocusLevel | None) -> Sentence:
    """Why the focus level is what it is, or that there is too little data for any."""
    if level is None:
        minutes = (speaker.figures.now.tracked_minutes, marks.LEAST_TRACKED_MINUTES)
        found, least = (speaker.wording.count(Noun.MINUTE, number) for number in minutes)
        return speaker.say(Text.TOO_LITTLE, speaker.log.now("tracked_minutes"), minutes=found, least=least)
    evidence = speaker.log.domains_of_one() + speaker.rate_evidence() + speaker.log.blocks()
    return speaker.say(_FOCUS[level], evidence, domains=speaker.domains(), rate=speaker.rate(), deep=speaker.deep())


def behavior_insights(speaker: Speaker, pattern: WorkPattern) -> tuple[Sentence, ...]:
    """How it was worked: the main category (unless it makes the pattern), switching, deep work, the best hour."""
    said = (_main_category(speaker, pattern), _switching(speaker), _blocks(speaker), _best_hour(speaker))
    return tuple(sentence for sentence in said if sentence)


def key_findings(speaker: Speaker, pattern: WorkPattern) -> tuple[Sentence, ...]:
    """What stands out: the pattern, the top domain, what has changed against the period before."""
    said = (_pattern(speaker, pattern), _top_domain(speaker), *_changes(speaker))
    return tuple(sentence for sentence in said if sentence)


def _main_category(speaker: Speaker, pattern: WorkPattern) -> Sentence | None:
    category = max(Category, key=speaker.figures.seconds)
    if not speaker.figures.seconds(category) or category is CATEGORY_OF.get(pattern):
        return None
    return speaker.say_of_category(Text.MAIN_CATEGORY, category)


def _switching(speaker: Speaker) -> Sentence:
    now = speaker.figures.now
    return speaker.say(
        Text.SWITCHING,
        speaker.rate_evidence(),
        switches=speaker.wording.count(Noun.SWITCH, now.context_switches),
        active=speaker.wording.duration(now.active_seconds),
        rate=speaker.wording.number(now.switches_per_hour),
    )


def _blocks(speaker: Speaker) -> Sentence:
    number, longest = speaker.figures.now.deep_work_sessions, speaker.figures.blocks.longest_seconds
    if longest is None:
        lengths = (length.total_seconds() / 60 for length in (DEEP_WORK_LENGTH, SWITCH_GAP))
        least, gap = (speaker.wording.count(Noun.MINUTE, minutes) for minutes in lengths)
        events = speaker.wording.number(DEEP_WORK_EVENTS)
        evidence = speaker.log.now("deep_work_sessions")
        return speaker.say(Text.NO_BLOCK, evidence, least=least, gap=gap, events=events)
    evidence = speaker.log.now("deep_work_sessions", "deep_work_seconds")
    if number == 1:
        return speaker.say(Text.ONE_BLOCK, evidence, time=speaker.deep())
    return speaker.say(
        Text.BLOCKS,
        evidence + speaker.log.longest_block(),
        blocks=speaker.wording.count(Noun.BLOCK, number),
        time=speaker.deep(),
        longest=speaker.wording.duration(longest),
    )


def _best_hour(speaker: Speaker) -> Sentence | None:
    best = speaker.figures.best_hour
    if best is None:
        return None
    evidence, clock = speaker.hour_evidence(best), speaker.from_to(best)
    if best.deep_work_seconds:
        return speaker.say(Text.BEST_HOUR, evidence, **clock, time=speaker.wording.duration(best.deep_work_seconds))
    minutes = speaker.wording.count(Noun.MINUTE, best.tracked_minutes)
    return speaker.say(Text.BUSIEST_HOUR, evidence, **clock, minutes=minutes)


def _pattern(speaker: Speaker, pattern: WorkPattern) -> Sentence:
    category = CATEGORY_OF.get(pattern)
    if category is not None:
        return speaker.say_of_category(Text.CATEGORY_PREVAILS, category)
    text = Text.FOCUS_PREVAILS if pattern is WorkPattern.DEEP_FOCUSED else Text.SWITCHING_PREVAILS
    evidence = speaker.rate_evidence() + speaker.log.blocks()
    return speaker.say(text, evidence, deep=speaker.deep(), rate=speaker.rate())


def _top_domain(speaker: Speaker) -> Sentence | None:
    top = next(iter(speaker.figures.domains), None)
    if top is None or not top.seconds:
        return None
    evidence = speaker.log.domain(top.domain, top.seconds)
    return speaker.say(Text.TOP_DOMAIN, evidence, domain=top.domain, time=speaker.wording.duration(top.seconds))


def _changes(speaker: Speaker) -> tuple[Sentence, ...]:
    """Against the period before, in shares and rates: the present period may not be over yet."""
    now, before = speaker.figures.now, speaker.figures.before
    if not before.is_enough:
        return ()
    deep = _compared(now.deep_share - before.deep_share, marks.DEEP_SHARE_CHANGE)
    switches = _compared(now.switches_per_hour - before.switches_per_hour, marks.SWITCHES_CHANGE)
    return (
        speaker.say(
            (Text.DEEP_SHARE_LESS, Text.DEEP_SHARE_SAME, Text.DEEP_SHARE_MORE)[deep + 1],
            speaker.deep_shares_evidence(),
            now=speaker.wording.percent(now.deep_share),
            before=speaker.wording.percent(before.deep_share),
        ),
        speaker.say(
            (Text.SWITCHES_LESS, Text.SWITCHES_SAME, Text.SWITCHES_MORE)[switches + 1],
            speaker.rates_evidence(),
            now=speaker.wording.number(now.switches_per_hour),
            before=speaker.wording.number(before.switches_per_hour),
        ),
    )


def _compared(change: float, least: float) -> int:
    """-1 for a fall, 1 for a rise, 0 for a change too small to be one."""
    if abs(change) < least:
        return 0
    return 1 if change > 0 else -1
