"""The measures that a request selects below a field of usage."""

from graphql.execution.values import get_argument_values

from db.metrics.measures import BY_FIELD
from db.queries.metrics import Measures
from execution.context import Info
from execution.selection import selected, selected_names, variables


def selected_measures(info: Info, *path: str) -> Measures:
    """The measures that are selected at a path below the field."""
    return frozenset(BY_FIELD[name].name for name in selected_names(info, *path))


def selected_group_measures(info: Info) -> Measures:
    """The measures to compute for the groups of a page: those selected on them, and those of their shares."""
    wanted: set[str] = set()
    for path in (("nodes",), ("edges", "node")):
        wanted |= selected_measures(info, *path, "measures")
        for field in selected(info, *path):
            if field.name.value == "share":
                raw = info._raw_info  # noqa: SLF001 - Strawberry's own way to graphql-core's
                definition = raw.schema.type_map["UsageGroup"].fields["share"]  # type: ignore[attr-defined]
                wanted.add(measure_name(get_argument_values(definition, field, variables(raw))["of"]))
    return frozenset(wanted)


def measure_name(measure: object) -> str:
    """The name of a measure in snake case."""
    return str(getattr(measure, "value", measure))
