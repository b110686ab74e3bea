"""The order of groups of usage."""

import strawberry

from core.errors import InvalidInput
from db.queries.metrics import Order
from schema.enums import Direction, UsageMeasure
from schema.usage_selection import measure_name


@strawberry.input(
    description="The order of groups: by a measure, equal ones by their keys; or by their keys. Exactly one of "
    "`measure` and `key` is given."
)
class UsageOrder:
    """A measure and a direction, or the direction of keys."""

    measure: UsageMeasure | None = strawberry.field(default=strawberry.UNSET, description="The measure to sort by.")
    direction: Direction | None = strawberry.field(
        default=strawberry.UNSET, description="The direction of the order by `measure`; DESC unless it says otherwise."
    )
    key: Direction | None = strawberry.field(
        default=strawberry.UNSET,
        description="The direction of the order by key: by the first dimension of `by`, then the next. Days of the "
        "week begin with the first day of weeks; people, teams and organizations are in the order of their `uuid`.",
    )

    def order(self) -> Order:
        """The order as queries take it. InvalidInput unless it is by either measure or key."""
        if bool(self.measure) == bool(self.key):
            raise InvalidInput("`orderBy` takes either `measure` or `key`: give one of them.", "orderBy")
        if self.key and self.direction:
            raise InvalidInput(
                "`direction` goes with `measure`. To sort by key, write `key: ASC` or `key: DESC`.", "orderBy"
            )
        descending = (self.key or self.direction or Direction.DESC) is Direction.DESC
        return Order(measure_name(self.measure) if self.measure else None, descending)
