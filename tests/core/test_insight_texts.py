"""The texts of insight in every language."""

import re
from dataclasses import replace
from string import Formatter

import pytest

from core.categories import Category
from core.insight import Insight, Language
from core.insight.heuristic import heuristic_insight
from core.insight.texts import Noun, Text
from core.insight.wording import TEXTS, Wording
from tests.core.insight_personas import PERSONAS

ENGLISH, RUSSIAN = Wording(Language.EN), Wording(Language.RU)


def parts(template: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("language", Language)
def test_a_language_has_everything(language: Language):
    texts = TEXTS[language]

    assert set(texts.templates) == set(Text)
    assert set(texts.nouns) == set(Noun)
    assert set(texts.categories) == set(Category)
    for text in Text:
        assert parts(texts.templates[text]) <= parts(TEXTS[Language.EN].templates[text]) | {"category"}
    for number in range(200):
        assert all(len(forms) > texts.form(number) for forms in texts.nouns.values())


def texts_of(insight: Insight) -> list[str]:
    """Everything an insight says."""
    said = (insight.focus_insight, *insight.key_findings, *insight.behavior_insights, *insight.recommendations)
    score = insight.productivity_score
    return [sentence.text for sentence in said] + ([score.explanation] if score else [])


@pytest.mark.parametrize("name", PERSONAS)
def test_what_is_said_in_russian_holds_no_english(name: str):
    figures = PERSONAS[name]
    before = replace(figures.now, start=figures.before.start, end=figures.before.end)

    said = texts_of(heuristic_insight(replace(figures, before=before), Language.RU))

    for text in said:
        without_domains = re.sub(r"[\w-]+(\.[\w-]+)+", "", text)
        assert not re.search(r"[A-Za-z]", without_domains), text
        assert re.search(r"[А-Яа-я]{3}", text)


def test_no_template_of_russian_holds_english():
    texts = TEXTS[Language.RU]

    for template in [*texts.templates.values(), *sum(texts.nouns.values(), ()), *texts.categories.values()]:
        assert not re.search(r"[A-Za-z]", re.sub(r"\{\w+\}", "", template)), template


@pytest.mark.parametrize(
    ("number", "english", "russian"),
    [
        (0, "0 blocks", "0 блоков"),
        (1, "1 block", "1 блок"),
        (2, "2 blocks", "2 блока"),
        (4, "4 blocks", "4 блока"),
        (5, "5 blocks", "5 блоков"),
        (11, "11 blocks", "11 блоков"),
        (12, "12 blocks", "12 блоков"),
        (14, "14 blocks", "14 блоков"),
        (21, "21 blocks", "21 блок"),
        (22, "22 blocks", "22 блока"),
        (25, "25 blocks", "25 блоков"),
        (111, "111 blocks", "111 блоков"),
        (1001, "1,001 blocks", "1\u00a0001 блок"),
        (6.24, "6.2 blocks", "6,2 блока"),
        (0.04, "0 blocks", "0 блоков"),
        (1.04, "1 block", "1 блок"),
        (9.96, "10 blocks", "10 блоков"),
        (20.7, "21 blocks", "21 блок"),
    ],
)
def test_nouns_follow_their_numbers(number: float, english: str, russian: str):
    assert ENGLISH.count(Noun.BLOCK, number) == english
    assert RUSSIAN.count(Noun.BLOCK, number) == russian


@pytest.mark.parametrize(
    ("seconds", "english", "russian"),
    [
        (0, "0 min", "0 мин"),
        (0.3, "0 min", "0 мин"),
        (42.4, "42 s", "42 с"),
        (59.6, "1 min", "1 мин"),
        (3569, "59 min", "59 мин"),
        (3599, "1 h", "1 ч"),
        (12000, "3 h 20 min", "3 ч 20 мин"),
        (3600 * 1234.5, "1,234 h 30 min", "1\u00a0234 ч 30 мин"),
    ],
)
def test_lengths_of_time(seconds: float, english: str, russian: str):
    assert ENGLISH.duration(seconds) == english
    assert RUSSIAN.duration(seconds) == russian


def test_percents():
    assert (ENGLISH.percent(0.456), RUSSIAN.percent(0.456)) == ("46%", "46\u00a0%")


def test_what_is_said_in_russian():
    insight = heuristic_insight(PERSONAS["deep worker"], Language.RU)

    assert insight.focus_insight.text == (
        "Внимание почти не рассеивается: 3 домена, 2,6 переключения в час, глубокая работа — 4 ч."
    )
    assert insight.behavior_insights[0].text == (
        "Больше всего времени заняла категория «разработка»: 4 ч 27 мин, 95\u00a0% активного времени."
    )
