"""API keys of extension users: shown once, stored as a hash and a visible prefix."""

import secrets
from dataclasses import dataclass

from auth.tokens import hash_of

_PREFIX_CHARACTERS = 11
_SHORTEST_WITH_PREFIX = 4 * _PREFIX_CHARACTERS
"""The prefix of a shorter key would reveal too much of it."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, its SHA-256 and its visible prefix. `text` is for the holder's eyes, once."""

    text: str
    hash: bytes
    prefix: str


def new_api_key() -> ApiKey:
    """Return a key of 256 random bits, in the form that the extension knows: `wb_` and 64 hexadecimal digits."""
    text = f"wb_{secrets.token_hex(32)}"
    return ApiKey(text, hash_of(text), text[:_PREFIX_CHARACTERS])


def existing_api_key(text: str) -> ApiKey:
    """Return the key with this text, which somebody holds already, whatever its form."""
    prefix = text[:_PREFIX_CHARACTERS] if len(text) >= _SHORTEST_WITH_PREFIX else "…"
    return ApiKey(text, hash_of(text), prefix)
