"""Random Strawberry schemas, and data for them that is sometimes wrong in every way there is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, IntEnum
from functools import cache, reduce
from operator import or_
from random import Random
from typing import Annotated, Any, NewType
from uuid import UUID

import strawberry
from graphql import Undefined
from strawberry.schema.config import StrawberryConfig

from schema.scalars import SCALARS, BigInt


@strawberry.enum
class Colour(Enum):
    """An enum of texts."""

    RED = "red"
    GREEN = "green"


@strawberry.enum
class Level(IntEnum):
    """An enum of numbers."""

    LOW = 1
    HIGH = 2


Picky = NewType("Picky", int)
"""A scalar that does not know how to write seven."""


class Row:
    """An object whose attributes are made up when they are first read; some do things whenever they are."""

    def __init__(self, kind: str, value_of: Callable[[str], Any]) -> None:
        self.kind = kind
        self._value_of = cache(value_of)

    def __getattr__(self, name: str) -> Any:
        try:
            value = self._value_of(name)
        except KeyError:
            raise AttributeError(name) from None
        return value.read() if isinstance(value, Raising) else value


@dataclass(frozen=True)
class Raising:
    """Raises when it is read."""

    error: Exception

    def read(self) -> Any:
        """Never returns."""
        raise self.error


@dataclass(frozen=True)
class Iterated:
    """Can be iterated over, but is no list."""

    items: list[Any]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)


@dataclass(frozen=True)
class Soon:
    """Can be awaited, any number of times."""

    value: Any

    def __await__(self) -> Any:
        yield
        if isinstance(self.value, Raising):
            raise self.value.error
        return self.value


LEAVES: dict[Any, tuple[Any, ...]] = {
    str: ("", "text", "ü"),
    int: (0, -1, 2**31 - 1),
    float: (0.5, 1e300, 2.0),
    bool: (True, False),
    strawberry.ID: ("id", "QQ"),
    Colour: (Colour.RED, Colour.GREEN),
    Level: (Level.LOW, Level.HIGH),
    datetime: (datetime(2026, 8, 3, 9, tzinfo=UTC), datetime(2026, 8, 3, 9, 0, 0, 123_999, UTC) + timedelta(days=9)),
    UUID: (UUID(int=7), UUID(int=2**127)),
    BigInt: (0, 2**40, -(2**40)),
    Picky: (1, 2, 3),
}
PICKY = strawberry.scalar(name="Picky", serialize=lambda value: None if value == 7 else value)
CONFIG = StrawberryConfig(scalar_map=SCALARS | {Picky: PICKY})
WRONG: tuple[Any, ...] = (
    None,
    None,
    "text",
    7,
    2**31,
    True,
    1.0,
    float("nan"),
    float("inf"),
    b"bytes",
    "red",
    object,
    [],
    Undefined,
    ValueError("a value that is an error"),
    Raising(ValueError("while it was read")),
    Raising(StopIteration("while it was read")),
    Soon("later"),
    Soon(None),
    Soon(Raising(KeyError("later"))),
)


class Maker:
    """Makes a schema of object types, each of which has fields of those made before it, and data for it."""

    def __init__(self, rng: Random, wrong: float) -> None:
        self._rng = rng
        self._wrong = wrong
        self._fields: dict[str, dict[str, Any]] = {}
        self._types: dict[str, Any] = {}

    def schema(self) -> strawberry.Schema:
        """The schema. Interfaces and unions tell their members by `is_type_of`."""
        label = {"label": strawberry.field(resolver=_read_by("label", str, "parent"))}
        named = strawberry.interface(type("Named", (), label | {"__annotations__": {"size": int | None}}))
        self._object("A", (named,), {"label": str, "size": int | None})
        self._object("B", (named,), {"label": str, "size": int | None})
        self._object("C", (), {})
        members: Any = reduce(or_, [self._types[name] for name in ("A", "C")])
        either: Any = Annotated.__class_getitem__((members, strawberry.union("Either")))  # type: ignore[attr-defined]  # it has one
        self._types |= {"Named": named, "Either": either}
        for name in ("D", "E", "Query"):
            self._object(name, (), {})
        return strawberry.Schema(
            self._types["Query"],
            types=[self._types["A"], self._types["B"]],
            config=CONFIG,
        )

    def row(self, name: str, seed: str = "") -> Row:
        """An object of a type. Its attributes do not depend on the order in which they are read."""

        def value_of(field: str) -> Any:
            return self._value(self._fields[name][field], Random(f"{seed} {field}"))

        return Row(name, value_of)

    def _object(self, name: str, interfaces: tuple[Any, ...], inherited: dict[str, Any]) -> None:
        kinds = {f"field_{number}": self._kind() for number in range(self._rng.randint(1, 6))}
        annotations: dict[str, Any] = {}
        body: dict[str, Any] = {"__annotations__": annotations}
        for field, kind in kinds.items():
            how = self._rng.choice(["attribute"] * 7 + ["parent", "root", "info", "async", "argument"])
            if how == "attribute":
                annotations[field] = kind
            else:
                body[field] = strawberry.field(resolver=_read_by(field, kind, how))
        if interfaces or name == "C" or self._rng.random() < 0.3:
            body["is_type_of"] = classmethod(lambda _cls, value, _info: value.kind == name)
        self._types[name] = strawberry.type(type(name, interfaces, body))
        self._fields[name] = inherited | kinds

    def _kind(self) -> Any:
        leaf = self._rng.random() < 0.6 or not self._types
        kind = self._rng.choice(list(LEAVES) if leaf else list(self._types.values()))
        kind = self._maybe(kind)
        while self._rng.random() < 0.3:
            kind = self._maybe(list_of(kind))
        return kind

    def _maybe(self, kind: Any) -> Any:
        return kind | None if self._rng.random() < 0.5 else kind

    def _value(self, kind: Any, rng: Random) -> Any:
        if rng.random() < self._wrong:
            return rng.choice(WRONG)
        inner = _not_null(kind)
        if inner is not kind and rng.random() < 0.2:
            return None
        if getattr(inner, "__origin__", None) is list:
            items = [self._value(inner.__args__[0], rng) for _ in range(rng.randint(0, 4))]
            return rng.choice([items, items, tuple(items), Iterated(items)])
        if inner in LEAVES:
            return rng.choice(LEAVES[inner])
        [name] = [name for name, made in self._types.items() if made is inner]
        names = {"Named": "AB", "Either": "AC"}.get(name, [name])
        return self.row(rng.choice("ABC" if rng.random() < self._wrong else names), str(rng.random()))


def list_of(kind: Any) -> Any:
    """`list[kind]`, for types that are made at run time."""
    return list.__class_getitem__(kind)


def object_type(name: str, fields: dict[str, Any], **more: Any) -> Any:
    """A Strawberry type whose fields are attributes."""
    return strawberry.type(type(name, (), {"__annotations__": fields, **more}))


def _not_null(kind: Any) -> Any:
    if type(None) not in getattr(kind, "__args__", ()):
        return kind
    [inner] = [each for each in kind.__args__ if each is not type(None)]
    return inner


def _read_by(name: str, kind: Any, how: str) -> Any:
    """A resolver that reads an attribute, in one of the ways that resolvers are written."""

    def parent(root: strawberry.Parent[Any]) -> Any:
        return getattr(root, name)

    def root(root: Any) -> Any:
        return getattr(root, name)

    def info(root: strawberry.Parent[Any], info: strawberry.Info) -> Any:
        assert info.field_name
        return getattr(root, name)

    async def later(root: strawberry.Parent[Any]) -> Any:
        return getattr(root, name)

    def argument(root: strawberry.Parent[Any], times: int = 1) -> Any:
        value = getattr(root, name)
        return value * times if type(value) is str else value

    ways: dict[str, Any] = {"parent": parent, "root": root, "info": info, "async": later, "argument": argument}
    resolver = ways[how]
    resolver.__annotations__["return"] = kind
    return resolver
