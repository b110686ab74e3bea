"""The texts of a language: a template for each sentence, nouns with their plural forms, formats of numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from core.categories import Category


class Text(Enum):
    """The sentences and parts of sentences. What stands in braces is the same in every language."""

    TOO_LITTLE = auto()
    FOCUS_HIGH = auto()
    FOCUS_MEDIUM = auto()
    FOCUS_LOW = auto()
    DOMAINS_OF_ONE = auto()
    DOMAINS_OF_MEDIAN = auto()

    MAIN_CATEGORY = auto()
    SWITCHING = auto()
    ONE_BLOCK = auto()
    BLOCKS = auto()
    NO_BLOCK = auto()
    BEST_HOUR = auto()
    BUSIEST_HOUR = auto()

    FOCUS_PREVAILS = auto()
    SWITCHING_PREVAILS = auto()
    NEITHER_PREVAILS = auto()
    CATEGORY_PREVAILS = auto()
    TOP_DOMAIN = auto()
    DEEP_SHARE_MORE = auto()
    DEEP_SHARE_LESS = auto()
    DEEP_SHARE_SAME = auto()
    SWITCHES_MORE = auto()
    SWITCHES_LESS = auto()
    SWITCHES_SAME = auto()

    LIMIT_DISTRACTIONS = auto()
    GROUP_TASKS = auto()
    KEEP_HOUR_OF_DEEP_WORK_FREE = auto()
    KEEP_BUSIEST_HOUR_FREE = auto()
    ANSWER_AT_SET_TIMES = auto()
    SUM_UP_RESEARCH = auto()
    PAUSE_EARLIER = auto()
    LEAVE_THE_NIGHT = auto()
    CARRY_ON = auto()

    SCORE = auto()


class Noun(Enum):
    """A noun for things that are counted."""

    MINUTE = auto()
    DOMAIN = auto()
    SWITCH = auto()
    BLOCK = auto()


@dataclass(frozen=True, slots=True)
class Texts:
    """A language.

    `form` picks the form of a noun that goes with a whole number; `form_of_fractions` goes with all others.
    """

    templates: Mapping[Text, str]
    nouns: Mapping[Noun, tuple[str, ...]]
    form: Callable[[int], int]
    form_of_fractions: int
    categories: Mapping[Category, str]
    decimal_sign: str
    group_sign: str
    percent_sign: str
    hours: str
    minutes: str
    seconds: str
