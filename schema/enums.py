"""The enums, registered with the schema. Schema modules import them from here.

The members of a DescribedEnum have their descriptions beside them; those of other enums are described here.
"""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry

from ai.breaker import BreakerState
from ai.call_counters import Skip as InsightSkip
from ai.failure import Failure as InsightFailure
from ai.rules import ReplyRefusal as InsightRefusal
from core.additivity import Additivity
from core.alerts.conditions import AlertComparison
from core.alerts.states import AlertState
from core.audit import AuditAction
from core.categories import Category
from core.deep_work import HIGH_FOCUS_SWITCHES_PER_HOUR, MEDIUM_FOCUS_SWITCHES_PER_HOUR, FocusLevel
from core.described_enum import DescribedEnum
from core.dimensions import Alignment, Dimension, Granularity, Population, Shift, TransitionDimension
from core.erasure import ErasureStatus
from core.event_types import EventType
from core.events import RejectionCode
from core.goals import GoalInterval, GoalState
from core.insight import InsightMethod, Language, WorkPattern
from core.insight.thresholds import HIGH_FOCUS_DOMAINS, LEAST_ACTIVE_SECONDS, MEDIUM_FOCUS_DOMAINS
from core.interval_order import IntervalOrder
from core.links import LinkEnd
from core.mails import MailDelivery
from core.periods import PRESETS, PeriodPreset
from core.roles import Role
from core.token_scopes import TokenScope
from core.units import Unit
from core.webhooks import (
    AttemptOutcome,
    DeliveryState,
    WebhookEventType,
    WebhookExport,
    WebhookPause,
    WebhookStatus,
)
from core.weeks import Weekday, WeekStart
from db.metrics.measures import BY_NAME, MEASURES
from db.queries.transitions import TransitionMeasure

__all__ = [
    "Additivity",
    "AlertComparison",
    "AlertState",
    "Alignment",
    "AttemptOutcome",
    "AuditAction",
    "BehaviorOrder",
    "BreakerState",
    "Category",
    "DeliveryState",
    "Direction",
    "ErasureStatus",
    "EventType",
    "ExportFormat",
    "FocusLevel",
    "GoalInterval",
    "GoalState",
    "Granularity",
    "InsightFailure",
    "InsightMethod",
    "InsightRefusal",
    "InsightSkip",
    "IntervalOrder",
    "Language",
    "LinkEnd",
    "MailDelivery",
    "PeriodPreset",
    "Population",
    "RejectionCode",
    "Role",
    "Shift",
    "TokenDelivery",
    "TokenScope",
    "TransitionDimension",
    "TransitionMeasure",
    "Unit",
    "UsageDimension",
    "UsageExportFormat",
    "UsageExportMeasure",
    "UsageMeasure",
    "WebhookEventType",
    "WebhookExport",
    "WebhookPause",
    "WebhookStatus",
    "WeekStart",
    "Weekday",
    "WorkPattern",
]

E = TypeVar("E", bound=Enum)


def described(enum: type[E], description: str, values: Mapping[E, str] | None = None, name: str | None = None) -> None:
    """Register an enum with the schema, under a `name` of its own if given.

    The members of a DescribedEnum describe themselves; `values` describes those of any other enum.
    """
    registered = strawberry.enum(enum, name=name, description=description)
    if values is None:
        values = {member: getattr(member, "description", "") for member in enum}
    texts = {member.name: text for member, text in values.items()}
    for value in registered.__strawberry_definition__.values:  # type: ignore[attr-defined]
        text = texts.get(value.name)
        if not text:
            raise TypeError(
                f"{enum.__name__}.{value.name} has no description. Add one to `described({enum.__name__}, …)` in "
                "schema/enums.py."
            )
        value.description = text


UsageMeasure = Enum(  # type: ignore[misc]  # made from the registry
    "UsageMeasure", {measure.name.upper(): measure.name for measure in MEASURES if measure.is_number}
)


UsageExportMeasure = Enum(  # type: ignore[misc]  # made from the registry
    "UsageExportMeasure", {measure.name.upper(): measure.name for measure in MEASURES}
)


class Direction(DescribedEnum):
    """The direction of an order."""

    ASC = "asc", "The smallest first."
    DESC = "desc", "The largest first."


class BehaviorOrder(DescribedEnum):
    """The order of behaviors."""

    NEWEST_FIRST = "newest_first", "By time, the newest first."
    OLDEST_FIRST = "oldest_first", "By time, the oldest first."


class ExportFormat(DescribedEnum):
    """The format of an export; the value is the suffix of its address."""

    NDJSON = "ndjson", "Lines of JSON, each of them an event."
    CSV = (
        "csv",
        (
            "CSV in UTF-8, with a line of names first. A text that a spreadsheet may take for a "
            "formula has an apostrophe before it."
        ),
    )


class UsageExportFormat(DescribedEnum):
    """The format of an export of usage; the value is the suffix of its address."""

    CSV = (
        "csv",
        (
            "CSV in UTF-8, with a line of names and units first; instants as in RFC 3339. A text that a "
            "spreadsheet may take for a formula has an apostrophe before it."
        ),
    )
    NDJSON = "ndjson", "Lines of JSON, each of them a bucket or group."
    XLSX = (
        "xlsx",
        (
            "A workbook of Excel: numbers as numbers, instants as dates on the clock of the time zone, texts as they "
            "are and never as formulas. A second sheet tells the period and the number of groups."
        ),
    )


class TokenDelivery(DescribedEnum):
    """The way in which the tokens of a sign-in reach the client."""

    TOKENS = "tokens", "In the answer. Send the access token back as `Authorization: Bearer …`."
    COOKIE = (
        "cookie",
        (
            "As HttpOnly cookies, out of reach of scripts. For pages of this service and of the origins it is "
            "set up to trust."
        ),
    )


described(Role, "The role of a member in an organization.")
described(
    EventType,
    "The type of an event in the browser.",
    {
        EventType.PAGESHOW: "A page was shown. Active.",
        EventType.CLICK: "The person clicked, at `x` and `y`. Active.",
        EventType.FOCUS: "The page gained the focus. Active.",
        EventType.BLUR: "The page lost the focus. Not active.",
        EventType.KEYUP: "A key was released; which one is never recorded. Active.",
        EventType.KEYDOWN: "A key was pressed; which one is never recorded. Active.",
        EventType.VISIBILITY_HIDDEN: "The page was hidden behind others. Not active.",
        EventType.VISIBILITY_VISIBLE: "The page came to the front. Active.",
        EventType.IDLE: "There was no input for a while. Not active.",
        EventType.SCROLLEND: "The person scrolled. Active.",
        EventType.PAGEHIDE: "The page was left. Active.",
    },
)
described(
    PeriodPreset,
    "Periods with a name, as seen at the present moment in the time zone asked for. Weeks begin on `weekStart`.",
    {key: definition.description for key, definition in PRESETS.items()},
)
described(TokenScope, "A part of its owner's rights that an API token has.")
described(Additivity, "The periods whose figures of a measure add up to that of the period which they make up.")
described(AlertComparison, "The kind of an alert rule's condition.")
described(AlertState, "The state of an alert.")
described(Unit, "The unit of a measure's number.")
described(BehaviorOrder, "The order of behaviors.")
described(IntervalOrder, "The order of things that begin and end: sessions, blocks of deep work.")
described(TokenDelivery, "The way in which the tokens of a sign-in reach the client.")
described(
    RejectionCode,
    "The reason why one event of a request was not stored.",
    {
        RejectionCode.INVALID_EVENT: "A member is missing, too long or not storable.",
        RejectionCode.INVALID_TYPE: "There is no such type of event.",
        RejectionCode.INVALID_TIMESTAMP: "`ts` is no instant, or too far from the present.",
        RejectionCode.TOO_LARGE: "The url was longer than 8 KiB. Since then its tail is cut off instead.",
        RejectionCode.UNKNOWN_USER: "`userId` names nobody, or somebody whose events are not collected and whom the "
        "viewer may not see.",
        RejectionCode.INACTIVE_USER: "`userId` names somebody whose events are not collected.",
        RejectionCode.USER_MISMATCH: "`userId` names somebody else than the API key does.",
        RejectionCode.OVER_QUOTA: "It is anonymous, and there is no room for such events now. Send it again later.",
    },
)
described(Dimension, "A dimension to group by. Events without a value for it are in no group.", name="UsageDimension")
described(Category, "The category of a domain, by the rules of the person's organization and the built-in ones.")
described(TransitionDimension, "The dimension of both ends of transitions.", name="UsageTransitionDimension")
described(TransitionMeasure, "A measure to sort transitions by.", name="UsageTransitionMeasure")
described(Population, "The population of a distribution: each of them has a value.", name="UsagePopulation")
described(Granularity, "The length of a series' buckets, by the calendar and clock of the time zone.")
described(Shift, "The earlier period to compare with.")
described(
    Alignment,
    "The part of an earlier period that a period is compared with while its end lies in the future.",
    name="ComparisonAlignment",
)
described(Weekday, "A day of the week.")
described(GoalInterval, "The length of the buckets that a goal is judged by.")
described(GoalState, "What became of a goal in a bucket.")
described(WeekStart, "The day that weeks begin on.")
described(
    UsageMeasure,
    "A measure to sort by, or to take a share or a distribution of.",
    {measure: BY_NAME[measure.value].definition for measure in UsageMeasure},
)
described(
    UsageExportMeasure,
    "A measure to export. One of several numbers has a column for each.",
    {measure: BY_NAME[measure.value].definition for measure in UsageExportMeasure},
)
described(Direction, "The direction of an order.")
described(
    FocusLevel,
    "The focus of attention: in a block of deep work by its context switches, in an insight by the middle one of "
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
    "The most prominent trait of the work.",
    {
        WorkPattern.DEEP_FOCUSED: "Deep work in blocks of little switching.",
        WorkPattern.TASK_SWITCHING: "Many context switches.",
        WorkPattern.RESEARCH_HEAVY: "Much of the time on research.",
        WorkPattern.COMMUNICATION_INTENSIVE: "Much of the time on communication.",
        WorkPattern.DISTRACTED: "Much of the time on distractions.",
        WorkPattern.MIXED: "No deep work in blocks of little switching, and few context switches.",
        WorkPattern.INSUFFICIENT_DATA: f"Less than {LEAST_ACTIVE_SECONDS // 60} minutes of active time: nothing can be "
        "said.",
    },
)
described(InsightMethod, "The way in which the sentences of an insight were made.")
described(Language, "The language of texts.")
described(
    BreakerState,
    "The state of the circuit breaker of calls to the model.",
    {
        BreakerState.CLOSED: "Calls are let through.",
        BreakerState.OPEN: "Calls are not made for a while, since the model kept failing or asked for a pause.",
        BreakerState.HALF_OPEN: "The pause is over: the next call is made, and decides.",
    },
)
described(
    InsightFailure,
    "The reason why the model gave no reply.",
    {
        InsightFailure.TIMEOUT: "It took too long.",
        InsightFailure.CONNECTION: "It could not be reached, or the connection broke.",
        InsightFailure.RATE_LIMITED: "It was asked too often.",
        InsightFailure.SERVER_ERROR: "Its server failed.",
        InsightFailure.REJECTED: "It would not take the question: look at the key, the model's name and the address.",
        InsightFailure.UNREADABLE: "The reply is not one of an OpenAI-compatible endpoint.",
    },
    name="InsightFailure",
)
described(
    InsightRefusal,
    "The reason why a reply of the model was not used.",
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
    "The reason why the model was not asked.",
    {
        InsightSkip.BREAKER_OPEN: "It had kept failing, or had asked for a pause.",
        InsightSkip.BUSY: "As many questions as may be asked at a time were under way.",
        InsightSkip.BUDGET_SPENT: "The organization has had its calls of this hour.",
    },
    name="InsightSkip",
)
UsageDimension = Dimension
described(ExportFormat, "The format of an export.")
described(UsageExportFormat, "The format of an export of usage.")
described(LinkEnd, "The reason why a link does nothing.")
described(MailDelivery, "What became of a mail.")
described(AuditAction, "An action in the audit log.")
described(ErasureStatus, "The state of an erasure.")
described(WebhookEventType, "A type of events that webhooks are told.")
described(WebhookExport, "What an export is of.")
described(WebhookStatus, "The status of a webhook.")
described(WebhookPause, "The reason why the service has paused a webhook.")
described(DeliveryState, "The state of a delivery to a webhook.", name="WebhookDeliveryState")
described(AttemptOutcome, "The outcome of an attempt to deliver.", name="WebhookAttemptOutcome")
