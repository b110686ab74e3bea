"""The model's reply, and the JSON schema that it must match."""

from typing import Any

import msgspec


class ReplySentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence of the model, and the ids of the figures that it says it rests on."""

    text: str
    evidence: tuple[str, ...]


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The model's words for an insight, the most important first in each list."""

    focus_insight: ReplySentence
    recommendations: tuple[ReplySentence, ...]
    behavior_insights: tuple[ReplySentence, ...]
    key_findings: tuple[ReplySentence, ...]


LISTS = ("recommendations", "behavior_insights", "key_findings")


def _object(**properties: Any) -> dict[str, Any]:
    # Strict mode wants every property required and no other allowed. Bounds on lengths are not understood everywhere:
    # ai.rules checks them.
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


_SENTENCE = _object(text={"type": "string"}, evidence={"type": "array", "items": {"type": "string"}})
_SENTENCES = {"type": "array", "items": _SENTENCE}

REPLY_SCHEMA: dict[str, Any] = _object(focus_insight=_SENTENCE, **dict.fromkeys(LISTS, _SENTENCES))

_decoder = msgspec.json.Decoder(Reply)


def decode(content: str) -> Reply:
    """The reply in `content`. msgspec.DecodeError when it is no JSON or not of this shape."""
    return _decoder.decode(content.encode(errors="replace"))
