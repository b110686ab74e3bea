"""The productivity score: weighted parts, each from 0 to 100."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.categories import Category
from core.insight import thresholds
from core.insight.figures import Figures


@dataclass(frozen=True, slots=True)
class Points:
    """The score and its parts, from 0 to 100."""

    focus: int
    efficiency: int
    balance: int

    @property
    def overall(self) -> int:
        """The weighted sum of the parts as they are shown."""
        return _whole(sum(getattr(self, name) * percent for name, percent in thresholds.OVERALL_PERCENT.items()) / 100)


def points(figures: Figures) -> Points:
    """The points of each part of the score.

    Focus never rises with switches or domains and never falls with deep work; efficiency never falls as time moves from
    distractions to anything else; balance never rises with the longest block, the night or communication.
    """
    longest = figures.blocks.longest_seconds or 0.0
    focus = {
        "calm": _between(figures.now.switches_per_hour, *thresholds.CALM_SWITCHES),
        "deep": _between(figures.focused_share, *thresholds.DEEP_SHARE),
        "few": _between(figures.domains_of_one, *thresholds.FEW_DOMAINS),
    }
    efficiency = {"purpose": purposeful_share(figures), "engagement": engaged_share(figures)}
    balance = {
        "pauses": _between(longest, *thresholds.LONGEST_BLOCK_SECONDS),
        "daytime": 1 - figures.night_share,
        "mix": _between(figures.share(Category.COMMUNICATION), *thresholds.ROOM_BESIDE_COMMUNICATION),
    }
    return Points(
        _weighted(focus, thresholds.FOCUS_WEIGHTS),
        _weighted(efficiency, thresholds.EFFICIENCY_WEIGHTS),
        _weighted(balance, thresholds.BALANCE_WEIGHTS),
    )


def purposeful_share(figures: Figures) -> float:
    """The part of the domains' time that counts as purposeful, from 0 to 1; half of it when there is none."""
    whole = sum(map(figures.seconds, Category))
    if not whole:
        return thresholds.PURPOSE[Category.OTHER]
    return sum(figures.seconds(category) * weight for category, weight in thresholds.PURPOSE.items()) / whole


def engaged_share(figures: Figures) -> float:
    """The part of the tracked minutes that is engaged, from 0 to 1."""
    return figures.now.engaged_minutes / figures.now.tracked_minutes if figures.now.tracked_minutes else 0.0


def _between(value: float, full: float, nothing: float) -> float:
    """The position of a value between the one that is worth 1 and the one that is worth 0."""
    return min(1.0, max(0.0, (nothing - value) / (nothing - full)))


def _weighted(parts: Mapping[str, float], weights: Mapping[str, float]) -> int:
    return _whole(100 * sum(parts[name] * weight for name, weight in weights.items()))


def _whole(value: float) -> int:
    """The nearest whole number; a half goes up. Sums of floats that are a hair off must not decide."""
    return int(round(value, 6) + 0.5)
