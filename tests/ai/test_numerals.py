from decimal import Decimal

import pytest

from ai.numerals import Quantity, QuantityKind, UnreadableNumber, quantities
from core.insight import Language


def read(text: str, language: Language = Language.EN) -> set[tuple[str, QuantityKind]]:
    return {(str(each.value), each.kind) for each in quantities(text, language)}


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("1,234 times", "1234", QuantityKind.COUNT),
        ("1 234 times", "1234", QuantityKind.COUNT),
        ("1\u00a0234 times", "1234", QuantityKind.COUNT),
        ("12.5 switches", "12.5", QuantityKind.COUNT),
        ("45%", "45", QuantityKind.PERCENT),
        ("45 percent", "45", QuantityKind.PERCENT),
        ("45.3 per cent", "45.3", QuantityKind.PERCENT),
        ("12 percentage points", "12", QuantityKind.PERCENT),
        ("90 minutes", "5400", QuantityKind.SECONDS),
        ("a 90-minute block", "5400", QuantityKind.SECONDS),
        ("1.5 hours", "5400.0", QuantityKind.SECONDS),
        ("1 h 30 min", "5400", QuantityKind.SECONDS),
        ("1 hour and 30 minutes", "5400", QuantityKind.SECONDS),
        ("1 h, 29 min and 60 s", "5400", QuantityKind.SECONDS),
        ("30 s.", "30", QuantityKind.SECONDS),
        ("7 days", "7", QuantityKind.DAYS),
        ("7 weeks", "7", QuantityKind.LONGER),
        ("at 09:30", "570", QuantityKind.CLOCK),
        ("a change of -5", "-5", QuantityKind.COUNT),
        ("a change of −5%", "-5", QuantityKind.PERCENT),
        ("+5 more", "5", QuantityKind.COUNT),
        ("half of it", "half", QuantityKind.WORD),
        ("One hour of it", "one", QuantityKind.WORD),
        ("Twenty-five of them", "twenty", QuantityKind.WORD),
        ("part XIV", "XIV", QuantityKind.WORD),
        ("a tenth of it", "tenth", QuantityKind.WORD),
        ("it quadrupled", "quadrupled", QuantityKind.WORD),
    ],
)
def test_a_number_is_read_with_what_it_counts(text: str, value: str, kind: QuantityKind):
    assert (value, kind) in read(text)
    assert all(each.kind is kind for each in quantities(text, Language.EN)) or kind is QuantityKind.WORD


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("1 234 раза", "1234", QuantityKind.COUNT),
        ("6,2 переключения", "6.2", QuantityKind.COUNT),
        ("6.2 переключения", "6.2", QuantityKind.COUNT),
        ("45\u00a0% времени", "45", QuantityKind.PERCENT),
        ("45 процентов", "45", QuantityKind.PERCENT),
        ("на 5 п.п. больше", "5", QuantityKind.PERCENT),
        ("2 часа и 5 минут", "7500", QuantityKind.SECONDS),
        ("2 ч 5 мин", "7500", QuantityKind.SECONDS),
        ("за 30 с.", "30", QuantityKind.SECONDS),
        ("30 секунд", "30", QuantityKind.SECONDS),
        ("30 с перерывами", "30", QuantityKind.COUNT),
        ("5 дней", "5", QuantityKind.DAYS),
        ("с 9:00", "540", QuantityKind.CLOCK),
        ("Половину времени", "половину", QuantityKind.WORD),
        ("Трёх переключений", "трех", QuantityKind.WORD),
        ("двадцать пять", "пять", QuantityKind.WORD),
        ("полчаса", "полчаса", QuantityKind.WORD),
        ("один час", "один", QuantityKind.WORD),
        ("2 недели", "2", QuantityKind.LONGER),
        ("5 лет", "5", QuantityKind.LONGER),
        ("5 hours", "18000", QuantityKind.SECONDS),
        ("почти half", "half", QuantityKind.WORD),
        ("пятая часть", "пятая", QuantityKind.WORD),
        ("сотни раз", "сотни", QuantityKind.WORD),
    ],
)
def test_russian_numbers_too(text: str, value: str, kind: QuantityKind):
    assert (value, kind) in read(text, Language.RU)


def test_numbers_of_a_range_are_two_and_its_dash_is_no_minus():
    assert read("10–11 or 12-13 of 20") == {(number, QuantityKind.COUNT) for number in ("10", "11", "12", "13", "20")}
    assert read("from 9:00-10:00") == {("540", QuantityKind.CLOCK), ("600", QuantityKind.CLOCK)}


def test_a_length_of_time_beside_a_count_is_no_part_of_it():
    assert read("in 2 h 5 switches") == {("7200", QuantityKind.SECONDS), ("5", QuantityKind.COUNT)}
    assert read("5 min 2 h") == {("300", QuantityKind.SECONDS), ("7200", QuantityKind.SECONDS)}


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
    assert quantities("1.5 hours", Language.EN) == {Quantity(Decimal(5400), QuantityKind.SECONDS)}
