"""The types of browsing event, and which of them are a person's doing."""

from enum import IntEnum


class EventType(IntEnum):
    """The type of an event: its name in lower case is the wire's word, its value is stored (never renumber)."""

    PAGESHOW = 1
    CLICK = 2
    FOCUS = 3
    BLUR = 4
    KEYUP = 5
    KEYDOWN = 6
    VISIBILITY_HIDDEN = 7
    VISIBILITY_VISIBLE = 8
    IDLE = 9
    SCROLLEND = 10
    PAGEHIDE = 11

    @property
    def wire(self) -> str:
        """The word clients send and read: `visibility_hidden`."""
        return self.name.lower()


BY_WIRE_NAME = {kind.wire: kind for kind in EventType}

ACTIVE_TYPES = frozenset(EventType) - {EventType.BLUR, EventType.VISIBILITY_HIDDEN, EventType.IDLE}
"""Types that show a person at work; the rest only show that the browser was open."""
