"""The mail server: its address, and the way in which the connection to it is encrypted."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit


class Encryption(StrEnum):
    """The encryption of the connection: from its first byte, by STARTTLS before anything is said, or none."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


_PORTS = {Encryption.TLS: 465, Encryption.STARTTLS: 587, Encryption.NONE: 25}
_FORM = "must be like smtps://user:password@mail.example.com:465, smtp://… (STARTTLS), or smtp://…?tls=none."


@dataclass(frozen=True, slots=True)
class SmtpOptions:
    """A mail server, and the address that messages come from: `Name <no-reply@example.com>`, or the address alone.

    `timeout`: the seconds that a message may take, the wait for its turn included.
    """

    host: str
    port: int
    username: str | None
    password: str | None
    encryption: Encryption
    sender: str
    timeout: float


def smtp_options(url: str, sender: str, timeout: float) -> SmtpOptions:
    """Return the options of `smtps://user:password@host:port`. ValueError for what is no such address."""
    try:
        address = urlsplit(url)
        host, port = address.hostname, address.port
    except ValueError as error:
        raise ValueError(_FORM) from error
    encryption = _encryption(address.scheme, address.query)
    if encryption is None or not host or address.path.strip("/") or address.fragment:
        raise ValueError(_FORM)
    username = None if address.username is None else unquote(address.username)
    password = None if address.password is None else unquote(address.password)
    if (username is None) != (password is None):
        raise ValueError(f"names a user without a password, or a password without a user; it {_FORM}")
    return SmtpOptions(host, port or _PORTS[encryption], username, password, encryption, sender, timeout)


def _encryption(scheme: str, query: str) -> Encryption | None:
    options = parse_qs(query, keep_blank_values=True)
    if scheme == "smtps" and not options:
        return Encryption.TLS
    if scheme == "smtp" and options in ({}, {"tls": ["starttls"]}):
        return Encryption.STARTTLS
    return Encryption.NONE if scheme == "smtp" and options == {"tls": ["none"]} else None
