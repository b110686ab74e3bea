"""The sites of domains: the cases that the documentation names, and the library's own answers."""

import pytest
from hypothesis import example, given

from core.public_suffixes import public_suffixes
from core.sites import site_of
from tests.metrics.reference_sites import site
from tests.metrics.site_domains import domains


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("mail.google.com", "google.com"),
        ("docs.google.com:8443", "google.com"),
        ("google.com", "google.com"),
        ("com", "com"),
        ("shop.example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("alice.github.io", "alice.github.io"),
        ("www.alice.github.io", "alice.github.io"),
        ("github.io", "github.io"),
        ("a.b.c.ck", "b.c.ck"),
        ("b.ck", "b.ck"),
        ("www.ck", "www.ck"),
        ("shop.www.ck", "www.ck"),
        ("jira.corp.internal", "corp.internal"),
        ("wiki.internal", "wiki.internal"),
        ("localhost", "localhost"),
        ("localhost:3000", "localhost"),
        ("127.0.0.1:8080", "127.0.0.1"),
        ("[2001:db8::1]:8080", "[2001:db8::1]"),
        ("chrome:", "chrome:"),
        ("com.example.app:", "com.example.app:"),
        ("a.xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai"),
        ("www.example.com.", "example.com"),
        ("a..example.com", "a..example.com"),
        ("WWW.Example.COM", "example.com"),
        ("x." * 150 + "com", "x." * 150 + "com"),
    ],
)
def test_the_site_is_what_somebody_registered(domain: str, expected: str):
    assert site_of(domain) == expected
    assert site(domain) == expected


@given(domain=domains)
@example("." * 3)
def test_python_agrees_with_the_library(domain: str):
    assert site_of(domain) == site(domain)


def test_every_rule_of_the_list_is_known_in_its_ascii_form():
    found = public_suffixes()

    assert found.labels["com"] == 1
    assert found.labels["ck"] == 2
    assert found.labels["www.ck"] == 1
    assert found.labels["xn--p1ai"] == 1
    assert len(found.labels) > 9000
    assert all(suffix.isascii() for suffix in found.labels)
    assert found.version >= "2026-10-22"
