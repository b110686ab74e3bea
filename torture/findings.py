"""What an experiment has to say: a line for each promise."""

from dataclasses import dataclass


class CannotRun(Exception):
    """An experiment needs what this machine lacks; the message says what."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was done, what was promised, what was seen, and whether that is as promised. None: it could not be tried."""

    done: str
    promised: str
    seen: str
    kept: bool | None
