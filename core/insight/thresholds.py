"""Every threshold and weight of insight, in one place; docs/insight.md explains them."""

from core.categories import Category

LEAST_ACTIVE_SECONDS = 10 * 60
"""With less there is nothing to say."""

HIGH_FOCUS_DOMAINS = 5
MEDIUM_FOCUS_DOMAINS = 15
HIGH_FOCUS_DEEP_SHARE = 0.5
MEDIUM_FOCUS_DEEP_SHARE = 0.2
"""How much of the active time focused deep work takes. The thresholds of switching are those of deep work's blocks."""

DISTRACTED_SHARE = 0.3
COMMUNICATION_SHARE = 0.4
RESEARCH_SHARE = 0.4
"""From which part of the active time on a category makes the work pattern."""

DISTRACTIONS_WORTH_A_WORD = 0.15
NIGHT_WORTH_A_WORD = 0.2
DEEP_PERCENT_CHANGE = 5
SWITCHES_CHANGE = 2.0
"""Smaller changes against the period before, in percentage points and in switches an hour, are none."""

DAY_BEGINS, NIGHT_BEGINS = 6, 23
"""Hours on the clock."""

# Each pair: where a part of the score is full, and where it is nothing; in between it is a straight line.
CALM_SWITCHES = (5, 30)
FEW_DOMAINS = (5, 30)
DEEP_SHARE = (0.5, 0)
LONGEST_BLOCK_SECONDS = (90 * 60, 240 * 60)
ROOM_BESIDE_COMMUNICATION = (0.4, 1)

FOCUS_WEIGHTS = {"calm": 0.4, "deep": 0.4, "few": 0.2}
EFFICIENCY_WEIGHTS = {"purpose": 0.7, "engagement": 0.3}
BALANCE_WEIGHTS = {"pauses": 0.5, "daytime": 0.25, "mix": 0.25}
OVERALL_PERCENT = {"focus": 40, "efficiency": 40, "balance": 20}

PURPOSE = {
    Category.WORK_TOOLS: 1.0,
    Category.DEVELOPMENT: 1.0,
    Category.RESEARCH: 1.0,
    Category.COMMUNICATION: 1.0,
    Category.OTHER: 0.5,
    Category.DISTRACTIONS: 0.0,
}
"""How much a category's time counts as purposeful. What nobody has put into a category counts half."""
