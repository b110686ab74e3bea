"""The domain of a url: what events are grouped by. Computed once, at ingestion."""

import re

_USUAL = re.compile(r"https?://([a-z0-9.-]+)(?:[/?#]|$)")
"""A lower-case host without user or port: its domain needs none of what follows."""
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(.*)", re.IGNORECASE | re.DOTALL)
_PATH_START = re.compile(r"[/?#]")
_AUTHORITY_END = re.compile(r"[/?#\\]")  # browsers read a backslash in an http url as a slash
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def domain_of(url: str) -> str | None:
    """Return the domain that `url` counts under, or None for no domain.

    - http and https: the lower-cased host, with `:port` unless it is the scheme's default, without userinfo;
    - another scheme: the scheme and a colon (`chrome:`, `file:`);
    - no scheme: what stands before the first `/`, `?` or `#`;
    - empty: None.

    Never raises: a url from the field may be anything.
    """
    usual = _USUAL.match(url)
    if usual is not None:
        return usual[1]
    url = url.strip()
    scheme_and_rest = _SCHEME.fullmatch(url)
    if scheme_and_rest is None or _is_host_and_port(url):
        return _PATH_START.split(url, maxsplit=1)[0] or None
    scheme, rest = scheme_and_rest[1].lower(), scheme_and_rest[2]
    if scheme not in _DEFAULT_PORTS:
        return f"{scheme}:"
    authority = _AUTHORITY_END.split(rest.lstrip("/\\"), maxsplit=1)[0]
    host, port = _host_and_port(authority.rpartition("@")[2].lower())
    if not host:
        return None
    return host if port in {"", _DEFAULT_PORTS[scheme]} else f"{host}:{port}"


def _is_host_and_port(url: str) -> bool:
    """`localhost:8080/x` has no scheme: a colon followed by nothing but digits up to the path is a port."""
    host, _, rest = url.partition(":")
    return "/" not in host and _PATH_START.split(rest, maxsplit=1)[0].isdecimal()


def _host_and_port(authority: str) -> tuple[str, str]:
    if authority.startswith("["):  # an IPv6 literal keeps its brackets: its colons are not a port's
        host, bracket, port = authority.partition("]")
        return host + bracket, port.removeprefix(":")
    host, _, port = authority.partition(":")
    return host, port
