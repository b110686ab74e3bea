"""API tokens: long-lived credentials of programs, with a prefix and a checksum by which secret scanners find them.

    wbs_  4fQm…Zx0  1vJk2M      a service account's
    wbp_  …                     a person's
    kind  random    checksum    base 62; the checksum is the CRC-32 of all before it

The database holds the SHA-256 of a token, and the first characters of its random part.
"""

import secrets
import string
from dataclasses import dataclass
from zlib import crc32

from auth.tokens import hash_of
from core.errors import Unauthenticated

SERVICE_ACCOUNT = "wbs_"
PERSONAL = "wbp_"

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_DIGITS = 30
"""178 random bits."""
_CHECKSUM_DIGITS = 6
_PREFIX_CHARACTERS = 8
_LENGTH = len(PERSONAL) + _RANDOM_DIGITS + _CHECKSUM_DIGITS


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token, its SHA-256 and its visible prefix. `text` is for the holder's eyes, once."""

    text: str
    hash: bytes
    prefix: str


def new_api_token(kind: str) -> ApiToken:
    """Return a token of a kind, SERVICE_ACCOUNT or PERSONAL."""
    body = kind + "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM_DIGITS))
    text = body + _checksum(body)
    return ApiToken(text, hash_of(text), text[:_PREFIX_CHARACTERS])


def is_api_token(text: str) -> bool:
    """True if a credential claims, by its prefix, to be an API token."""
    return text.startswith((SERVICE_ACCOUNT, PERSONAL))


def checked_hash(text: str) -> bytes:
    """Return the SHA-256 of a token. Unauthenticated if it cannot be one: nothing has to be looked up for that."""
    if len(text) != _LENGTH or not text.isascii() or _checksum(text[:-_CHECKSUM_DIGITS]) != text[-_CHECKSUM_DIGITS:]:
        raise Unauthenticated("The API token is mistyped or cut off: its checksum does not fit. Copy it again.")
    return hash_of(text)


def _checksum(body: str) -> str:
    number, digits = crc32(body.encode()), ""
    for _ in range(_CHECKSUM_DIGITS):
        number, place = divmod(number, len(_DIGITS))
        digits = _DIGITS[place] + digits
    return digits
