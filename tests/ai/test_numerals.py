from decimal import Decimal

import pytest

from ai.numerals import Kind, Quantity, UnreadableNumber, quantities
from core.insight import Language


def read(text: str, language: Language = Language.EN) -> set[tuple[str, Kind]]:
    return {(str(each.value), each.kind) for each in quantities(text, language)}


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("1,234 times", "1234", Kind.COUNT),
        ("1 234 times", "1234", Kind.COUNT),
        ("1\u00a0234 times", "1234", Kind.COUNT),
        ("12.5 switches", "12.5", Kind.COUNT),
        ("45%", "45", Kind.PERCENT),
        ("45 percent", "45", Kind.PERCENT),
        ("45.3 per cent", "45.3", Kind.PERCENT),
        ("12 percentage points", "12", Kind.PERCENT),
        ("90 minutes", "5400", Kind.SECONDS),
        ("a 90-minute block", "5400", Kind.SECONDS),
        ("1.5 hours", "5400.0", Kind.SECONDS),
        ("1 h 30 min", "5400", Kind.SECONDS),
        ("1 hour and 30 minutes", "5400", Kind.SECONDS),
        ("1 h, 29 min and 60 s", "5400", Kind.SECONDS),
        ("30 s.", "30", Kind.SECONDS),
        ("7 days", "7", Kind.DAYS),
        ("7 weeks", "7", Kind.LONGER),
        ("at 09:30", "570", Kind.CLOCK),
        ("a change of -5", "-5", Kind.COUNT),
        ("a change of −5%", "-5", Kind.PERCENT),
        ("+5 more", "5", Kind.COUNT),
        ("half of it", "half", Kind.WORD),
        ("One hour of it", "one", Kind.WORD),
        ("Twenty-five of them", "twenty", Kind.WORD),
        ("part XIV", "XIV", Kind.WORD),
        ("a tenth of it", "tenth", Kind.WORD),
        ("it quadrupled", "quadrupled", Kind.WORD),
    ],
)
def test_a_number_is_read_with_what_it_counts(text: str, value: str, kind: Kind):
    assert (value, kind) in read(text)
    assert all(each.kind is kind for each in quantities(text, Language.EN)) or kind is Kind.WORD


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("1 234 раза", "1234", Kind.COUNT),
        ("6,2 переключения", "6.2", Kind.COUNT),
        ("6.2 переключения", "6.2", Kind.COUNT),
        ("45\u00a0% времени", "45", Kind.PERCENT),
        ("45 процентов", "45", Kind.PERCENT),
        ("на 5 п.п. больше", "5", Kind.PERCENT),
        ("2 часа и 5 минут", "7500", Kind.SECONDS),
        ("2 ч 5 мин", "7500", Kind.SECONDS),
        ("за 30 с.", "30", Kind.SECONDS),
        ("30 секунд", "30", Kind.SECONDS),
        ("30 с перерывами", "30", Kind.COUNT),
        ("5 дней", "5", Kind.DAYS),
        ("с 9:00", "540", Kind.CLOCK),
        ("Половину времени", "половину", Kind.WORD),
        ("Трёх переключений", "трех", Kind.WORD),
        ("двадцать пять", "пять", Kind.WORD),
        ("полчаса", "полчаса", Kind.WORD),
        ("один час", "один", Kind.WORD),
        ("2 недели", "2", Kind.LONGER),
        ("5 лет", "5", Kind.LONGER),
        ("5 hours", "18000", Kind.SECONDS),
        ("почти half", "half", Kind.WORD),
        ("пятая часть", "пятая", Kind.WORD),
        ("сотни раз", "сотни", Kind.WORD),
    ],
)
def test_russian_numbers_too(text: str, value: str, kind: Kind):
    assert (value, kind) in read(text, Language.RU)


def test_numbers_of_a_range_are_two_and_its_dash_is_no_minus():
    assert read("10–11 or 12-13 of 20") == {(number, Kind.COUNT) for number in ("10", "11", "12", "13", "20")}
    assert read("from 9:00-10:00") == {("540", Kind.CLOCK), ("600", Kind.CLOCK)}


def test_a_length_of_time_beside_a_count_is_no_part_of_it():
    assert read("in 2 h 5 switches") == {("7200", Kind.SECONDS), ("5", Kind.COUNT)}
    assert read("5 min 2 h") == {("300", Kind.SECONDS), ("7200", Kind.SECONDS)}


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3",
        "1.234.567",
        "10k events",
        "web2",
        "3x",
        "2nd",
        "12:345",
        "1e5",
        "5 6 7",
        "127.0.0.1",
        "0x10",
        "1h30min",
        "lOO %",
        "ten%",
    ],
)
def test_what_might_mean_this_or_that_is_not_read(text: str):
    with pytest.raises(UnreadableNumber):
        quantities(text, Language.EN)


@pytest.mark.parametrize(
    "text", ["an hour without interruptions", "one of the best days", "someone often tends to wander"]
)
def test_a_text_without_figures_has_none(text: str):
    assert quantities(text, Language.EN) == frozenset()


@pytest.mark.parametrize(
    "text", ["стоит начать раньше", "полезно при случае", "семья и пятница", "часто, третий способ", "утром и днем"]
)
def test_words_that_only_look_like_numbers_are_none(text: str):
    assert quantities(text, Language.RU) == frozenset()


def test_equal_lengths_of_time_are_equal_however_they_are_written():
    assert quantities("1.5 hours", Language.EN) == {Quantity(Decimal(5400), Kind.SECONDS)}
