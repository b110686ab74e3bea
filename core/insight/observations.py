"""The sentences about how it was worked and what stands out."""

from core.categories import Category
from core.deep_work import DEEP_WORK_EVENTS, DEEP_WORK_LENGTH, SWITCH_GAP, FocusLevel
from core.insight import Sentence, WorkPattern, thresholds
from core.insight.judgement import CATEGORY_OF
from core.insight.rounding import shown, shown_percent
from core.insight.sentence_builder import SentenceBuilder
from core.insight.texts import Noun, Text

_FOCUS = {
    FocusLevel.HIGH: Text.FOCUS_HIGH,
    FocusLevel.MEDIUM: Text.FOCUS_MEDIUM,
    FocusLevel.LOW: Text.FOCUS_LOW,
}

_PREVAILING = {
    WorkPattern.DEEP_FOCUSED: Text.FOCUS_PREVAILS,
    WorkPattern.TASK_SWITCHING: Text.SWITCHING_PREVAILS,
    WorkPattern.MIXED: Text.NEITHER_PREVAILS,
}


def focus_insight(builder: SentenceBuilder, level: FocusLevel | None) -> Sentence:
    """Why the focus level is what it is, or that there is too little data for any."""
    if level is None:
        seconds = (builder.figures.now.active_seconds, thresholds.LEAST_ACTIVE_SECONDS)
        active, least = map(builder.wording.duration, seconds)
        return builder.say(Text.TOO_LITTLE, builder.log.now("active_seconds"), active=active, least=least)
    evidence = builder.log.domains_of_one() + builder.rate_evidence() + builder.log.blocks()
    return builder.say(_FOCUS[level], evidence, domains=builder.domains(), rate=builder.rate(), deep=builder.deep())


def behavior_insights(builder: SentenceBuilder, pattern: WorkPattern) -> tuple[Sentence, ...]:
    """Sentences on behavior: the main category (unless it makes the pattern), switching, deep work, the best hour."""
    said = (_main_category(builder, pattern), _switching(builder), _blocks(builder), _best_hour(builder))
    return tuple(sentence for sentence in said if sentence)


def key_findings(builder: SentenceBuilder, pattern: WorkPattern) -> tuple[Sentence, ...]:
    """Sentences on the pattern, the top domain, and changes against the period before."""
    said = (_pattern(builder, pattern), _top_domain(builder), *_changes(builder))
    return tuple(sentence for sentence in said if sentence)


def _main_category(builder: SentenceBuilder, pattern: WorkPattern) -> Sentence | None:
    category = max(Category, key=builder.figures.seconds)
    if not builder.figures.seconds(category) or category is CATEGORY_OF.get(pattern):
        return None
    return builder.say_of_category(Text.MAIN_CATEGORY, category)


def _switching(builder: SentenceBuilder) -> Sentence:
    now = builder.figures.now
    return builder.say(
        Text.SWITCHING,
        builder.rate_evidence(),
        switches=builder.wording.count(Noun.SWITCH, now.context_switches),
        active=builder.wording.duration(now.active_seconds),
        rate=builder.wording.number(now.switches_per_hour),
    )


def _blocks(builder: SentenceBuilder) -> Sentence:
    number, longest = builder.figures.now.deep_work_sessions, builder.figures.blocks.longest_seconds
    if longest is None:
        lengths = (length.total_seconds() / 60 for length in (DEEP_WORK_LENGTH, SWITCH_GAP))
        least, gap = (builder.wording.count(Noun.MINUTE, minutes) for minutes in lengths)
        events = builder.wording.number(DEEP_WORK_EVENTS)
        evidence = builder.log.now("deep_work_sessions")
        return builder.say(Text.NO_BLOCK, evidence, least=least, gap=gap, events=events)
    evidence = builder.log.now("deep_work_sessions", "deep_work_seconds")
    if number == 1:
        return builder.say(Text.ONE_BLOCK, evidence, time=builder.deep())
    return builder.say(
        Text.BLOCKS,
        evidence + builder.log.longest_block(),
        blocks=builder.wording.count(Noun.BLOCK, number),
        time=builder.deep(),
        longest=builder.wording.duration(longest),
    )


def _best_hour(builder: SentenceBuilder) -> Sentence | None:
    best = builder.figures.best_hour
    if best is None:
        return None
    evidence, clock = builder.hour_evidence(best), builder.from_to(best)
    if best.deep_work_seconds:
        return builder.say(Text.BEST_HOUR, evidence, **clock, time=builder.wording.duration(best.deep_work_seconds))
    minutes = builder.wording.count(Noun.MINUTE, best.tracked_minutes)
    return builder.say(Text.BUSIEST_HOUR, evidence, **clock, minutes=minutes)


def _pattern(builder: SentenceBuilder, pattern: WorkPattern) -> Sentence:
    category = CATEGORY_OF.get(pattern)
    if category is not None:
        return builder.say_of_category(Text.CATEGORY_PREVAILS, category)
    evidence = builder.rate_evidence() + builder.log.blocks()
    return builder.say(_PREVAILING[pattern], evidence, deep=builder.deep(), rate=builder.rate())


def _top_domain(builder: SentenceBuilder) -> Sentence | None:
    top = next(iter(builder.figures.domains), None)
    if top is None or not top.seconds:
        return None
    evidence = builder.log.domain(top.domain, top.seconds)
    return builder.say(Text.TOP_DOMAIN, evidence, domain=top.domain, time=builder.wording.duration(top.seconds))


def _changes(builder: SentenceBuilder) -> tuple[Sentence, ...]:
    """Against the period before, in shares and rates: the present period may not be over yet."""
    now, before = builder.figures.now, builder.figures.before
    if not before.is_enough:
        return ()
    deep = _compared(shown_percent(now.deep_share), shown_percent(before.deep_share), thresholds.DEEP_PERCENT_CHANGE)
    switches = _compared(shown(now.switches_per_hour), shown(before.switches_per_hour), thresholds.SWITCHES_CHANGE)
    return (
        builder.say(
            (Text.DEEP_SHARE_LESS, Text.DEEP_SHARE_SAME, Text.DEEP_SHARE_MORE)[deep + 1],
            builder.deep_shares_evidence(),
            now=builder.wording.percent(now.deep_share),
            before=builder.wording.percent(before.deep_share),
        ),
        builder.say(
            (Text.SWITCHES_LESS, Text.SWITCHES_SAME, Text.SWITCHES_MORE)[switches + 1],
            builder.rates_evidence(),
            now=builder.wording.number(now.switches_per_hour),
            before=builder.wording.number(before.switches_per_hour),
        ),
    )


def _compared(now: float, before: float, least: float) -> int:
    """-1 for a fall, 1 for a rise, 0 for a change too small to be one; of figures as they are shown."""
    change = round(now - before, 6)
    if abs(change) < least:
        return 0
    return 1 if change > 0 else -1
