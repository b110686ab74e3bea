import pytest

from core.domain_display import domain_display
from core.domains import host_name


@pytest.mark.parametrize(
    "host",
    [
        "bücher.example",
        "faß.de",
        "пример.рф",
        "εφημερίδα.gr",
        "日本語.jp",
        "ひらがなカタカナ漢字.jp",
        "コーヒー.jp",
        "한국.kr",
        "مثال.مصر",
        "मराठी.भारत",
        "ไทย.th",
        "a-1.com",
        "under_score.com",
    ],
)
def test_a_name_of_one_kind_of_writing_is_shown_in_its_letters(host: str):
    assert domain_display(host_name(host)) == host


@pytest.mark.parametrize(
    "host",
    [
        "аррӏе.com",  # Cyrillic throughout
        "gооgle.com",  # two Cyrillic letters among Latin ones
        "ɡoogle.com",  # a Latin letter that looks like another
        "соса.рф",
        "νικα.gr",
        "コーヒーcom.jp",
        "ー.jp",
        "日本ไทย.com",
        "bücher.аррӏе.com",
    ],
)
def test_a_name_that_could_be_taken_for_another_is_shown_in_ascii(host: str):
    stored = host_name(host)

    assert stored.isascii()
    assert domain_display(stored) == stored


@pytest.mark.parametrize(
    "domain", ["chrome:", "a.com:8080", "[::1]:80", "new tab", "xn--a.com", "xn--", "☃.net", "xn--\udcff"]
)
def test_what_is_no_international_name_is_shown_as_it_is(domain: str):
    assert domain_display(domain) == domain


def test_a_port_stays_behind_the_name():
    assert domain_display("xn--bcher-kva.example:8080") == "bücher.example:8080"
