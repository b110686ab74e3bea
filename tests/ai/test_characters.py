import pytest

from ai.characters import is_in, is_plain
from core.insight import Language


@pytest.mark.parametrize(
    "text",
    [
        "Deep work takes 45% of the time (2 h 5 min).",
        "“Focus” prevails – it’s at 9:00…",
        "A café's résumé: R&D, 24/7, + more!",
    ],
)
def test_prose_is_plain(text: str):
    assert is_plain(text, Language.EN)


@pytest.mark.parametrize("text", ["Работа с 9:00 до 10:00 — «лучшая», №1; GitHub.", "Ещё 45\u00a0% времени"])
def test_so_is_russian(text: str):
    assert is_plain(text, Language.RU)


@pytest.mark.parametrize(
    "text",
    [
        "See https://evil.example now",
        "See evil.example now",
        "See //evil now",
        "See www please",
        "javascript:alert is bad",
        "mailto somebody",
        "me@evil",
        "**bold** words here",
        "a `code` here",
        "[a link] here",
        "# A title",
        "- a list here",
        "1. <b>bold</b>",
        "a &lt;b&gt; here",
        "a | table here",
        "an_underscore here",
        "two\nlines here",
        "a tab\there",
        "a bell\a here",
        "zero\u200bwidth here",
        "right\u202eto left",
        "soft\u00adhyphen here",
        "an emoji 🎉 here",
        "squared² here",
        "a fraction ½ here",
        "Arabic ٤٥ digits",
        "full width ４５ digits",
        "a Roman Ⅳ here",
        "math 𝟒𝟓 digits",
        "math 𝐛𝐨𝐥𝐝 letters",
        "circled ④ here",
        "full width ａｂｃ",
        "e\u0301 decomposed",
        "ﬁ ligature of another kind ß\u0307",
        "中文 letters",
        "ελληνικά letters",
        " space before",
        "space after ",
        "",
        "…dots first",
        "a price of $5",
        "a = b here",
        "back\\slash here",
    ],
)
@pytest.mark.parametrize("language", Language)
def test_everything_else_is_not(text: str, language: Language):
    assert not is_plain(text, language)


def test_cyrillic_is_no_plain_english():
    assert not is_plain("Focus is хорошо", Language.EN)


@pytest.mark.parametrize(
    ("text", "language", "right"),
    [
        ("Attention is divided", Language.EN, True),
        ("Внимание рассеивается", Language.EN, False),
        ("Attention рассеивается", Language.EN, False),
        ("45 % 9:00", Language.EN, False),
        ("Внимание рассеивается", Language.RU, True),
        ("Больше всего времени занял GitHub", Language.RU, True),
        ("Attention is divided", Language.RU, False),
        ("Внимание is divided here", Language.RU, False),
        ("Вниmание рассеивается", Language.RU, False),
        ("45 % 9:00", Language.RU, False),
    ],
)
def test_a_text_is_in_the_language_asked_for(text: str, language: Language, right: bool):
    assert is_in(text, language) is right
