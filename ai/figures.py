"""The ways in which a figure may be written: all that a model may say about it, and what it is told to choose from.

A figure is rounded to the nearest whole number, percents too; below ten also to one decimal. Lengths of time are in
hours and minutes, in whole minutes, or in hours with one decimal, from ten hours on also in whole hours. Something is
never rounded to nothing, and no part to the whole.
"""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from core.insight import Evidence, Language
from core.units import Unit

_FINE_BELOW = 10
_MINUTE, _HOUR = 60, 3600
_UNITS = {
    Language.EN: {"%": "%", "h": " h", "min": " min", "s": " s"},
    Language.RU: {"%": " %", "h": " ч", "min": " мин", "s": " сек"},
}


def ways_to_write(evidence: Evidence, language: Language) -> tuple[str, ...]:
    """A figure as texts in `language` may write it: `("2 h 5 min", "125 min", "2.1 h")`."""
    units = _UNITS[language]
    if evidence.unit is Unit.PERCENT:
        ways = [number + units["%"] for number in _numbers(evidence.value, language, whole=100)]
    elif evidence.unit is Unit.COUNT:
        ways = _numbers(evidence.value, language)
    else:
        ways = _durations(evidence.value * (_MINUTE if evidence.unit is Unit.MINUTES else 1), language)
    if evidence.hour_of_day is not None:
        ways = [*ways, *(f"{hour % 24:02}:00" for hour in (evidence.hour_of_day, evidence.hour_of_day + 1))]
    return tuple(dict.fromkeys(ways))


def _numbers(value: float, language: Language, whole: int | None = None) -> list[str]:
    exact = Decimal(repr(value))
    rounded = _rounded(exact, "1")
    if abs(exact) < _FINE_BELOW and exact != exact.to_integral_value():
        rounded = [*_rounded(exact, "0.1"), *rounded]
    return [_written(each, language) for each in rounded if each == exact or each not in {0, whole}]


def _durations(seconds: float, language: Language) -> list[str]:
    units = _UNITS[language]
    if round(seconds) < _MINUTE:
        return [number + units["s"] for number in _numbers(seconds, language)]
    ways: list[str] = []
    exact = Decimal(repr(seconds))
    for minutes in _rounded(exact / _MINUTE, "1"):
        hours, rest = divmod(int(minutes), 60)
        long = [_written(Decimal(hours), language) + units["h"]] if hours else []
        short = [f"{rest}{units['min']}"] if rest else []
        ways += [" ".join(long + short), _written(minutes, language) + units["min"]]
    if seconds >= _HOUR:
        ways += [_written(hours, language) + units["h"] for hours in _rounded(exact / _HOUR, "0.1")]
    if seconds >= _FINE_BELOW * _HOUR:
        ways += [_written(hours, language) + units["h"] for hours in _rounded(exact / _HOUR, "1")]
    return ways


def _rounded(exact: Decimal, step: str) -> list[Decimal]:
    """The nearest number, or both ways of choosing it that are in use where two are equally near."""
    near = (exact.quantize(Decimal(step), rounding) for rounding in (ROUND_HALF_EVEN, ROUND_HALF_UP))
    return list(dict.fromkeys(near))


def _written(number: Decimal, language: Language) -> str:
    plain = f"{number.to_integral_value():,}" if number == number.to_integral_value() else f"{number:,}"
    return plain if language is Language.EN else plain.translate({ord(","): " ", ord("."): ","})
