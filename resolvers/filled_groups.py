"""Every hour of the day and day of the week as a group, those in which nothing happened with zeros."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import Any

from core.dimensions import Dimension
from core.errors import InvalidInput
from db.metrics.values import NOTHING
from db.queries.metrics import Group, Groups, GroupsPage, Order, rank_key
from db.queries.ranked_pages import Value

_VALUES = {Dimension.HOUR_OF_DAY: range(24), Dimension.DAY_OF_WEEK: range(1, 8)}
MOST = 168
"""The number of cells of a week."""


def default_order(*, fill: bool) -> Order:
    """The order of groups without one of their own: by events, the most first; filled ones by key."""
    return Order(descending=False) if fill else Order("events")


def check_fill(dimensions: tuple[Dimension, ...]) -> None:
    """Return if groups by these dimensions can be filled. InvalidInput."""
    if not set(dimensions) <= set(_VALUES):
        raise InvalidInput(
            "`fill` goes with `by: HOUR_OF_DAY`, `by: DAY_OF_WEEK` or both of them, and no other dimension. Leave "
            "it out, or group by these alone.",
            "fill",
        )


def filled(groups: Iterable[Group], page: GroupsPage) -> Groups:
    """Return the page of the groups and those that are missing, in order."""
    dimensions, order, after = page.split.dimensions, page.order, page.after
    found = {group.key: group for group in groups}
    keys = product(*(_VALUES[each] for each in dimensions))
    everything = [_ranked(found.get(key) or Group(key, NOTHING), order) for key in keys]
    placed = {_place(each.rank_value, rank_key(dimensions, each.key, order), order): each for each in everything}
    beyond = None if after is None else _place(after.value, after.key, order)
    rows = [placed[place] for place in sorted(placed) if beyond is None or place > beyond]
    return Groups(rows[: page.limit], len(rows) > page.limit, len(everything))


def _ranked(group: Group, order: Order) -> Group:
    return replace(group, rank_value=None if order.measure is None else getattr(group.values, order.measure))


def _place(value: Value, key: tuple[Any, ...], order: Order) -> tuple[Any, ...]:
    """The sort key of a group: those without a value come last, ties are in the order of their keys."""
    sign = -1 if order.descending else 1
    return (value is None, sign * (value or 0), *(-part if order.keys_descending else part for part in key))
