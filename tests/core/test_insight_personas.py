"""Insights on people whose figures are literals."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from core.categories import Category
from core.deep_work import HIGH_FOCUS_SWITCHES_PER_HOUR, MEDIUM_FOCUS_SWITCHES_PER_HOUR, FocusLevel
from core.insight import Insight, Language, WorkPattern, thresholds
from core.insight.figures import Blocks, Figures, HourTime, PersonDomains, Totals
from core.insight.heuristic import heuristic_insight
from core.insight.judgement import focus_level, work_pattern
from core.units import Unit
from tests.core import insight_personas as personas
from tests.core.insight_personas import BEFORE, DEEP_WORKER, DISTRACTED, END, PERSONAS, START, SWITCHER, figures

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "insight.md"
JUDGED = {
    "deep worker": (FocusLevel.HIGH, WorkPattern.DEEP_FOCUSED, (100, 100, 99, 100)),
    "switcher": (FocusLevel.LOW, WorkPattern.TASK_SWITCHING, (61, 5, 98, 100)),
    "researcher": (FocusLevel.MEDIUM, WorkPattern.RESEARCH_HEAVY, (96, 92, 97, 100)),
    "communicator": (FocusLevel.MEDIUM, WorkPattern.COMMUNICATION_INTENSIVE, (74, 46, 99, 81)),
    "distracted": (FocusLevel.LOW, WorkPattern.DISTRACTED, (40, 19, 36, 92)),
    "hardly there": (None, WorkPattern.INSUFFICIENT_DATA, None),
    "absent": (None, WorkPattern.INSUFFICIENT_DATA, None),
}


def english(of: Figures) -> Insight:
    """The insight in English."""
    return heuristic_insight(of, Language.EN)


@pytest.mark.parametrize("name", PERSONAS)
def test_a_persona_is_judged(name: str):
    insight = english(PERSONAS[name])

    score = insight.productivity_score
    points = score and (score.overall, score.focus, score.efficiency, score.balance)
    assert (insight.focus_level, insight.work_pattern, points) == JUDGED[name]


def test_all_that_is_said_of_the_deep_worker():
    insight = english(DEEP_WORKER)

    assert insight.focus_insight.text == (
        "Attention is hardly divided: 3 domains, 2.6 context switches an hour, 4 h of deep work."
    )
    assert [sentence.text for sentence in insight.key_findings] == [
        "Focus prevails over switching: 4 h of deep work, 2.6 context switches an hour.",
        "github.com took the most time: 3 h 20 min.",
    ]
    assert [sentence.text for sentence in insight.behavior_insights] == [
        "The most time went to development: 4 h 27 min, 95% of the active time.",
        "12 context switches in 4 h 40 min of active time: 2.6 an hour.",
        "3 blocks of deep work, 4 h in all; the longest lasted 1 h 30 min.",
        "Most deep work is done between 09:00 and 10:00: 45 min.",
    ]
    assert [sentence.text for sentence in insight.recommendations] == [
        "Carry on like this: 4 h of deep work, 2.6 context switches an hour."
    ]
    assert insight.productivity_score
    assert insight.productivity_score.explanation.startswith(
        "Overall 100: focus 100 (40%), efficiency 99 (40%), balance 100 (20%). Focus weighs switching (2.6 context "
        "switches an hour), deep work in blocks of little switching (86% of the active time) and 3 domains; efficiency"
    )


def test_all_that_is_advised_to_the_distracted():
    insight = english(DISTRACTED)

    assert [sentence.text for sentence in insight.recommendations] == [
        "Keep www.youtube.com to set breaks: distractions took 1 h 45 min, 70% of the active time.",
        "Do similar tasks in one go: there are 24 context switches an hour, and up to 15 are a moderate pace.",
        (
            "Keep an hour free of interruptions, best from 13:00 to 14:00, when most is going on: "
            "deep work in blocks of little switching takes 0% of the active time."
        ),
        "Move work out of the night: 33% of the minutes with an event, 50 minutes, lie between 23:00 and 06:00.",
    ]
    assert [sentence.text for sentence in insight.key_findings] == [
        "A large part of the active time goes to distractions: 70%, 1 h 45 min.",
        "www.youtube.com took the most time: 1 h 45 min.",
    ]
    assert "goes to distractions" not in "".join(sentence.text for sentence in insight.behavior_insights)


def test_the_documentation_names_the_thresholds():
    text = DOCUMENTATION.read_text()

    assert f"| domains | ≤ {thresholds.HIGH_FOCUS_DOMAINS} | ≤ {thresholds.MEDIUM_FOCUS_DOMAINS} | more |" in text
    assert (
        f"| switches an hour | ≤ {HIGH_FOCUS_SWITCHES_PER_HOUR} | ≤ {MEDIUM_FOCUS_SWITCHES_PER_HOUR} | more |" in text
    )
    shares = (thresholds.HIGH_FOCUS_DEEP_SHARE, thresholds.MEDIUM_FOCUS_DEEP_SHARE)
    assert "| focused share | ≥ {:.0%} | ≥ {:.0%} | less |".format(*shares) in text
    assert f"distractions take ≥ {thresholds.DISTRACTED_SHARE:.0%} of the active time" in text
    assert f"communication takes ≥ {thresholds.COMMUNICATION_SHARE:.0%}" in text
    assert f"research takes ≥ {thresholds.RESEARCH_SHARE:.0%}" in text
    assert f"less than {thresholds.LEAST_ACTIVE_SECONDS // 60} minutes of active time" in text
    for part, percent in thresholds.OVERALL_PERCENT.items():
        assert f"| `{part}` | {percent}% |" in text


def test_the_example_of_the_documentation_is_what_is_said():
    [example] = re.findall(r"```text\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)

    insight = english(DISTRACTED)

    said = (insight.focus_insight, *insight.key_findings, *insight.behavior_insights, *insight.recommendations)
    assert example.splitlines() == [sentence.text for sentence in said]


def test_other_advice_has_its_conditions():
    long_block = replace(DEEP_WORKER, blocks=Blocks(high=1, longest_seconds=2.5 * 3600))

    [pause] = english(long_block).recommendations
    [sum_up] = english(personas.RESEARCHER).recommendations
    _, answer = english(personas.COMMUNICATOR).recommendations

    assert pause.text == "Pause earlier: the longest block lasted 2 h 30 min; 1 h 30 min without a break are plenty."
    assert sum_up.text.startswith("Sum up what was found before looking further: research took 2 h 47 min, 77%")
    assert answer.text.startswith("Answer messages at set times: communication took 3 h 20 min, 86%")


def test_nobody_is_scored_or_advised_without_data_but_what_there_is_is_shown():
    insight = english(personas.HARDLY_THERE)

    assert insight.focus_insight.text == (
        "Too little data for an insight: 3 min of active time, and at least 10 min are needed."
    )
    assert insight.recommendations == insight.behavior_insights == insight.key_findings == ()
    assert insight.domain_breakdown[Category.DEVELOPMENT] == (("github.com", 200),)
    assert [(each.measure, each.value) for each in insight.evidence] == [("activeSeconds", 200)]
    assert set(insight.domain_breakdown) == set(insight.category_seconds) == set(Category)


def test_the_period_before_is_compared_by_shares_and_rates():
    before = Totals(BEFORE, START, active_seconds=6000, context_switches=100, deep_work_seconds=600)
    same = Totals(BEFORE, START, active_seconds=6000, context_switches=5, deep_work_seconds=5400)
    better = Totals(BEFORE, START, active_seconds=3600, context_switches=0, deep_work_seconds=3600)
    hardly = Totals(BEFORE, START, active_seconds=540, context_switches=5)

    def changes(earlier: Totals) -> list[str]:
        return [sentence.text for sentence in english(replace(DEEP_WORKER, before=earlier)).key_findings[2:]]

    assert changes(before) == [
        "Deep work takes more of the active time than in the period before: 86% after 10%.",
        "There is less switching than in the period before: 2.6 an hour after 60.",
    ]
    assert changes(same) == [
        "Deep work takes about as much of the active time as in the period before: 86% after 90%.",
        "There is about as much switching as in the period before: 2.6 an hour after 3.",
    ]
    assert changes(better) == [
        "Deep work takes less of the active time than in the period before: 86% after 100%.",
        "There is more switching than in the period before: 2.6 an hour after 0.",
    ]
    assert changes(hardly) == []


def test_a_single_block_is_told_apart():
    one = replace(
        DEEP_WORKER,
        now=replace(DEEP_WORKER.now, deep_work_sessions=1, deep_work_seconds=1800.0),
        blocks=Blocks(high=1, longest_seconds=1800.0),
    )

    assert english(one).behavior_insights[2].text == "One block of deep work, 30 min long."


def test_the_vote_of_the_domains_stands_unless_both_others_are_on_one_side_of_it():
    def level(domains: int, switches: int, deep: float, *, low_blocks: int = 0) -> FocusLevel | None:
        blocks = Blocks(high=1, low=low_blocks)
        found = figures({}, tracked_minutes=100, unique_domains=domains, context_switches=switches, blocks=blocks)
        return focus_level(replace(found, now=replace(found.now, deep_work_seconds=deep * 6000)))

    assert level(5, 100, 0.6) is FocusLevel.HIGH
    assert level(6, 100, 0.6) is FocusLevel.MEDIUM
    assert level(16, 100, 0.6) is FocusLevel.LOW
    assert level(40, 0, 0.6) is FocusLevel.HIGH
    assert level(40, 0, 0.3) is FocusLevel.MEDIUM
    assert level(3, 100, 0) is FocusLevel.LOW
    assert level(3, 100, 0.6, low_blocks=1) is FocusLevel.MEDIUM  # half of 60% is focused
    assert level(3, 25, 0) is FocusLevel.MEDIUM


def test_categories_make_the_pattern_before_switching_and_deep_work_do():
    work = {"github.com": 1000}

    def pattern(seconds: dict[str, int]) -> WorkPattern:
        return work_pattern(figures(seconds, tracked_minutes=60, context_switches=500))

    assert pattern(work | {"www.youtube.com": 1000, "app.slack.com": 1000}) is WorkPattern.DISTRACTED
    assert pattern(work | {"app.slack.com": 1000, "arxiv.org": 300}) is WorkPattern.COMMUNICATION_INTENSIVE
    assert pattern(work | {"arxiv.org": 1000}) is WorkPattern.RESEARCH_HEAVY
    assert pattern(work) is WorkPattern.TASK_SWITCHING


def test_without_deep_work_nobody_is_deep_focused():
    calm = figures({"github.com": 3600}, context_switches=5)

    assert work_pattern(calm) is WorkPattern.MIXED
    assert work_pattern(replace(calm, now=replace(calm.now, context_switches=6))) is WorkPattern.TASK_SWITCHING
    assert english(calm).key_findings[0].text == (
        "Neither deep work nor switching stands out: 0 min of deep work, 5 context switches an hour."
    )


def test_figures_are_compared_as_they_are_read():
    # Given 15.2 switches an hour, written 15
    switching = figures({"github.com": 36000}, context_switches=152)
    # Then a limit of 15 is not said to be exceeded, as it is by 16
    assert not [each for each in english(switching).recommendations if "up to 15" in each.text]
    more = replace(switching, now=replace(switching.now, context_switches=156))
    assert "there are 16 context switches an hour, and up to 15" in english(more).recommendations[0].text
    # And 30.3% after 25.4%, 14.3 switches after 12.4, are the changes that they look like
    before = Totals(BEFORE, START, active_seconds=36000, context_switches=124, deep_work_seconds=9144)
    now = replace(switching.now, context_switches=143, deep_work_seconds=10908)
    assert [each.text for each in english(replace(switching, now=now, before=before)).key_findings[2:]] == [
        "Deep work takes more of the active time than in the period before: 30% after 25%.",
        "There is more switching than in the period before: 14 an hour after 12.",
    ]


def test_the_hour_to_keep_free_is_told_by_what_it_was_chosen_for():
    deep = replace(SWITCHER, hours=(HourTime(9, 60, 0), HourTime(14, 30, 900)))

    def advice(of: Figures) -> str:
        return next(each.text for each in english(of).recommendations if each.text.startswith("Keep an hour free"))

    assert "from 14:00 to 15:00, when most deep work is done: " in advice(deep)
    assert "from 09:00 to 10:00, when most is going on: " in advice(replace(deep, hours=(HourTime(9, 60, 0),)))


def test_an_organization_is_judged_by_its_median_person():
    people = tuple(PersonDomains(UUID(int=number), domains) for number, domains in enumerate((40, 4, 6, 3)))
    insight = english(replace(DEEP_WORKER, now=replace(DEEP_WORKER.now, unique_domains=50), people=people))

    [cited] = [each for each in insight.evidence if each.measure == "uniqueDomains"]
    assert insight.focus_insight.text.startswith("Attention is hardly divided: 4 domains for the median person, ")
    assert (cited.extension_user_id, cited.value) == (UUID(int=1), 4)
    assert insight.focus_level is FocusLevel.HIGH


def test_a_category_may_distract_without_a_listed_domain():
    unlisted = replace(SWITCHER, domains=(), categories={Category.DISTRACTIONS: 14000.0})

    advice = english(unlisted).recommendations[0]

    assert advice.text.startswith("Keep distractions to set breaks: distractions took 3 h 53 min, 100%")


def test_evidence_names_measure_period_unit_and_group():
    insight = english(DEEP_WORKER)

    shown = {
        (e.measure, e.domain, e.category, e.hour_of_day): (e.value, e.unit, e.end - e.start) for e in insight.evidence
    }
    day = timedelta(days=1)
    assert shown["activeSeconds", "github.com", None, None] == (12000, Unit.SECONDS, day)
    assert shown["activeSeconds", None, Category.DEVELOPMENT, None] == (16000, Unit.SECONDS, day)
    assert shown["deepWorkSeconds", None, None, 9] == (2700, Unit.SECONDS, day)
    assert shown["deepWork.longestSeconds", None, None, None] == (5400, Unit.SECONDS, day)
    assert shown["deepWork.focusLevels.high", None, None, None] == (3, Unit.COUNT, day)
    assert {each.end for each in insight.evidence} == {END}


def test_the_hour_before_midnight_ends_at_midnight():
    late = replace(DISTRACTED, hours=(HourTime(23, 60, 0),))

    assert english(late).behavior_insights[-1].text == (
        "The busiest hour is from 23:00 to 00:00: 60 minutes with an event."
    )
