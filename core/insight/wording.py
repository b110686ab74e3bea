"""Numbers, lengths of time and sentences in a language."""

from core.categories import Category
from core.insight import Language
from core.insight.english import ENGLISH
from core.insight.rounding import shown, shown_percent
from core.insight.russian import RUSSIAN
from core.insight.texts import Noun, Text

TEXTS = {Language.EN: ENGLISH, Language.RU: RUSSIAN}


class Wording:
    """The wording of a language."""

    def __init__(self, language: Language) -> None:
        self._texts = TEXTS[language]

    def text(self, text: Text, **parts: object) -> str:
        """A sentence with its parts in place."""
        return self._texts.templates[text].format(**parts)

    def category(self, category: Category) -> str:
        """A category's name in the middle of a sentence."""
        return self._texts.categories[category]

    def number(self, value: float) -> str:
        """A number: with one decimal below 10 unless it is whole, without any from 10 on."""
        number = shown(value)
        signs = {",": self._texts.group_sign, ".": self._texts.decimal_sign}
        plain = f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"
        return "".join(signs.get(sign, sign) for sign in plain)

    def count(self, noun: Noun, value: float) -> str:
        """A number with its noun: `1 minute`, `6.2 context switches`."""
        number = shown(value)
        form = self._texts.form(int(number)) if number == int(number) else self._texts.form_of_fractions
        return f"{self.number(value)} {self._texts.nouns[noun][form]}"

    def percent(self, share: float) -> str:
        """A part of a whole, from 0 to 1: `45%`."""
        return f"{self.number(shown_percent(share))}{self._texts.percent_sign}"

    def duration(self, seconds: float) -> str:
        """A length of time to the minute, below a minute to the second: `3 h 20 min`; nothing is `0 min`."""
        if 0 < round(seconds) < 60:  # noqa: PLR2004 - a minute
            return f"{round(seconds)} {self._texts.seconds}"
        hours, minutes = divmod(round(seconds / 60), 60)
        parts = [f"{self.number(hours)} {self._texts.hours}"] if hours else []
        if minutes or not hours:
            parts.append(f"{minutes} {self._texts.minutes}")
        return " ".join(parts)

    def clock(self, hour: int) -> str:
        """An hour on the clock: `09:00`."""
        return f"{hour % 24:02}:00"
