"""Builds sentences: from figures, in a language, with a log of the evidence."""

from dataclasses import dataclass

from core.categories import Category
from core.insight import Sentence
from core.insight.evidence import EvidenceLog
from core.insight.figures import Figures, HourTime
from core.insight.texts import Noun, Text
from core.insight.wording import Wording

_ACTIVE = ("active_seconds", "deep_work_seconds")
"""The figures from which deep work's share of the active time is computed."""


@dataclass(frozen=True, slots=True)
class SentenceBuilder:
    """Says sentences about figures in a language, and notes the figures that they rest on."""

    figures: Figures
    wording: Wording
    log: EvidenceLog

    def say(self, text: Text, evidence: tuple[str, ...], **parts: str) -> Sentence:
        """A sentence."""
        return Sentence(self.wording.text(text, **parts), evidence)

    def say_of_category(self, text: Text, category: Category, more: tuple[str, ...] = (), **parts: str) -> Sentence:
        """A sentence about a category: its `{category}`, `{time}` and `{share}`."""
        return self.say(
            text,
            self.log.category(category) + self.log.now("active_seconds") + more,
            category=self.wording.category(category),
            time=self.wording.duration(self.figures.seconds(category)),
            share=self.wording.percent(self.figures.share(category)),
            **parts,
        )

    def rate(self) -> str:
        """Context switches an hour, with their noun."""
        return self.wording.count(Noun.SWITCH, self.figures.now.switches_per_hour)

    def rate_evidence(self) -> tuple[str, ...]:
        """The evidence of context switches an hour."""
        return self.log.now("context_switches", *_ACTIVE)

    def rates_evidence(self) -> tuple[str, ...]:
        """The same of this period and the one before."""
        return self.log.both("context_switches", *_ACTIVE)

    def deep_shares_evidence(self) -> tuple[str, ...]:
        """The evidence of deep work's share of the active time, in this period and the one before."""
        return self.log.both(*_ACTIVE)

    def focused_evidence(self) -> tuple[str, ...]:
        """The evidence of focused deep work."""
        return self.log.now(*_ACTIVE) + self.log.blocks()

    def deep(self) -> str:
        """The duration of deep work."""
        return self.wording.duration(self.figures.now.deep_work_seconds)

    def domains(self) -> str:
        """Distinct domains: the person's, or those of the median person."""
        text = Text.DOMAINS_OF_ONE if self.figures.median_person is None else Text.DOMAINS_OF_MEDIAN
        return self.wording.text(text, domains=self.wording.count(Noun.DOMAIN, self.figures.domains_of_one))

    def hour_evidence(self, hour: HourTime) -> tuple[str, ...]:
        """The evidence of the best hour: its deep work, or without any its tracked minutes."""
        if hour.deep_work_seconds:
            return self.log.hour("deep_work_seconds", hour.hour, hour.deep_work_seconds)
        return self.log.hour("tracked_minutes", hour.hour, hour.tracked_minutes)

    def from_to(self, hour: HourTime) -> dict[str, str]:
        """The `{start}` and `{end}` of an hour."""
        return {"start": self.wording.clock(hour.hour), "end": self.wording.clock(hour.hour + 1)}
