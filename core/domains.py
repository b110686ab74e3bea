"""The domain of a url: what events are grouped by. Computed once, at ingestion."""

import re
from functools import lru_cache

import idna

_USUAL = re.compile(r"https?://([a-z0-9.-]*[a-z0-9-])(?:[/?#]|$)")
"""A lower-case host without user, port or trailing dot: its domain needs none of what follows."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_WRAPPERS = re.compile(r"(?:(?:blob|filesystem|view-source):)+", re.IGNORECASE)
"""Schemes whose urls hold another url, in any number."""
_PATH_START = re.compile(r"[/?#]")
_AUTHORITY_END = re.compile(r"[/?#\\]")  # browsers read a backslash in an http url as a slash
_DEFAULT_PORTS = {"http": "80", "https": "443"}

_HOST_CHARACTERS = 253
"""The longest name that the domain name system can hold."""
_INTERNATIONAL_CHARACTERS = 59
"""As many characters beyond ASCII are read of a name: each takes ten microseconds, and a client decides on them."""
_NAMES_REMEMBERED = 4096
_ASCII_LABEL = re.compile(r"[a-z0-9_-]+")


def domain_of(url: str) -> str | None:
    """Return the domain that `url` counts under, or None for no domain.

    - http and https: the host as `host_name` spells it, with `:port` unless it is the scheme's default, without
      userinfo;
    - `blob:`, `filesystem:`, `view-source:`: the domain of the url within, however deep; without one, as below;
    - another scheme: the scheme and a colon (`chrome:`, `file:`);
    - no scheme: what stands before the first `/`, `?` or `#`;
    - empty: None.

    Never raises: a url from the field may be anything. The time it takes is bounded by the url's length.
    """
    usual = _USUAL.match(url)
    if usual is not None:
        return usual[1]
    url = url.strip()
    wrappers = _WRAPPERS.match(url)
    if wrappers is not None and _has_scheme(url[wrappers.end() :]):
        url = url[wrappers.end() :]
    if not _has_scheme(url):
        return _PATH_START.split(url, maxsplit=1)[0] or None
    name, _, rest = url.partition(":")
    scheme = name.lower()
    return _web_domain(scheme, rest) if scheme in _DEFAULT_PORTS else f"{scheme}:"


def is_slow(url: str) -> bool:
    """True if finding the domain of a url may take long for the first time: its host may be an international name."""
    return not url.isascii() and _USUAL.match(url) is None


def host_name(host: str) -> str:
    """Return the one spelling of a host: lower case, no trailing dot, international names in ASCII (`xn--…`).

    Names that IDNA 2008 refuses (with the mapping of UTS 46) stay as they are, in lower case.
    """
    if host.isascii():
        return host.lower().rstrip(".")
    return ascii_name(host) or host.lower().rstrip(".")


def spellings(domain: str) -> tuple[str, ...]:
    """Return the spellings that may be stored of a domain that somebody asks for: as it was given, and as hosts are."""
    host, port = _host_and_port(domain)
    stored = host_name(host) + (f":{port}" if port else "")
    return (domain,) if stored in {"", domain} or domain.endswith(":") else (domain, stored)


@lru_cache(_NAMES_REMEMBERED)
def ascii_name(host: str) -> str | None:
    """Return an international host in ASCII, by IDNA 2008 with the mapping of UTS 46; None if these refuse it."""
    if len(host) > _HOST_CHARACTERS or sum(not each.isascii() for each in host) > _INTERNATIONAL_CHARACTERS:
        return None
    try:
        mapped = idna.uts46_remap(host, std3_rules=False, transitional=False).rstrip(".")
        name = ".".join([_ascii_label(label) for label in mapped.split(".")])
    except (idna.IDNAError, UnicodeError):
        return None
    return name if len(name) <= _HOST_CHARACTERS else None


def _ascii_label(label: str) -> str:
    if not label.isascii():
        return idna.alabel(label).decode("ascii")
    if not _ASCII_LABEL.fullmatch(label):  # what the mapping makes of `℀` is `a/c`, which no name can hold
        raise idna.InvalidCodepoint
    return label


def _web_domain(scheme: str, rest: str) -> str | None:
    authority = _AUTHORITY_END.split(rest.lstrip("/\\"), maxsplit=1)[0]
    host, port = _host_and_port(authority.rpartition("@")[2])
    host = host_name(host)
    if not host:
        return None
    return host if port in {"", _DEFAULT_PORTS[scheme]} else f"{host}:{port.lower()}"


def _has_scheme(url: str) -> bool:
    """`localhost:8080/x` has none: a colon followed by nothing but digits up to the path is a port."""
    found = _SCHEME.match(url)
    return found is not None and not _PATH_START.split(url[found.end() :], maxsplit=1)[0].isdecimal()


def _host_and_port(authority: str) -> tuple[str, str]:
    if authority.startswith("["):  # an IPv6 literal keeps its brackets: its colons are not a port's
        host, bracket, port = authority.partition("]")
        return host + bracket, port.removeprefix(":")
    host, _, port = authority.partition(":")
    return host, port
