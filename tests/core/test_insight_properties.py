"""Properties of every insight, whatever the figures."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.categories import Category
from core.insight import Insight, Language, WorkPattern
from core.insight.figures import Blocks, DomainTime, Figures, HourTime, Totals
from core.insight.heuristic import heuristic_insight
from core.insight.scores import Points, points
from core.insight.thresholds import LEAST_ACTIVE_SECONDS
from tests.core.insight_personas import BEFORE, END, START

SECONDS = st.floats(0, 1e7)
COUNT = st.integers(0, 10_000)


ANYBODY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Drawing somebody's figures takes long on a machine that is busy."""


@st.composite
def totals(draw: st.DrawFn, *, now: bool = True, least: int = 0) -> Totals:
    """The measures of a period, as they can go together."""
    tracked = draw(st.integers(0, 20_000))
    return Totals(
        *((START, END) if now else (BEFORE, START)),
        tracked_minutes=tracked,
        engaged_minutes=draw(st.integers(0, tracked)),
        active_seconds=draw(st.floats(least, 1e7)),
        unique_domains=draw(COUNT),
        context_switches=draw(COUNT),
        deep_work_sessions=draw(COUNT),
        deep_work_seconds=draw(SECONDS),
    )


@st.composite
def any_figures(draw: st.DrawFn, *, least: int = 0) -> Figures:
    """Figures of anybody with at least so many active seconds."""
    hours = draw(st.sets(st.integers(0, 23), max_size=4))
    domains = tuple(
        DomainTime(f"{number}.com", draw(st.sampled_from(Category)), draw(SECONDS))
        for number in range(draw(st.integers(0, 3)))
    )
    return Figures(
        now=draw(totals(least=least)),
        before=draw(totals(now=False)),
        blocks=Blocks(draw(COUNT), draw(COUNT), draw(COUNT), draw(st.none() | SECONDS)),
        domains=domains,
        categories=draw(st.dictionaries(st.sampled_from(Category), SECONDS)),
        hours=tuple(HourTime(hour, draw(COUNT), draw(SECONDS)) for hour in sorted(hours)),
    )


def cited(insight: Insight) -> list[tuple[str, ...]]:
    """The evidence of everything that is said."""
    said = (insight.focus_insight, *insight.key_findings, *insight.behavior_insights, *insight.recommendations)
    score = insight.productivity_score
    return [sentence.evidence for sentence in said] + ([score.evidence] if score else [])


@ANYBODY
@given(any_figures(), st.sampled_from(Language))
def test_an_insight_is_whole(figures: Figures, language: Language):
    insight = heuristic_insight(figures, language)

    ids = [each.id for each in insight.evidence]
    assert ids == [f"e{number}" for number in range(1, len(ids) + 1)]
    assert all(evidence and set(evidence) <= set(ids) for evidence in cited(insight))
    assert set(ids) == {each for evidence in cited(insight) for each in evidence}
    assert insight == heuristic_insight(figures, language)
    enough = insight.work_pattern is not WorkPattern.INSUFFICIENT_DATA
    assert enough is figures.now.is_enough
    assert (insight.focus_level is not None) is (insight.productivity_score is not None) is enough
    assert bool(insight.key_findings) is bool(insight.behavior_insights) is bool(insight.recommendations) is enough


@ANYBODY
@given(any_figures())
def test_languages_differ_in_words_only(figures: Figures):
    english, russian = (heuristic_insight(figures, language) for language in Language)

    assert english.evidence == russian.evidence
    assert cited(english) == cited(russian)
    assert (english.focus_level, english.work_pattern) == (russian.focus_level, russian.work_pattern)


def all_points(found: Points) -> tuple[int, int, int, int]:
    """The score and its parts."""
    return (found.overall, found.focus, found.efficiency, found.balance)


@ANYBODY
@given(any_figures())
def test_points_are_from_0_to_100(figures: Figures):
    assert all(0 <= part <= 100 for part in all_points(points(figures)))


@ANYBODY
@given(any_figures(), COUNT)
def test_focus_does_not_rise_with_switches_or_domains(figures: Figures, more: int):
    switching = replace(figures.now, context_switches=figures.now.context_switches + more)
    scattered = replace(figures.now, unique_domains=figures.now.unique_domains + more)

    for now in (switching, scattered):
        worse = points(replace(figures, now=now))
        assert worse.focus <= points(figures).focus
        assert worse.overall <= points(figures).overall


@ANYBODY
@given(any_figures(least=LEAST_ACTIVE_SECONDS), SECONDS)
def test_focus_does_not_fall_with_deep_work(figures: Figures, more: float):
    deeper = replace(figures.now, deep_work_seconds=figures.now.deep_work_seconds + more)

    assert points(replace(figures, now=deeper)).focus >= points(figures).focus


@ANYBODY
@given(
    any_figures(), st.sampled_from([each for each in Category if each is not Category.DISTRACTIONS]), st.floats(0, 1)
)
def test_efficiency_does_not_fall_as_time_leaves_distractions(figures: Figures, other: Category, part: float):
    moved = figures.seconds(Category.DISTRACTIONS) * part
    categories = dict(figures.categories or {})
    categories[Category.DISTRACTIONS] = figures.seconds(Category.DISTRACTIONS) - moved
    categories[other] = figures.seconds(other) + moved

    assert points(replace(figures, categories=categories)).efficiency >= points(figures).efficiency


@ANYBODY
@given(any_figures(), SECONDS)
def test_balance_does_not_rise_with_the_longest_block(figures: Figures, more: float):
    longest = (figures.blocks.longest_seconds or 0) + more

    longer = replace(figures, blocks=replace(figures.blocks, longest_seconds=longest))

    assert points(longer).balance <= points(figures).balance
