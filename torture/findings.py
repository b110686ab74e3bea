"""The findings of an experiment: a line for each promise."""

from dataclasses import dataclass


class CannotRun(Exception):
    """The machine lacks something that an experiment needs; the message names it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An action, a promise, an observation, and whether that is as promised. None: it could not be tried."""

    done: str
    promised: str
    seen: str
    kept: bool | None
    section: str = ""
    """The heading of the table that it stands in; none: the first."""
