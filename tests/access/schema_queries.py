"""A query for every field of the schema: the path to the field, its arguments and its selection.

Lists are taken whole: a field that leads to a connection is asked for its nodes, edges and page, so these have no
question of their own.
"""

from collections import deque
from collections.abc import Callable, Iterator
from functools import cached_property, partial

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

GIVEN = {
    "Query.organization(id)": "$ours",
    "Query.extensionUser(id)": "$olga",
    "Query.team(id)": "$ourTeam",
    "Query.alertRule(id)": "$ourRule",
    "Query.alertRulePreview(input)": '{organizationId: $ours, rule: {name: "x", window: "PT1H", measure: EVENTS, '
    "condition: {comparison: ABOVE, limit: 1}, subject: {extensionUserId: $olga}}}",
    "Query.goal(id)": "$ourGoal",
    "Query.savedQuery(id)": "$ourQuery",
    "Query.erasure(id)": "$erasure",
    "Query.webhookEvent(id)": "$ourWebhookEvent",
    "Query.behaviors(first)": "100",
    "Organization.categoryRulesPreview(rules)": '[{pattern: "ours.com", category: RESEARCH}]',
    "Period!": "$period",
    "Granularity!": "DAY",
    "UsageMeasure!": "EVENTS",
    "UsageTransitionDimension!": "DOMAIN",
    "[UsageDimension!]!": "[EXTENSION_USER, TEAM, SITE]",
}
"""Arguments: those of one field, and else what stands for every required one of a type."""
INSTEAD = {
    "UsageKey.organization": ("[EXTENSION_USER, TEAM, SITE]", "[ORGANIZATION]"),
    "Goal.team": ("$ourGoal", "$sharedGoal"),
}
"""What is replaced in the question of one field: groups are by three dimensions at most."""
NODES = {"Organization": "$ours", "ExtensionUser": "$olga", "Team": "$ourTeam", "Behavior": "$event", "User": "$boss"}
"""What `node` is asked for, of each kind."""
SHOWN = {
    "CreateExtensionUserReceipt": "... on CreateExtensionUserSuccess { apiKey extensionUser { id username } }",
    "Usage": "total { events sessions }",
    "UsageMeasures": "events sessions",
    "UsageInsight": "workPattern domainBreakdown { workTools { domains { domain } } }",
    "UsageBucket": "measures { events sessions }",
    "UsageGroup": "key { site } measures { events sessions }",
    "UsageKey": "site extensionUser { username } team { name }",
    "DeepWork": "sessionsCount topDomains { domain }",
    "DeepWorkBlock": "domains { domain } extensionUser { username }",
    "DomainBreakdown": "workTools { domains { domain } } other { domains { domain } }",
    "CategoryTime": "domains { domain }",
    "CategoryRuleSet": "rules { pattern }",
    "CategoryRulesPreview": "moves { domain }",
    "Alert": "rule { name }",
    "Membership": "user { username } organization { name }",
    "User": "username",
}
"""What is selected of a type where its leaves alone would show too little, or to too many."""
_ROUNDABOUT = {"Query.node", "User.memberships"}
"""Ways that lead everywhere, or back to oneself."""


class SchemaQueries:
    """Every question that a schema can be asked, by the name of its row in the table of access."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        assert schema.query_type
        assert schema.mutation_type
        self._query = schema.query_type
        self._mutation = schema.mutation_type

    @cached_property
    def queries(self) -> dict[str, str]:
        """`Type.field` of each field that leads to objects; `Type: a b c` of the leaves of a type; `node: Type`."""
        found: dict[str, str] = {}
        for name, way in self._ways.items():
            objects, leaves = self._parted(self._object(name))
            found |= {f"{name}.{field}": self._along(way, self._selected(name, field)) for field in objects}
            if leaves:
                selection = " ".join(self._selected(name, field) for field in leaves)
                found[f"{name}: {' '.join(sorted(leaves))}"] = self._along(way, selection)
        for name in sorted(self._kinds_of_nodes()):
            found[f"node: {name}"] = f"{{ node(id: {NODES[name]}) {{ ... on {name} {{ {self._shown(name)} }} }} }}"
        for what, (before, after) in INSTEAD.items():
            found[what] = found[what].replace(before, after)
        return found

    @cached_property
    def mutations(self) -> dict[str, str]:
        """Each mutation by its name: all that its success tells, with the input left open (`%s`)."""
        found = {}
        for name, field in self._mutation.fields.items():
            [success] = [each for each in _members(field) if each.endswith("Success")]
            told = " ".join(self._selected(success, each) for each in self._object(success).fields)
            argument = "(input: %s)" if field.args else "%s"
            found[name] = f"mutation {{ {name}{argument} {{ __typename ... on {success} {{ {told} }} }} }}"
        return found

    def fields(self) -> Iterator[tuple[str, str, Callable[[str, str], str]]]:
        """Every field with arguments, and what makes a question of it with one argument as it is told."""
        for type_name, way in (self._ways | {self._mutation.name: ()}).items():
            for field_name, field in self._object(type_name).fields.items():
                if field.args:
                    yield type_name, field_name, partial(self._with_argument, type_name, field_name, way)

    def arguments(self, type_name: str, field_name: str) -> dict[str, GraphQLArgument]:
        """A field's arguments."""
        return dict(self._object(type_name).fields[field_name].args)

    def _with_argument(self, type_name: str, field_name: str, way: tuple[str, ...], name: str, literal: str) -> str:
        place = f"{type_name}.{field_name}"
        if type_name == self._mutation.name:
            return f"mutation {{ {field_name}({name}: {literal}) {{ __typename }} }}"
        others = {
            each: self._given(f"{place}({each})", argument)
            for each, argument in self.arguments(type_name, field_name).items()
            if each != name
        }
        text = ", ".join([f"{name}: {literal}", *(f"{each}: {value}" for each, value in others.items() if value)])
        target = get_named_type(self._object(type_name).fields[field_name].type)
        shown = "" if is_leaf_type(target) else "{ __typename }"
        if isinstance(target, GraphQLObjectType):
            shown = f"{{ {self._shown(target.name)} }}"
        return self._along(way, f"{field_name}({text}) {shown}")

    @cached_property
    def _ways(self) -> dict[str, tuple[str, ...]]:
        """The shortest way from the questions to each type of object: the fields to go along, called."""
        ways: dict[str, tuple[str, ...]] = {self._query.name: ()}
        waiting = deque([self._query.name])
        while waiting:
            name = waiting.popleft()
            for field_name, field in self._object(name).fields.items():
                if f"{name}.{field_name}" in _ROUNDABOUT or is_leaf_type(get_named_type(field.type)):
                    continue
                for more, target in self._targets(get_named_type(field.type).name):
                    if target not in ways:
                        ways[target] = (*ways[name], self._call(name, field_name), *more)
                        waiting.append(target)
        return ways

    def _targets(self, name: str) -> Iterator[tuple[tuple[str, ...], str]]:
        """The objects that a field leads to: of a connection its nodes and others, of an interface each kind."""
        kind = self._schema.type_map[name]
        if isinstance(kind, GraphQLInterfaceType):
            for possible in self._schema.get_possible_types(kind):
                yield (f"... on {possible.name}",), possible.name
            return
        if not _is_connection(name):
            yield (), name
            return
        for field_name, field in self._object(name).fields.items():
            target = get_named_type(field.type)
            if not (is_leaf_type(target) or _is_connection(target.name)):
                yield (field_name,), target.name

    def _parted(self, kind: GraphQLObjectType | GraphQLInterfaceType) -> tuple[list[str], list[str]]:
        parts: tuple[list[str], list[str]] = ([], [])
        for name, field in kind.fields.items():
            if f"{kind.name}.{name}" != "Query.node":
                parts[is_leaf_type(get_named_type(field.type))].append(name)
        return parts

    def _along(self, way: tuple[str, ...], selection: str) -> str:
        return f"{{ {' { '.join([*way, selection])} {'} ' * len(way)}}}"

    def _selected(self, type_name: str, field_name: str) -> str:
        called = self._call(type_name, field_name)
        target = get_named_type(self._object(type_name).fields[field_name].type)
        return called if is_leaf_type(target) else f"{called} {{ {self._shown(target.name)} }}"

    def _shown(self, name: str) -> str:
        """The selection of an object: its leaves; of a connection, or of a type without leaves, everything."""
        if name in SHOWN:
            return SHOWN[name]
        objects, leaves = self._parted(self._object(name))
        shown = objects + leaves if _is_connection(name) or not leaves else leaves
        return " ".join(self._selected(name, field) for field in shown)

    def _call(self, type_name: str, field_name: str) -> str:
        arguments = self._object(type_name).fields[field_name].args
        given = {
            each: self._given(f"{type_name}.{field_name}({each})", argument) for each, argument in arguments.items()
        }
        text = ", ".join(f"{each}: {value}" for each, value in given.items() if value)
        return f"{field_name}({text})" if text else field_name

    @staticmethod
    def _given(place: str, argument: GraphQLArgument) -> str | None:
        if place in GIVEN:
            return GIVEN[place]
        if not is_required_argument(argument):
            return None
        assert str(argument.type) in GIVEN, f"say in GIVEN what {place} is to be"
        return GIVEN[str(argument.type)]

    def _kinds_of_nodes(self) -> set[str]:
        node = self._schema.type_map["Node"]
        assert isinstance(node, GraphQLInterfaceType)
        kinds = {kind.name for kind in self._schema.get_possible_types(node)}
        assert kinds <= set(NODES), f"say in NODES which {kinds - set(NODES)} to ask for"
        return kinds

    def _object(self, name: str) -> GraphQLObjectType | GraphQLInterfaceType:
        kind = self._schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType), f"no question can be made of {name} yet"
        return kind


def _members(field: GraphQLField) -> list[str]:
    union = get_named_type(field.type)
    assert isinstance(union, GraphQLUnionType)
    return [member.name for member in union.types]


def _is_connection(name: str) -> bool:
    return name.endswith(("Connection", "Edge")) or name == "PageInfo"
