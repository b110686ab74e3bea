"""The enums, with a description for each value. Schema modules import them from here, so that they are registered."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry

from core.event_types import EventType
from core.events import RejectionCode
from core.measures import Unit
from core.periods import PRESETS, PeriodPreset
from core.roles import Role

__all__ = [
    "BehaviorOrder",
    "EventType",
    "PeriodPreset",
    "RejectionCode",
    "Role",
    "TokenDelivery",
    "Unit",
]

E = TypeVar("E", bound=Enum)


def described(enum: type[E], description: str, values: Mapping[E, str]) -> type[E]:
    """Register an enum of the core with the schema, every value described."""
    registered = strawberry.enum(enum, description=description)
    texts = {value.name: text for value, text in values.items()}
    for value in registered.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = texts[value.name]
    return registered


class BehaviorOrder(Enum):
    """How behaviors are sorted."""

    NEWEST_FIRST = "newest_first"
    OLDEST_FIRST = "oldest_first"


class TokenDelivery(Enum):
    """How the tokens of a sign-in reach the client."""

    TOKENS = "tokens"
    COOKIE = "cookie"


described(
    Role,
    "What a member of an organization may do in it.",
    {
        Role.ADMIN: "Reads everything and manages the organization, its members and its extension users.",
        Role.MEMBER: "Reads everything of the organization.",
        Role.VIEWER: "Reads everything of the organization.",
    },
)
described(
    EventType,
    "What happened in the browser.",
    {
        EventType.PAGESHOW: "A page was shown. Active.",
        EventType.CLICK: "The person clicked, at `x` and `y`. Active.",
        EventType.FOCUS: "The page gained the focus. Active.",
        EventType.BLUR: "The page lost the focus. Not active.",
        EventType.KEYUP: "A key was released; which one is never recorded. Active.",
        EventType.KEYDOWN: "A key was pressed; which one is never recorded. Active.",
        EventType.VISIBILITY_HIDDEN: "The page was hidden behind others. Not active.",
        EventType.VISIBILITY_VISIBLE: "The page came to the front. Active.",
        EventType.IDLE: "Nothing had happened for a while. Not active.",
        EventType.SCROLLEND: "The person scrolled. Active.",
        EventType.PAGEHIDE: "The page was left. Active.",
    },
)
described(
    PeriodPreset,
    "Periods with a name, as seen at the present moment in the time zone asked for. Weeks begin on Monday.",
    {key: definition.description for key, definition in PRESETS.items()},
)
described(
    Unit,
    "What the number of a measure counts.",
    {
        Unit.COUNT: "Things.",
        Unit.MINUTES: "Minutes.",
        Unit.SECONDS: "Seconds, with fractions.",
    },
)
described(
    BehaviorOrder,
    "How behaviors are sorted.",
    {
        BehaviorOrder.NEWEST_FIRST: "By time, the newest first.",
        BehaviorOrder.OLDEST_FIRST: "By time, the oldest first.",
    },
)
described(
    TokenDelivery,
    "How the tokens of a sign-in reach the client.",
    {
        TokenDelivery.TOKENS: "In the answer. Send the access token back as `Authorization: Bearer …`.",
        TokenDelivery.COOKIE: "As HttpOnly cookies, out of reach of scripts. For pages of this service and of the "
        "origins it is set up to trust.",
    },
)
described(
    RejectionCode,
    "Why one event of a request was not stored.",
    {
        RejectionCode.INVALID_EVENT: "A member is missing, too long, out of range or not storable.",
        RejectionCode.INVALID_TYPE: "There is no such type of event.",
        RejectionCode.INVALID_TIMESTAMP: "`ts` is no instant, or too far from the present.",
        RejectionCode.TOO_LARGE: "The url is longer than 8 KiB.",
        RejectionCode.UNKNOWN_USER: "`userId` names nobody.",
        RejectionCode.INACTIVE_USER: "`userId` names somebody whose events are not collected.",
        RejectionCode.USER_MISMATCH: "`userId` names somebody else than the API key does.",
    },
)
