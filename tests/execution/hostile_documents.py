"""Hostile documents: short to write, and long to look at if one does so naively."""

from collections.abc import Callable


def _many(count: int, text: Callable[[int], str]) -> str:
    return " ".join(map(text, range(count)))


def _doubling(fragments: int, *, on: str = "Query", last: str = "__typename") -> str:
    chain = _many(fragments, lambda n: f"fragment F{n} on {on} {{ ...F{n + 1} ...F{n + 1} }}")
    return f"{chain} fragment F{fragments} on {on} {{ {last} }}"


DOCUMENTS = {
    "fragments that double": f"{{ ...F0 }} {_doubling(60)}",
    "fragments that double, with fields": "{ viewer { ...F0 } } "
    + _many(24, lambda n: f"fragment F{n} on User {{ a: id ...F{n + 1} b: id ...F{n + 1} }}")
    + " fragment F24 on User { id }",
    "the bomb of 732 bytes": (
        "{ viewer { memberships { ...F0 } } } "
        + _many(9, lambda n: f"fragment F{n} on Membership{{user{{memberships{{...F{n + 1} ...F{n + 1}}}}}}}")
        + " fragment F9 on Membership{role}"
    ),
    "every fragment spreads all others": "{ ...F0 } "
    + _many(30, lambda n: f"fragment F{n} on Query {{ {_many(30, lambda m: f'...F{m}' if m != n else '')} }}"),
    "a circle of fragments": "{ ...F0 } " + _many(25, lambda n: f"fragment F{n} on Query {{ ...F{(n + 1) % 25} }}"),
    "a long chain of fragments": "{ ...F0 } "
    + _many(200, lambda n: f"fragment F{n} on Query {{ ...F{n + 1} }}")
    + " fragment F200 on Query { __typename }",
    "aliases": "{ " + _many(600, lambda n: f"a{n}: __typename") + " }",
    "aliases by fragments": "{ viewer { "
    + _many(60, lambda n: f"a{n}: memberships {{ ...F }}")
    + " } } fragment F on Membership { "
    + _many(60, lambda n: f"b{n}: role")
    + " }",
    "fields within fields": "{ a" * 900 + " }" * 900,
    "fields within fields of the schema": "{ viewer { memberships { organization {"
    + "members { nodes { organization {" * 40
    + "id"
    + "} } }" * 40
    + "} } } }",
    "lists within lists": "{ node(id: " + "[" * 900 + "]" * 900 + ") { id } }",
    "lists within lists, fewer": "{ node(id: " + "[" * 150 + "]" * 150 + ") { id } }",
    "objects within objects": '{ usage(period: {last: "P1D"}, where: '
    + "{not: " * 450
    + "{}"
    + "}" * 450
    + ") { start } }",
    "objects within objects, fewer": '{ usage(period: {last: "P1D"}, where: '
    + "{not: " * 120
    + "{}"
    + "}" * 120
    + ") { start } }",
    "a hundred thousand tokens": "{ viewer { " + "a " * 100_000 + "} }",
    "a hundred thousand tokens of nothing": "(" * 100_000,
    "one field again and again": "{ " + "viewer { id } " * 390 + "}",
    "one field again and again, deeper": "{ " + "viewer { memberships { organization { id } } } " * 180 + "}",
    "one field with other arguments each time": "{ " + _many(220, lambda n: f'node(id: "{n}") {{ id }}') + " }",
    "names that are nearly right": "{ viewer { " + _many(990, lambda n: f"usernam{n}") + " } }",
    "types that are nearly right": "{ viewer { " + _many(240, lambda n: f"... on Usr{n} {{ id }}") + " } }",
    "values that are nearly right": "{ usage(period: {preset: TODAY}) { groups(by: ["
    + "DOMAI " * 1900
    + "]) { totalCount } } }",
    "arguments that do not exist": "{ viewer(" + _many(650, lambda n: f"a{n}: 1") + ") { id } }",
    "variables that nobody uses": "query (" + _many(390, lambda n: f"$a{n}: Int") + ") { __typename }",
    "directives": "{ __typename " + "@include(if: true) " * 280 + "}",
    "directives that do not exist": "{ __typename " + _many(900, lambda n: f"@a{n}") + " }",
    "operations with many fragments each": _many(110, lambda n: f"query Q{n} {{ ...F0 }}")
    + _many(25, lambda n: f" fragment F{n} on Query {{ ...F{n + 1} }}")
    + " fragment F25 on Query { __typename }",
    "comments": "#\n" * 16_000 + "{ __typename }",
    "introspection, nested": "{ __schema { types { " + "fields { type { " * 3 + "name" + " } }" * 3 + " } } }",
}
