"""Deep work, context switches and focus levels: the thresholds that define them."""

from datetime import timedelta
from enum import Enum

SWITCH_GAP = timedelta(seconds=300)
"""Active events farther apart than this are no switch, and belong to different deep-work blocks."""
DEEP_WORK_LENGTH = timedelta(minutes=25)
DEEP_WORK_EVENTS = 10
HIGH_FOCUS_SWITCHES_PER_HOUR = 5
MEDIUM_FOCUS_SWITCHES_PER_HOUR = 15

DEEP_WORK_DEFINITION = (
    "Take a person's active events in order; a gap of more than 300 s starts a new block. A block is deep work when it "
    "lasts at least 25 minutes and holds at least 10 events."
)


class FocusLevel(Enum):
    """The focus of a person's attention: in a block of deep work, or in a period as a whole."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
