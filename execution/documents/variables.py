"""The limits of a request's variables, checked before they are coerced, which takes much longer."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError

from core.errors import InvalidInput
from core.limits import VALUE_DEPTH, VALUES


def check_variables(variables: Mapping[str, Any]) -> None:
    """GraphQLError when a value is nested too deeply, or all of it is too much. How long each list is, fields check."""
    waiting: list[tuple[Any, int]] = [(variables, 0)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        if depth > VALUE_DEPTH:
            raise _refused(f"A value among the variables may be nested at most {VALUE_DEPTH} deep.")
        inner = value.values() if isinstance(value, dict) else value
        seen += len(inner)
        if seen > VALUES:
            raise _refused(f"The variables hold more than {VALUES} values, the most allowed. Send several requests.")
        waiting += [(each, depth + 1) for each in inner if isinstance(each, dict | list)]


def _refused(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": InvalidInput.code})
