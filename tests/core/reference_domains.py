"""The definition of a domain (docs/metrics.md), read word by word; nothing of core/domains.py."""

INTERNATIONAL = {
    "bücher": "xn--bcher-kva",
    "BÜCHER": "xn--bcher-kva",
    "faß": "xn--fa-hia",
    "пример": "xn--e1afmkfd",
    "рф": "xn--p1ai",
    "日本語": "xn--wgv71a119e",
    "ａｂｃ": "abc",
}
"""Parts of names, and what IDNA 2008 makes of them (as registries publish it)."""
REFUSED = ["☃", "℀", "a\u200db"]
"""Parts that it refuses."""


def domain(url: str) -> str | None:
    """The domain that a url counts under."""
    url = url.strip()
    inner = url
    while inner.lower().startswith(("blob:", "filesystem:", "view-source:")):
        inner = inner[inner.index(":") + 1 :]
    if _scheme(inner) is not None:
        url = inner
    scheme = _scheme(url)
    if scheme is None:
        return _up_to(url, "/?#") or None
    if scheme not in {"http", "https"}:
        return scheme + ":"
    rest = url[len(scheme) + 1 :]
    while rest[:1] in {"/", "\\"}:
        rest = rest[1:]
    authority = _up_to(rest, "/?#\\").split("@")[-1]
    end = authority.index("]") + 1 if authority.startswith("[") else len(_up_to(authority, ":"))
    host, port = _host(authority[:end]), authority[end + 1 :].lower()
    if not host:
        return None
    return host if port in {"", "80" if scheme == "http" else "443"} else f"{host}:{port}"


def _scheme(url: str) -> str | None:
    name, colon, rest = url.partition(":")
    name = name.lower()
    is_name = name[:1] in set("abcdefghijklmnopqrstuvwxyz") and set(name) <= set(
        "abcdefghijklmnopqrstuvwxyz0123456789+.-"
    )
    if not colon or not is_name or _up_to(rest, "/?#").isdecimal():  # a port, as in `localhost:8080/`
        return None
    return name


def _host(text: str) -> str:
    while text.endswith("."):
        text = text[:-1]
    labels = text.split(".")
    if text.isascii() or any(label in REFUSED for label in labels):
        return text.lower()
    return ".".join(INTERNATIONAL.get(label, label.lower()) for label in labels)


def _up_to(text: str, ends: str) -> str:
    for place, character in enumerate(text):
        if character in ends:
            return text[:place]
    return text
