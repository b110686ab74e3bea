"""docs/performance.png: time against the number of events, a line for each system."""

from pathlib import Path

import matplotlib as mpl

from bench.measure import DUCKDB, ORGANIZATION, OURS, PERSON, RAW, Measured

mpl.use("agg")
from matplotlib import pyplot as plt  # after the backend is chosen

_TITLES = {PERSON: "one person, 30 days", ORGANIZATION: "organization of 40, 30 days"}
_COLORS = {OURS: "#1f6feb", RAW: "#8b949e", DUCKDB: "#d29922"}


def draw(target: Path, measured: list[Measured]) -> None:
    """Write the picture."""
    figure, axes = plt.subplots(1, len(_TITLES), figsize=(10, 4), sharey=True, layout="constrained")
    for axis, (question, title) in zip(axes, _TITLES.items(), strict=True):
        for system, color in _COLORS.items():
            events = [each.events for each in measured]
            axis.plot(events, [each.seconds[question][system] for each in measured], "o-", color=color, label=system)
        axis.set(title=f"Dashboard: {title}", xscale="log", yscale="log", xlabel="events stored")
        axis.grid(visible=True, which="both", alpha=0.25)
    axes[0].set_ylabel("seconds (median)")
    axes[0].legend()
    figure.savefig(target, dpi=120)
    plt.close(figure)
