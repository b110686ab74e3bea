"""The rules for replies. A reply that breaks one rule is refused whole: the insight stays as it was.

A sentence may state a figure only if one of the figures it cites can be written so (ai.figures), or if one of our own
sentences states it that rests on no other figures than the cited ones.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from ai.characters import is_in, is_plain
from ai.figures import ways_to_write
from ai.numerals import Quantity, UnreadableNumber, quantities
from ai.prompt import MOST_CHARACTERS, MOST_EVIDENCE, MOST_SENTENCES, rests_on, sendable
from ai.reply import LISTS, Reply, ReplySentence
from core.insight import Evidence, Insight, Language, Sentence

_FEWEST_WORDS = 3
_ECHO_WORDS, _ECHO_LETTERS = 3, 10


class ReplyRefusal(Enum):
    """Why a reply is not used."""

    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    DECLINED = "declined"
    LENGTH = "length"
    EVIDENCE = "evidence"
    CHARACTERS = "characters"
    LANGUAGE = "language"
    NUMBER = "number"
    ECHO = "echo"


class ReplyRefused(Exception):
    """A reply that breaks a rule."""

    def __init__(self, reason: ReplyRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AcceptedSentences:
    """The acceptable words of a reply, in the lists of an insight."""

    focus_insight: Sentence
    recommendations: tuple[Sentence, ...]
    behavior_insights: tuple[Sentence, ...]
    key_findings: tuple[Sentence, ...]

    def replace_in(self, insight: Insight) -> Insight:
        """The insight with these words in place of its own; all else is as it was."""
        return replace(insight, focus_insight=self.focus_insight, **{name: getattr(self, name) for name in LISTS})


def accepted(reply: Reply, insight: Insight) -> AcceptedSentences:
    """The reply as sentences. ReplyRefused, with the reason, when any of it breaks a rule.

    Sentences of the insight that rest on figures which were kept from the model follow in their lists as they were.
    """
    check = _ReplyChecker(insight)
    lists = {name: check.sentences(getattr(reply, name), getattr(insight, name)) for name in LISTS}
    focus = check.sentence(reply.focus_insight)
    texts = [focus.text, *(each.text for sentences in lists.values() for each in sentences)]
    if len(set(texts)) < len(texts):
        raise ReplyRefused(ReplyRefusal.LENGTH)
    kept = rests_on(insight.focus_insight, check.figures)
    return AcceptedSentences(focus if kept else insight.focus_insight, **lists)


class _ReplyChecker:
    """The rules, for the replies to one insight."""

    def __init__(self, insight: Insight) -> None:
        self.figures = sendable(insight)
        self._language = insight.language
        ours = [insight.focus_insight, *(each for name in LISTS for each in getattr(insight, name))]
        self._ours = [each for each in ours if rests_on(each, self.figures)]

    def sentences(self, said: tuple[ReplySentence, ...], ours: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
        """A list of the reply, and what of ours was kept from the model."""
        shown = any(rests_on(each, self.figures) for each in ours)
        if len(said) > MOST_SENTENCES or bool(said) != shown:
            raise ReplyRefused(ReplyRefusal.LENGTH)
        kept = (each for each in ours if not rests_on(each, self.figures))
        return (*map(self.sentence, said), *kept)

    def sentence(self, said: ReplySentence) -> Sentence:
        """One sentence of the reply."""
        if not 0 < len(said.text) <= MOST_CHARACTERS:
            raise ReplyRefused(ReplyRefusal.LENGTH)
        if not 0 < len(said.evidence) <= MOST_EVIDENCE or not set(said.evidence) <= self.figures.keys():
            raise ReplyRefused(ReplyRefusal.EVIDENCE)
        cited = [self.figures[each] for each in dict.fromkeys(said.evidence)]
        prose = _without_domains(said.text, cited)
        if len(prose.split()) < _FEWEST_WORDS:
            raise ReplyRefused(ReplyRefusal.LENGTH)
        if not is_plain(prose, self._language):
            raise ReplyRefused(ReplyRefusal.CHARACTERS)
        if not is_in(prose, self._language):
            raise ReplyRefused(ReplyRefusal.LANGUAGE)
        self._check_numbers(prose, cited)
        self._check_echoes(prose)
        return Sentence(said.text, tuple(each.id for each in cited))

    def _check_numbers(self, prose: str, cited: list[Evidence]) -> None:
        try:
            stated = quantities(prose, self._language)
        except UnreadableNumber as error:
            raise ReplyRefused(ReplyRefusal.NUMBER) from error
        if stated and not stated <= self._allowed(cited):
            raise ReplyRefused(ReplyRefusal.NUMBER)

    def _allowed(self, cited: list[Evidence]) -> set[Quantity]:
        ways = (way for each in cited for way in ways_to_write(each, self._language))
        ids = {each.id for each in cited}
        ours = (_without_domains(each.text, cited) for each in self._ours if ids.issuperset(each.evidence))
        return {quantity for text in (*ways, *ours) for quantity in _readable(text, self._language)}

    def _check_echoes(self, prose: str) -> None:
        domains = [_letters(each.domain) for each in self.figures.values() if each.domain]
        if any(run in domain for run in _runs(prose) for domain in domains):
            raise ReplyRefused(ReplyRefusal.ECHO)


def _readable(text: str, language: Language) -> frozenset[Quantity]:
    try:
        return quantities(text, language)
    except UnreadableNumber:  # a sentence of ours that cannot be read allows nothing
        return frozenset()


def _without_domains(text: str, cited: Iterable[Evidence]) -> str:
    """The text with the domains of the cited figures taken out: whatever they read like, it is not ours to judge."""
    domains = sorted({each.domain for each in cited if each.domain}, key=len, reverse=True)
    if not domains:
        return text
    either = "|".join(map(re.escape, domains))
    return re.sub(rf"(?<![\w.@/-])(?:{either})(?![\w@/-])(?!\.\w)", "Site", text)


def _runs(prose: str) -> Iterator[str]:
    """Words in a row, letters only: what somebody says who does what a domain's name tells them to."""
    words = [_letters(word) for word in prose.split()]
    for first in range(len(words) - _ECHO_WORDS + 1):
        run = "".join(words[first : first + _ECHO_WORDS])
        if len(run) >= _ECHO_LETTERS:
            yield run


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalpha())
