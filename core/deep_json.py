"""Takes values out of JSON that are nested deeper than a parser follows.

With a depth of 3, `{"a": {"b": {"c": [[[…]]]}}}` becomes `{"a": {"b": {"c": null}}}`.
"""

import re

DEPTH = 64
"""How deep lists and objects are kept: deeper than anything that an event has, and than parsers mind."""

_TEXT_OR_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
"""A text that does not end takes the rest, so that no part is searched twice."""
_CLOSING = {"[": "]", "{": "}"}


def without_deep_values(text: str, depth: int = DEPTH) -> str:
    """Return JSON with `null` for each list and object nested deeper than `depth`; in time linear in its length.

    Of what is taken out only the brackets are checked: ValueError if they do not match.
    """
    kept: list[str] = []
    expected: list[str] = []
    start = 0
    for found in _TEXT_OR_BRACKET.finditer(text):
        token = found[0]
        closing = _CLOSING.get(token)
        if closing is not None:
            if len(expected) == depth:
                kept.append(text[start : found.start()])
            expected.append(closing)
        elif token in {"]", "}"}:
            if not expected or expected.pop() != token:
                raise ValueError("brackets do not match")
            if len(expected) == depth:
                kept.append("null")
                start = found.end()
    if expected:
        raise ValueError("brackets do not match")
    return "".join([*kept, text[start:]])
