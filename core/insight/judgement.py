"""Focus level and work pattern."""

from core.categories import Category
from core.deep_work import HIGH_FOCUS_SWITCHES_PER_HOUR, MEDIUM_FOCUS_SWITCHES_PER_HOUR, FocusLevel
from core.insight import WorkPattern, thresholds
from core.insight.figures import Figures
from core.insight.rounding import shown

_RANK = (FocusLevel.LOW, FocusLevel.MEDIUM, FocusLevel.HIGH)

_PATTERNS = (
    (Category.DISTRACTIONS, thresholds.DISTRACTED_SHARE, WorkPattern.DISTRACTED),
    (Category.COMMUNICATION, thresholds.COMMUNICATION_SHARE, WorkPattern.COMMUNICATION_INTENSIVE),
    (Category.RESEARCH, thresholds.RESEARCH_SHARE, WorkPattern.RESEARCH_HEAVY),
)
CATEGORY_OF = {pattern: category for category, _, pattern in _PATTERNS}
"""The category that makes a pattern."""


def focus_level(figures: Figures) -> FocusLevel | None:
    """The middle one of three votes: distinct domains, switching, deep work. None with too little data.

    So the vote of the domains stands unless both others are on the same side of it.
    """
    if not figures.now.is_enough:
        return None
    votes = (
        _at_most(figures.domains_of_one, thresholds.HIGH_FOCUS_DOMAINS, thresholds.MEDIUM_FOCUS_DOMAINS),
        _at_most(shown(figures.now.switches_per_hour), HIGH_FOCUS_SWITCHES_PER_HOUR, MEDIUM_FOCUS_SWITCHES_PER_HOUR),
        _at_most(-figures.focused_share, -thresholds.HIGH_FOCUS_DEEP_SHARE, -thresholds.MEDIUM_FOCUS_DEEP_SHARE),
    )
    return sorted(votes, key=_RANK.index)[1]


def work_pattern(figures: Figures) -> WorkPattern:
    """The work pattern: a category with its share, else deep work or switching, the one nearer its threshold.

    MIXED if there is neither.
    """
    if not figures.now.is_enough:
        return WorkPattern.INSUFFICIENT_DATA
    for category, share, pattern in _PATTERNS:
        if figures.share(category) >= share:
            return pattern
    if not figures.focused_share and shown(figures.now.switches_per_hour) <= HIGH_FOCUS_SWITCHES_PER_HOUR:
        return WorkPattern.MIXED
    deep = figures.focused_share / thresholds.HIGH_FOCUS_DEEP_SHARE
    switching = figures.now.switches_per_hour / MEDIUM_FOCUS_SWITCHES_PER_HOUR
    return WorkPattern.DEEP_FOCUSED if deep >= switching else WorkPattern.TASK_SWITCHING


def _at_most(value: float, high: float, medium: float) -> FocusLevel:
    if value <= high:
        return FocusLevel.HIGH
    return FocusLevel.MEDIUM if value <= medium else FocusLevel.LOW
