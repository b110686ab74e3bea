"""The enums, with a description for each value. Schema modules import them from here, so that they are registered."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry

from ai.breaker import BreakerState
from ai.failure import Failure as InsightFailure
from ai.rules import Refusal as InsightRefusal
from ai.tally import Skip as InsightSkip
from core.audit import AuditAction
from core.categories import Category
from core.dimensions import Dimension, Granularity, Shift
from core.event_types import EventType
from core.events import RejectionCode
from core.insight import InsightMethod, Language, WorkPattern
from core.insight.marks import HIGH_FOCUS_DOMAINS, LEAST_TRACKED_MINUTES, MEDIUM_FOCUS_DOMAINS
from core.measures import (
    BY_NAME,
    HIGH_FOCUS_SWITCHES_PER_HOUR,
    MEASURES,
    MEDIUM_FOCUS_SWITCHES_PER_HOUR,
    FocusLevel,
    Unit,
)
from core.periods import PRESETS, PeriodPreset
from core.roles import Role

__all__ = [
    "AuditAction",
    "BehaviorOrder",
    "BreakerState",
    "Category",
    "Direction",
    "EventType",
    "ExportFormat",
    "FocusLevel",
    "Granularity",
    "InsightFailure",
    "InsightMethod",
    "InsightRefusal",
    "InsightSkip",
    "Language",
    "PeriodPreset",
    "RejectionCode",
    "Role",
    "Shift",
    "TokenDelivery",
    "Unit",
    "UsageDimension",
    "UsageMeasure",
    "WorkPattern",
]

E = TypeVar("E", bound=Enum)


def described(enum: type[E], description: str, values: Mapping[E, str], name: str | None = None) -> type[E]:
    """Register an enum of the core with the schema, every value described; under a `name` of its own at need."""
    registered = strawberry.enum(enum, name=name, description=description)
    texts = {value.name: text for value, text in values.items()}
    for value in registered.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = texts[value.name]
    return registered


UsageMeasure = Enum(  # type: ignore[misc]  # made from the registry
    "UsageMeasure", {measure.name.upper(): measure.name for measure in MEASURES if measure.name != "session_seconds"}
)


class Direction(Enum):
    """Up or down."""

    ASC = "asc"
    DESC = "desc"


class BehaviorOrder(Enum):
    """How behaviors are sorted."""

    NEWEST_FIRST = "newest_first"
    OLDEST_FIRST = "oldest_first"


class ExportFormat(Enum):
    """How an export is written; the value is how its address ends."""

    NDJSON = "ndjson"
    CSV = "csv"


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
        Unit.PERCENT: "Parts of a hundred.",
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
described(
    Dimension,
    "What tells groups apart. Events without a value for a dimension are in no group.",
    {
        Dimension.DOMAIN: "The domain of the url.",
        Dimension.CATEGORY: "The category of the domain, by the rules of the person's organization.",
        Dimension.URL: "The url.",
        Dimension.EVENT_TYPE: "The type of event.",
        Dimension.EXTENSION_USER: "The person.",
        Dimension.ORGANIZATION: "The organization.",
        Dimension.SESSION: "The browsing session, of one person.",
        Dimension.HOUR_OF_DAY: "The hour on the clock of the time zone, 0 to 23.",
        Dimension.DAY_OF_WEEK: "The day of the week in the time zone, 1 (Monday) to 7 (Sunday).",
    },
    name="UsageDimension",
)
described(
    Category,
    "What kind of browsing a domain is, by the rules of the person's organization and the built-in ones.",
    {
        Category.WORK_TOOLS: "Documents, tables, boards, and whatever else the work is done in.",
        Category.DEVELOPMENT: "Writing and running software: code, builds, clouds, documentation for developers.",
        Category.RESEARCH: "Looking things up and learning: search, encyclopedias, science, courses, assistants.",
        Category.COMMUNICATION: "Mail, chats, calls.",
        Category.DISTRACTIONS: "Social networks, news, videos, games, shops.",
        Category.OTHER: "Everything else: what no rule speaks of.",
    },
)
described(
    Granularity,
    "How long the buckets of a series are, by the calendar and clock of the time zone.",
    {
        Granularity.QUARTER_HOUR: "A quarter of an hour.",
        Granularity.HOUR: "An hour.",
        Granularity.DAY: "A day; 23 or 25 hours long when clocks change.",
        Granularity.WEEK: "A week, from Monday.",
        Granularity.MONTH: "A month.",
        Granularity.QUARTER: "A quarter of a year.",
        Granularity.YEAR: "A year.",
    },
)
described(
    Shift,
    "Which earlier period to compare with.",
    {
        Shift.PRECEDING: "The one of the same length right before.",
        Shift.DAY: "The same a day earlier.",
        Shift.WEEK: "The same a week earlier.",
        Shift.MONTH: "The same a month earlier; a day that the month lacks becomes its last.",
        Shift.YEAR: "The same a year earlier; 29 February becomes the 28th.",
    },
)
described(
    UsageMeasure,
    "A measure to sort by or to take a share of.",
    {measure: BY_NAME[measure.value].definition for measure in UsageMeasure},
)
described(
    Direction,
    "Up or down.",
    {Direction.ASC: "The smallest first.", Direction.DESC: "The largest first."},
)
described(
    FocusLevel,
    "How undivided attention is: in a block of deep work by its context switches, in an insight by the middle one of "
    "three votes: distinct domains, context switches an hour, deep work.",
    {
        FocusLevel.HIGH: f"At most {HIGH_FOCUS_SWITCHES_PER_HOUR} switches an hour; as a vote, at most "
        f"{HIGH_FOCUS_DOMAINS} domains.",
        FocusLevel.MEDIUM: f"At most {MEDIUM_FOCUS_SWITCHES_PER_HOUR} switches an hour; as a vote, at most "
        f"{MEDIUM_FOCUS_DOMAINS} domains.",
        FocusLevel.LOW: "More than that.",
    },
)
described(
    WorkPattern,
    "What stands out in how it was worked.",
    {
        WorkPattern.DEEP_FOCUSED: "Deep work in blocks of little switching.",
        WorkPattern.TASK_SWITCHING: "Many context switches.",
        WorkPattern.RESEARCH_HEAVY: "Much of the time on research.",
        WorkPattern.COMMUNICATION_INTENSIVE: "Much of the time on communication.",
        WorkPattern.DISTRACTED: "Much of the time on distractions.",
        WorkPattern.INSUFFICIENT_DATA: f"Fewer than {LEAST_TRACKED_MINUTES} tracked minutes: nothing can be said.",
    },
)
described(
    InsightMethod,
    "How the sentences of an insight were made.",
    {
        InsightMethod.AI: "A language model worded them; figures, levels and scores are computed all the same.",
        InsightMethod.HEURISTIC: "By rules alone.",
    },
)
described(
    Language,
    "What texts are written in.",
    {Language.EN: "English.", Language.RU: "Russian."},
)
described(
    BreakerState,
    "Whether calls to the model are let through.",
    {
        BreakerState.CLOSED: "They are.",
        BreakerState.OPEN: "They are not, for a while, since it kept failing or asked to be left alone.",
        BreakerState.HALF_OPEN: "The while is over: the next one is let through, and decides.",
    },
)
described(
    InsightFailure,
    "Why the model gave no reply.",
    {
        InsightFailure.TIMEOUT: "It took too long.",
        InsightFailure.CONNECTION: "It could not be reached, or the connection broke.",
        InsightFailure.RATE_LIMITED: "It was asked too often.",
        InsightFailure.SERVER_ERROR: "Its server failed.",
        InsightFailure.REJECTED: "It would not take the question: look at the key, the model's name and the address.",
        InsightFailure.UNREADABLE: "What came back is not what an OpenAI-compatible endpoint answers.",
    },
    name="InsightFailure",
)
described(
    InsightRefusal,
    "Why a reply of the model was not used.",
    {
        InsightRefusal.MALFORMED: "It is no JSON, or not of the shape asked for.",
        InsightRefusal.TRUNCATED: "It was cut off.",
        InsightRefusal.DECLINED: "The model would not answer.",
        InsightRefusal.LENGTH: "A text or list is too long or empty, or a text stands there twice.",
        InsightRefusal.EVIDENCE: "A sentence rests on no figure, on too many, or on one that does not exist.",
        InsightRefusal.CHARACTERS: "A text holds markup, an address, or signs that plain prose does not have.",
        InsightRefusal.LANGUAGE: "A text is not in the language asked for.",
        InsightRefusal.NUMBER: "A text states a number that the figures it rests on do not allow.",
        InsightRefusal.ECHO: "A text says what the name of a domain says.",
    },
    name="InsightRefusal",
)
described(
    InsightSkip,
    "Why the model was not asked.",
    {
        InsightSkip.BREAKER_OPEN: "It had kept failing, or had asked to be left alone.",
        InsightSkip.BUSY: "As many questions as may be asked at a time were under way.",
        InsightSkip.BUDGET_SPENT: "The organization has had its calls of this hour.",
    },
    name="InsightSkip",
)
UsageDimension = Dimension
described(
    ExportFormat,
    "How an export is written.",
    {
        ExportFormat.NDJSON: "Lines of JSON, each of them an event.",
        ExportFormat.CSV: "CSV in UTF-8, with a line of names first. A text that a spreadsheet would take for a "
        "formula has an apostrophe before it.",
    },
)
described(
    AuditAction,
    "What the audit log tells of.",
    {
        AuditAction.RETENTION_CHANGED: "It was changed how long the organization keeps events: `before` and `after`.",
        AuditAction.EXTENSION_USER_ERASED: "Everything held on an extension user was deleted: how many of what.",
        AuditAction.EXTENSION_USER_EXPORTED: "Everything held on an extension user was downloaded.",
        AuditAction.BEHAVIORS_EXPORTED: "Events were downloaded: `format`, `from` and `to`.",
        AuditAction.BEHAVIOR_DELETED: "An event was deleted, of the subject if it was not anonymous.",
        AuditAction.KEY_ISSUED: "An extension user was made, with an API key.",
        AuditAction.KEY_REPLACED: "An extension user got a new API key, and the old one stopped working.",
        AuditAction.EXTENSION_USER_DEACTIVATED: "An extension user was deactivated: their events are refused.",
        AuditAction.EXTENSION_USER_REACTIVATED: "An extension user was activated again.",
        AuditAction.MEMBER_ADDED: "A user became a member, with a `role`.",
        AuditAction.MEMBER_ROLE_CHANGED: "A member got another `role`.",
        AuditAction.MEMBER_REMOVED: "A membership ended.",
        AuditAction.ORGANIZATION_CREATED: "The organization was made.",
        AuditAction.ORGANIZATION_DELETED: "The organization was deleted with everything in it: how many of what.",
        AuditAction.USER_CREATED: "An account was made; `superAdmin`: whether of a super admin.",
        AuditAction.PASSWORD_CHANGED: "A user changed their own password.",
        AuditAction.PASSWORD_SET: "A user's password was set by the command line.",
    },
)
