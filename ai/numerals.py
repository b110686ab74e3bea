"""The figures that a text states: numbers with their unit, and numbers in words.

    "In 2 h 5 min you switched 1,234 times, 45 % of it on Mondays."
        → 7500 s, 1234, 45 %

Durations are compared in seconds, however they are written. A number that cannot be read without doubt is none of ours.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from core.insight import Language


class QuantityKind(Enum):
    """The kind of quantity that a number states."""

    COUNT = "count"
    PERCENT = "percent"
    SECONDS = "seconds"
    DAYS = "days"
    LONGER = "longer"
    CLOCK = "clock"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and what it counts. A number in words is kept as it stands: `half`."""

    value: Decimal | str
    kind: QuantityKind


class UnreadableNumber(ValueError):
    """A number that might mean this or that: `1,2,3`, `web2`, `10k`."""


_RUN = re.compile(r"(?<!\d)[-\u2212\u2013+]?\d+(?:[.,: ]\d+)*")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_NUMBER = {
    Language.EN: re.compile(r"\d{1,3}(?:[ ,]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"),
    Language.RU: re.compile(r"\d{1,3}(?: \d{3})+(?:,\d+)?|\d+(?:[.,]\d+)?"),
}
_UNITS = {
    Language.EN: (
        (re.compile(r"(?:%|percent|per cent|percentage points?)(?!\w)"), QuantityKind.PERCENT, 1),
        (re.compile(r"(?:hours?|hrs?|h)(?!\w)"), QuantityKind.SECONDS, 3600),
        (re.compile(r"(?:minutes?|mins?)(?!\w)"), QuantityKind.SECONDS, 60),
        (re.compile(r"(?:seconds?|secs?|s)(?!\w)"), QuantityKind.SECONDS, 1),
        (re.compile(r"days?(?!\w)"), QuantityKind.DAYS, 1),
        (re.compile(r"(?:weeks?|months?|years?)(?!\w)"), QuantityKind.LONGER, 1),
    ),
    Language.RU: (
        (
            re.compile(r"(?:%|процент(?:а|ов|ам|ами|ах|е|ом|у)?|процентных пункт\w+|п\. ?п)(?!\w)"),
            QuantityKind.PERCENT,
            1,
        ),
        (re.compile(r"(?:ч|час(?:а|ов|у|ом|е|ам|ами|ах)?)(?!\w)"), QuantityKind.SECONDS, 3600),
        (re.compile(r"(?:мин|минут(?:а|ы|у|е|ой|ам|ами|ах)?)(?!\w)"), QuantityKind.SECONDS, 60),
        (
            re.compile(r"(?:с(?= ?(?:[.,;:)]|$))|(?:сек|секунд(?:а|ы|у|е|ой|ам|ами|ах)?)(?!\w))"),
            QuantityKind.SECONDS,
            1,
        ),
        (re.compile(r"(?:день|дня|дней|дню|дням|днями|днях|дн)(?!\w)"), QuantityKind.DAYS, 1),
        (re.compile(r"(?:недел\w+|месяц\w*|год(?:а|у|ом|ы|ов)?|лет)(?!\w)"), QuantityKind.LONGER, 1),
    ),
}
_GAP = re.compile(r"[ -]?")
_BETWEEN_PARTS = {Language.EN: re.compile(r"\.?,? (?:and )?"), Language.RU: re.compile(r"\.?,? (?:и )?")}
_STRAY_PERCENT = re.compile(r"(?<!\d)(?<!\d )%")
_ROMAN = re.compile(r"\b[IVX]{2,}\b")
_WORDS = {
    Language.EN: re.compile(
        r"\b(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
        r"|eighteen|nineteen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousands?|[mb]illions?|dozens?"
        r"|hal(?:f|ves|ved|ve|ving)|thirds?|(?:four|fif|six|seven|eigh|nin|ten|hundred|thousand)ths?|quarters?"
        r"|twice|thrice|(?:doubl|tripl|quadrupl)(?:e|ed|es|ing)|\w+fold"
        r"|one (?=hour|minute|second|day|percent|per cent|and))\b"
    ),
    Language.RU: re.compile(
        r"\b(?:нол[ьяею]|нул\w+|два|две|двух|двум|двумя|двое|три|трех|трем|тремя|трое|четыре|четырех|четырем|четырьмя"
        r"|пят(?:ь|и|ью)|шест(?:ь|и|ью)|сем(?:ь|и|ью)|вос(?:емь|ьми|емью)|девят(?:ь|и|ью)|десят(?:ь|и|ью|ок|ки|ков|кам)"
        r"|\w+надцат\w+|двадцат\w+|тридцат\w+|сорока?|\w+десят|\w+десяти|девяност\w|ст[оа]|двести|двухсот|триста"
        r"|трехсот|четыреста|\w+сот|сотн\w+|тысяч\w*|миллион\w*|миллиард\w*|дюжин\w*|половин\w*"
        r"|пол(?:часа|дня|минуты|сотни|тора|торы|утора)|получаса|трет[ьи]|четверт[ьи]"
        r"|(?:пят|шест|седьм|восьм|девят|десят)(?:ая|ую|ой)|вдвое|втрое|вчетверо|дважды|трижды|удво[ие]\w+"
        r"|утро(?:и|ен)\w*|(?:один|одна|одну|одного|одной) (?=час|минут|секунд|день|дня|процент))\b"
    ),
}


def quantities(text: str, language: Language) -> frozenset[Quantity]:
    """Every figure that `text` states. UnreadableNumber when a number in it cannot be read without doubt."""
    found = {Quantity(match[0], QuantityKind.WORD) for match in _ROMAN.finditer(text)}
    text = text.casefold().replace("ё", "е").replace("\u00a0", " ").replace("\u202f", " ")
    for spoken in _mixed_in(language):
        found.update(Quantity(match[0].strip(), QuantityKind.WORD) for match in _WORDS[spoken].finditer(text))
    if _STRAY_PERCENT.search(text):  # after letters that look like digits, say
        raise UnreadableNumber("%")
    position = 0
    while (run := _RUN.search(text, position)) is not None:
        quantity, position = _quantity(text, run, language)
        found.add(quantity)
    return frozenset(found)


def _mixed_in(language: Language) -> tuple[Language, ...]:
    """The languages whose words may stand in a text: Latin ones in a Russian text, too."""
    return (Language.EN,) if language is Language.EN else (Language.RU, Language.EN)


def _quantity(text: str, run: re.Match[str], language: Language) -> tuple[Quantity, int]:
    """The figure that begins with `run`, and where it ends."""
    number = _signed(text, run)
    clock = _CLOCK.fullmatch(number)
    if clock is not None:
        _check_edge(text, run.end())
        return Quantity(Decimal(int(clock[1]) * 60 + int(clock[2])), QuantityKind.CLOCK), run.end()
    value = _value(number, language)
    kind, factor, end = _unit(text, run.end(), language)
    if kind is not QuantityKind.SECONDS:
        return Quantity(value * factor, kind), end
    seconds, smallest = value * factor, factor
    # "2 h 5 min" is one duration, not two.
    while (part := _next_part(text, end, language)) is not None and part[1] < smallest:
        addend, smallest, end = part
        seconds += addend
    return Quantity(seconds, QuantityKind.SECONDS), end


def _signed(text: str, run: re.Match[str]) -> str:
    """The number with a minus, if it has one: a dash between two numbers or words is none."""
    before = text[run.start() - 1] if run.start() else " "
    sign = "" if run[0][0].isdecimal() else run[0][0]
    if not sign and before.isalpha():
        raise UnreadableNumber(run[0])
    number = run[0].removeprefix(sign)
    return f"-{number}" if sign not in {"", "+"} and not before.isalnum() and before not in ":%" else number


def _value(number: str, language: Language) -> Decimal:
    digits = number.removeprefix("-")
    if _NUMBER[language].fullmatch(digits) is None:
        raise UnreadableNumber(number)
    plain = digits.replace(" ", "")
    plain = plain.replace(",", "") if language is Language.EN else plain.replace(",", ".")
    return -Decimal(plain) if number != digits else Decimal(plain)


def _unit(text: str, position: int, language: Language) -> tuple[QuantityKind, int, int]:
    """Return the kind of the number before `position`, its factor, and the end of its unit."""
    gap = _GAP.match(text, position)
    start = gap.end() if gap else position
    for pattern, kind, factor in (unit for spoken in _mixed_in(language) for unit in _UNITS[spoken]):
        unit = pattern.match(text, start)
        if unit is not None:
            return kind, factor, unit.end()
    _check_edge(text, position)
    return QuantityKind.COUNT, 1, position


def _next_part(text: str, position: int, language: Language) -> tuple[Decimal, int, int] | None:
    """The part of a duration that follows at once: its seconds, its unit in seconds, where it ends."""
    between = _BETWEEN_PARTS[language].match(text, position)
    run = _RUN.match(text, between.end()) if between else None
    if run is None or not run[0].isdecimal():
        return None
    kind, factor, end = _unit(text, run.end(), language)
    return (Decimal(run[0]) * factor, factor, end) if kind is QuantityKind.SECONDS else None


def _check_edge(text: str, position: int) -> None:
    if text[position : position + 1].isalpha():
        raise UnreadableNumber(text[position - 1 : position + 1])
