"""The answer of the provider: a browser that comes back with it, and the identity that it proves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Callback:
    """The answer that the provider sends a browser back with."""

    state: str | None
    code: str | None
    error: str | None
    issuer: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """A person at the provider: `subject` is theirs for good, and no other's; the claims may change.

    `id_token`: the proof, which the provider wants to see again when they sign out.
    """

    subject: str
    claims: Mapping[str, Any]
    id_token: str
