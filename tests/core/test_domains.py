import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domains import domain_of, host_name, spellings
from tests.core import reference_domains

LABELS = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9-]{0,9}", fullmatch=True) | st.sampled_from(
    [*reference_domains.INTERNATIONAL, *reference_domains.REFUSED, "xn--e1afmkfd", "under_score"]
)
HOSTS = st.builds(
    lambda labels, dot: ".".join(labels) + dot,
    st.lists(LABELS, min_size=1, max_size=4),
    st.sampled_from(["", ".", ".."]),
) | st.just("[2001:DB8::1]")
USERINFO = st.sampled_from(["", "me@", "me:secret@", "a@b:c@", "@", "user@:80@"])
WRAPPERS = st.lists(st.sampled_from(["blob:", "filesystem:", "view-source:", "BLOB:"]), max_size=3).map("".join)
PORTS = st.sampled_from(["", ":", ":80", ":443", ":8080"])
TAILS = st.sampled_from(["", "/", "?q=http://x.com/", "#top", "/a:b@c/d", "\\a", "/ü?ß#@"])
SCHEMES = st.from_regex(r"[a-z][a-z0-9+.-]{0,10}", fullmatch=True).filter(
    lambda name: name not in {"http", "https", "blob", "filesystem", "view-source"}
)
SPACE = st.sampled_from(["", " ", "\n"])


@given(st.sampled_from(["http", "https", "HTTPS"]), USERINFO, HOSTS, PORTS, TAILS, SPACE, WRAPPERS)
def test_a_web_address_counts_under_its_host_and_unusual_port(
    scheme: str, userinfo: str, host: str, port: str, tail: str, space: str, wrappers: str
):
    url = f"{space}{wrappers}{scheme}://{userinfo}{host}{port}{tail}{space}"

    assert domain_of(url) == reference_domains.domain(url)


@given(WRAPPERS, st.sampled_from(["", "null/1", "about:blank", "chrome://x/", "localhost:80/", "a.com", "file:///a"]))
def test_a_url_within_a_url_counts_as_that_url(wrappers: str, inner: str):
    url = wrappers + inner

    assert domain_of(url) == reference_domains.domain(url)


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
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://BÜCHER.example.:8080/", "xn--bcher-kva.example:8080"),
        ("https://bu\u0308cher。example", "xn--bcher-kva.example"),
        ("https://ΟΔΟΣ.gr/", "xn--pxavbq.gr"),
        ("https://☃.Net/", "☃.net"),
        ("https://℀.com/", "℀.com"),
        ("https://a.com../", "a.com"),
        ("https://./", None),
        ("https://user@:80@a.com", "a.com"),
        ("https://user@:80@", None),
        ("blob:https://a.com/x", "a.com"),
        ("filesystem:https://A.com./temporary/x", "a.com"),
        ("view-source:https://a.com/", "a.com"),
        ("blob:blob:https://a.com/x", "a.com"),
        ("view-source:about:blank", "about:"),
        ("blob:null/1", "blob:"),
        ("view-source:blob:", "view-source:"),
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


@pytest.mark.parametrize(
    "url",
    [
        "view-source:" * 1000 + "https://a.com/",
        "blob:" * 1600 + "https://a.com",
        f"https://{'u@' * 4000}a.com",
        f"https://{'u:@' * 2600}a.com",
        f"https://a.com{'.' * 8000}",
    ],
    ids=len,
)
def test_a_url_of_many_layers_counts_like_any_other(url: str):
    assert domain_of(url) == "a.com"


@pytest.mark.parametrize(
    "host",
    ["ü" * 60 + ".com", "ü." * 120 + "com", "".join(map(chr, range(0x4E00, 0x5000, 11))) + ".jp", "ü" * 8000],
    ids=len,
)
def test_a_host_that_is_no_name_of_the_internet_stays_as_it_is(host: str):
    assert domain_of(f"https://{host}/") == host


@given(HOSTS)
def test_a_domain_is_spelt_the_same_when_it_is_spelt_anew(host: str):
    stored = host_name(host)

    assert host_name(stored) == stored


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("a.com", ("a.com",)),
        ("A.com.", ("A.com.", "a.com")),
        ("bücher.example:8080", ("bücher.example:8080", "xn--bcher-kva.example:8080")),
        ("chrome:", ("chrome:",)),
        ("[::1]:80", ("[::1]:80",)),
        ("...", ("...",)),
        ("", ("",)),
    ],
)
def test_a_domain_that_is_asked_for_is_looked_up_as_given_and_as_stored(asked: str, found: tuple[str, ...]):
    assert spellings(asked) == found
