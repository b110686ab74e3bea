"""Values in graphql-core's messages, written as clients write them: in JSON instead of Python's notation."""

from importlib import import_module
from typing import Any

import orjson
from graphql.pyutils import inspect

SHOWN_CHARACTERS = 240
"""The most characters of a value that a message shows."""

_QUOTING_MODULES = ("graphql.type.definition", "graphql.type.scalars", "graphql.utilities.validate_input_value")
"""The modules of graphql-core whose messages quote what a client sent. They have no setting for its notation."""


def write_values_as_json() -> None:
    """Have graphql-core write the values in its messages as JSON, from now on."""
    for name in _QUOTING_MODULES:
        vars(import_module(name))["inspect"] = inspect_as_json  # each imports the function by name


def inspect_as_json(value: Any) -> str:
    """Return the value as JSON, its middle left out if it is long; what JSON has no notation for, as before."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        return inspect(value)
    if len(text) <= SHOWN_CHARACTERS:
        return text
    half = SHOWN_CHARACTERS // 2
    return f"{text[:half]}…{text[-half:]}"
