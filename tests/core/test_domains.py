import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domains import domain_of

HOSTS = st.from_regex(r"[a-zA-Z0-9ü][a-zA-Z0-9.-]{0,20}", fullmatch=True) | st.just("[2001:DB8::1]")
USERINFO = st.sampled_from(["", "me@", "me:secret@", "a@b:c@", "@"])
PORTS = st.sampled_from(["", ":", ":80", ":443", ":8080"])
TAILS = st.sampled_from(["", "/", "?q=http://x.com/", "#top", "/a:b@c/d", "\\a", "/ü?ß#@"])
SCHEMES = st.from_regex(r"[a-z][a-z0-9+.-]{0,10}", fullmatch=True).filter(lambda name: name not in {"http", "https"})
SPACE = st.sampled_from(["", " ", "\n"])


@given(st.sampled_from(["http", "https", "HTTPS"]), USERINFO, HOSTS, PORTS, TAILS, SPACE)
def test_a_web_address_counts_under_its_host_and_unusual_port(
    scheme: str, userinfo: str, host: str, port: str, tail: str, space: str
):
    usual = {"http": ":80", "https": ":443"}[scheme.lower()]
    expected = host.lower() + ("" if port in {":", usual} else port)

    assert domain_of(f"{space}{scheme}://{userinfo}{host}{port}{tail}{space}") == expected


@given(SCHEMES, st.text())
def test_another_scheme_counts_under_itself(scheme: str, rest: str):
    assert domain_of(f"{scheme.upper()}:/{rest}") == f"{scheme}:"


@given(
    st.text(string.ascii_letters + string.digits + ".-@ü", min_size=1), st.sampled_from(["", "/", "?a:b", "#", "/x:y"])
)
def test_without_a_scheme_all_before_the_path_counts(start: str, tail: str):
    assert domain_of(start + tail) == start


@given(st.text() | st.text("htps:/\\@?#[]. 18aA\0"))
def test_any_text_has_a_domain_or_none(url: str):
    domain = domain_of(url)

    assert domain != ""
    assert domain is None or not set(domain) & set("/?#")
    assert domain_of(f" {url}\n") == domain


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("", None),
        ("   ", None),
        ("/path", None),
        ("?q", None),
        ("https://", None),
        ("https://?q", None),
        ("https://user@/path", None),
        ("https://:8080/", None),
        ("https://A.com:443/1", "a.com"),
        ("http://a.com:443/", "a.com:443"),
        ("https://a.com:/", "a.com"),
        ("https:a.com/1", "a.com"),
        ("https:\\\\a.com\\1", "a.com"),
        ("https://user:pa@ss@a.com/", "a.com"),
        ("https://[::1]:8443/", "[::1]:8443"),
        ("https://[::1]:443/", "[::1]"),
        ("https://bücher.example/", "bücher.example"),
        ("chrome://newtab/", "chrome:"),
        ("about:blank", "about:"),
        ("file:///home/me", "file:"),
        ("data:text/html,<p>", "data:"),
        ("chrome-extension://abc/x.html", "chrome-extension:"),
        ("localhost:8080/x", "localhost:8080"),
        ("a.com/1", "a.com"),
        ("new tab", "new tab"),
    ],
)
def test_examples(url: str, domain: str | None):
    assert domain_of(url) == domain


@given(
    st.sampled_from(["http", "https"]),
    USERINFO,
    HOSTS | st.text("a.-_", max_size=3),
    PORTS,
    TAILS | st.text(max_size=3),
)
def test_usual_addresses_are_only_read_faster(scheme: str, userinfo: str, host: str, port: str, tail: str):
    url = f"{scheme}://{userinfo}{host}{port}{tail}"

    assert domain_of(url) == domain_of(f" {url}")  # a space in front is not usual
