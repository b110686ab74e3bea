"""The values of arguments, literal or by variable, as plain JSON values; names of enums are texts.

Costs are computed from these, before variables are coerced. A value that cannot be read here cannot be coerced either:
the request is refused when it is run, so its value is not priced.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    DirectiveNode,
    FieldNode,
    GraphQLField,
    OperationDefinitionNode,
    Undefined,
    value_from_ast_untyped,
)


class RawVariables(dict[str, Any]):
    """A request's variables, those with a default included. `asked_for` collects the names that were looked up."""

    def __init__(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> None:
        super().__init__()
        self.asked_for: set[str] = set()
        for definition in operation.variable_definitions or ():
            name = definition.variable.name.value
            if name in variables:
                self[name] = variables[name]
            elif definition.default_value is not None:
                self[name] = value_from_ast_untyped(definition.default_value)

    def __bool__(self) -> bool:
        return True  # graphql-core asks only those that are true

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a variable; the default for one that was left out."""
        self.asked_for.add(name)
        return super().get(name, default)


def argument(node: FieldNode, name: str, given: RawVariables, field: GraphQLField | None = None) -> Any:
    """The value of a field's argument. If it was left out: its default if `field` is given, else None."""
    for each in node.arguments or ():
        if each.name.value == name:
            value = value_from_ast_untyped(each.value, given)
            if value is not Undefined:
                return value
    default = None if field is None else field.args[name].default_value
    return None if default is Undefined else default


def included(node: Any, given: RawVariables) -> bool:
    """True if the selection's `@skip` and `@include` leave it in."""
    return all(_leaves_in(directive, given) for directive in node.directives or ())


def _leaves_in(directive: DirectiveNode, given: RawVariables) -> bool:
    name = directive.name.value
    if name not in {"skip", "include"} or not directive.arguments:
        return True
    condition = value_from_ast_untyped(directive.arguments[0].value, given) is True
    return condition == (name == "include")
