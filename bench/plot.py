"""Pictures of the measurements."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")
from matplotlib import pyplot as plt  # after the backend is chosen


def save(target: Path, draw: Callable[[Any], None]) -> None:
    """Have a picture drawn, and write it as PNG."""
    figure = plt.figure(figsize=(10, 4), layout="constrained")
    draw(figure)
    figure.savefig(target, dpi=120)
    plt.close(figure)
