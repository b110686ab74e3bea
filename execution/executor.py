"""Execution of a query, faster where fields are plain reads of a row.

graphql-core spends some four microseconds on every field of every object: it makes a path and an info, looks a
resolver up, calls it, and checks the type of the result again and again. A page of a thousand events has eight thousand
fields, nearly all of them attributes. Here such fields are read column by column:

    rows            columns, one `map` each        objects, one `zip`
    ──────────      ───────────────────────        ─────────────────────────
    Row(…)          id    [a, b, c]                {id: a, ts: 1, type: BLUR}
    Row(…)     →    ts    [1, 2, 3]           →    {id: b, ts: 2, type: BLUR}
    Row(…)          type  [BLUR, BLUR, IDLE]       {id: c, ts: 3, type: IDLE}

*Columnar fields* are those that can be read so: attributes, and resolvers that take nothing but the object, if the
answer is a scalar, an enum or an object. graphql-core does the rest as ever: arguments, `info`, coroutines, interfaces
and unions. It also takes over where a column holds anything but plain values of its type: an exception, a null where
none may be, a value that cannot be serialised. The values read so far are then dropped, and graphql-core begins anew
with that object or list. So errors are always its own, and a columnar field may be read twice: one that must not be, or
that makes a coroutine, needs an `async` resolver.

`COLUMNAR_EXECUTOR=false` serves without this module, by graphql-core's executor alone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from inspect import Parameter, iscoroutinefunction
from math import isfinite
from operator import attrgetter
from types import FunctionType, GeneratorType, NoneType
from typing import Any, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLDeferDirective,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLStreamDirective,
    GraphQLString,
    TypeNameMetaFieldDef,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path, UndefinedType
from graphql.type.scalars import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from execution.scalar_formats import format_instant, format_instants

Values: TypeAlias = Sequence[Any]
Kinds: TypeAlias = set[type]
Serialize: TypeAlias = Callable[[Values, Kinds], Values]
"""Serialises values, at least one and none null, whose types are `Kinds`."""

_KEPT = 4096
"""Number of fields and types that are remembered: more than a schema has."""


class _UnusualError(Exception):
    """A column holds something that is left to graphql-core."""


@dataclass(frozen=True, slots=True)
class _Output:
    """A type that a column can have: an object's, or a leaf's, which has `serialize`."""

    object: GraphQLObjectType | None
    serialize: Serialize | None
    nullable: bool


@dataclass(frozen=True, slots=True)
class _ColumnarField:
    """A field that can be read column by column, and how it is."""

    definition: GraphQLField
    read: Callable[[Any], Any]
    output: _Output


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of a column: the fields that ask for it, the path above it, and the info for `is_type_of`.

    (The info's path does not say which of a column's objects is meant.)
    """

    details: FieldDetailsList
    path: Path | None
    info: Callable[[], GraphQLResolveInfo[Any]]


class Executor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor, with columnar fields read a column at a time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unusual = (
            self.abort_signal,
            self.middleware_manager and self.middleware_manager.middlewares,
            self.schema.get_directive(GraphQLDeferDirective.name),
            self.schema.get_directive(GraphQLStreamDirective.name),
        )
        self._usual = not any(unusual)
        self._selections: dict[tuple[GraphQLObjectType, int], tuple[GroupedFieldSet, dict[str, _ColumnarField]]] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> Any:
        """The fields of one object: the columnar ones are read here, graphql-core does the rest."""
        done: dict[str, Any] = {}
        for name, field in self._columnar_fields(parent_type, grouped_field_set).items():
            try:
                (done[name],) = self._column(parent_type, name, field, grouped_field_set, (source_value,), path)
            except Exception:  # noqa: BLE001, S112 - graphql-core meets it again, and tells the client
                continue
        rest = {name: details for name, details in grouped_field_set.items() if name not in done}
        if not rest:
            return done
        others: Any = super().execute_fields(parent_type, source_value, path, rest, position_context)
        if not done:
            return others

        def in_order(others: dict[str, Any]) -> dict[str, Any]:
            both = done | others
            return {name: both[name] for name in grouped_field_set if name in both}

        async def awaited() -> dict[str, Any]:
            return in_order(await others)

        return awaited() if self.is_awaitable(others) else in_order(others)

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> Any:
        """A list: one column of leaves, or the columns of objects of one type, if all their fields are columnar."""
        output = _output(item_type)
        if self._usual and output is not None and isinstance(items, list | tuple):
            try:
                return list(self._completed(output, items, _Place(field_details_list, path, lambda: info)))
            except Exception:  # noqa: BLE001, S110 - graphql-core meets it again, and tells the client
                pass
        return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)

    def _columnar_fields(self, parent_type: GraphQLObjectType, selected: GroupedFieldSet) -> dict[str, _ColumnarField]:
        """The columnar fields among those selected, by their names in the answer."""
        key = (parent_type, id(selected))  # as graphql-core does it: `selected` is kept, so its id stays its own
        known = self._selections.get(key)
        if known is None:
            fields = {}
            for name, details in selected.items() if self._usual else ():
                field = _columnar_field(parent_type, details[0].node.name.value)
                if field is not None:
                    fields[name] = field
            self._selections[key] = known = selected, fields
        return known[1]

    def _column(
        self,
        parent_type: GraphQLObjectType,
        name: str,
        field: _ColumnarField,
        selected: GroupedFieldSet,
        objects: Values,
        path: Path | None,
    ) -> Values:
        """The values of a field of all these objects, serialised. Any exception leaves them to graphql-core."""
        values = list(map(field.read, objects))
        if len(values) != len(objects):  # somebody's StopIteration has cut it short
            raise _UnusualError
        details = selected[name]

        def info() -> GraphQLResolveInfo[Any]:
            nodes = [detail.node for detail in details]
            place = Path(path, name, parent_type.name)
            return self.build_resolve_info(field.definition, nodes, parent_type, place)

        return self._completed(field.output, values, _Place(details, path, info))

    def _completed(self, output: _Output, values: Values, place: _Place) -> Values:
        kinds = set(map(type, values))
        if not all(map(_plain, kinds)):
            raise _UnusualError
        if NoneType not in kinds:
            return self._present(output, values, kinds, place)
        if not output.nullable:
            raise _UnusualError
        present = [value for value in values if value is not None]
        completed = iter(self._present(output, present, kinds - {NoneType}, place))
        return [None if value is None else next(completed) for value in values]

    def _present(self, output: _Output, values: Values, kinds: Kinds, place: _Place) -> Values:
        if not values:
            return values
        if output.serialize is not None:
            return output.serialize(values, kinds)
        assert output.object is not None  # noqa: S101 - a column is of leaves or of objects
        return self._objects(output.object, values, place)

    def _objects(self, kind: GraphQLObjectType, values: Values, place: _Place) -> Values:
        selected = self.collect_subfields(kind, place.details).grouped_field_set
        fields = self._columnar_fields(kind, selected)
        if len(fields) < len(selected):
            raise _UnusualError
        if kind.is_type_of is not None:
            info = place.info()
            if not all(kind.is_type_of(value, info) is True for value in values):
                raise _UnusualError
        columns = [self._column(kind, name, field, selected, values, place.path) for name, field in fields.items()]
        if not columns:
            return [{} for _ in values]
        names = tuple(fields)
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


@lru_cache(_KEPT)
def _columnar_field(parent_type: GraphQLObjectType, name: str) -> _ColumnarField | None:
    """The field as a columnar one; None if it is not."""
    if name == "__typename":
        definition = TypeNameMetaFieldDef
        return _ColumnarField(definition, lambda _: parent_type.name, _Output(None, _exactly(str), nullable=False))
    definition = parent_type.fields.get(name)
    if definition is None:
        return None  # of introspection
    read, output = _read(definition), _output(definition.type)
    return None if read is None or output is None else _ColumnarField(definition, read, output)


def _read(definition: GraphQLField) -> Callable[[Any], Any] | None:
    """The function that reads the field off an object; None if the field needs more than the object."""
    field = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if type(field) is not StrawberryField or field.extensions or field.is_async:
        return None
    resolver = field.base_resolver
    if resolver is None:
        return attrgetter(field.python_name) if field.default_resolver is getattr else None
    function, parameters = resolver.wrapped_func, list(resolver.signature.parameters.values())
    objects = [resolver.self_parameter, resolver.root_parameter, resolver.parent_parameter]
    if not isinstance(function, FunctionType) or hasattr(function, "__wrapped__"):
        return None
    if len(parameters) != 1 or parameters[0] not in objects or parameters[0].kind is Parameter.KEYWORD_ONLY:
        return None
    return function


@lru_cache(_KEPT)
def _output(kind: GraphQLOutputType) -> _Output | None:
    """The type of a column; None for lists and abstract types."""
    nullable = not isinstance(kind, GraphQLNonNull)
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(inner, GraphQLObjectType):
        return None if iscoroutinefunction(inner.is_type_of) else _Output(inner, None, nullable)
    if isinstance(inner, GraphQLEnumType):
        return _Output(None, partial(_enum, inner), nullable)
    if isinstance(inner, GraphQLScalarType):
        return _Output(None, _SERIALIZERS.get(inner) or partial(_scalar, inner), nullable)
    return None


@lru_cache(_KEPT)
def _plain(kind: type) -> bool:
    """True if graphql-core takes values of that type as they are, neither to be raised nor to be awaited."""
    return not (issubclass(kind, Exception | GeneratorType | UndefinedType) or hasattr(kind, "__await__"))


_NOTHING = frozenset({NoneType, UndefinedType})


def _scalar(scalar: GraphQLScalarType, values: Values, kinds: Kinds) -> Values:
    if scalar.coerce_output_value is format_instant and kinds == {datetime}:
        return format_instants(values)
    serialized = list(map(scalar.coerce_output_value, values))
    if not _NOTHING.isdisjoint(map(type, serialized)):
        raise _UnusualError
    return serialized


def _enum(enum: GraphQLEnumType, values: Values, _kinds: Kinds) -> Values:
    names = {value: enum.coerce_output_value(value) for value in set(values)}
    return [names[value] for value in values]


def _exactly(kind: type) -> Serialize:
    """A serializer that returns values of this type as they are."""

    def check(values: Values, kinds: Kinds) -> Values:
        if kinds != {kind}:
            raise _UnusualError
        return values

    return check


def _int(values: Values, kinds: Kinds) -> Values:
    if kinds != {int} or min(values) < GRAPHQL_MIN_INT or max(values) > GRAPHQL_MAX_INT:
        raise _UnusualError
    return values


def _float(values: Values, kinds: Kinds) -> Values:
    if kinds != {float} or not all(map(isfinite, values)):
        raise _UnusualError
    return values


_SERIALIZERS: dict[GraphQLScalarType, Serialize] = {
    GraphQLString: _exactly(str),
    GraphQLID: _exactly(str),
    GraphQLBoolean: _exactly(bool),
    GraphQLInt: _int,
    GraphQLFloat: _float,
}
