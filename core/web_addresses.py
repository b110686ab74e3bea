"""Addresses on the web that operators set."""

from urllib.parse import urlsplit

_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


def is_safe_address(url: str) -> bool:
    """True if nobody on the way can read or change what is sent there: https, and http on this machine."""
    try:
        address = urlsplit(url)
        host = address.hostname
    except ValueError:
        return False
    return host is not None and (address.scheme == "https" or (address.scheme == "http" and host in _THIS_MACHINE))
