"""Transitions: which way people go from domain to domain, site to site or category to category."""

import strawberry

from db.queries.transitions import TransitionOrder, TransitionRow
from schema.enums import Direction, TransitionMeasure
from schema.scalars import BigInt


@strawberry.type(description="The context switches from one domain, site or category to another.")
class UsageTransition:
    """Shows a db.queries.transitions.TransitionRow."""

    @strawberry.field(
        name="from", description="The domain left, or its site or category; null for events without a url."
    )
    def from_value(root: strawberry.Parent[TransitionRow]) -> str | None:
        return root.from_value

    @strawberry.field(
        name="to",
        description="The domain gone to, or its site or category, perhaps the same; null for events without a url.",
    )
    def to_value(root: strawberry.Parent[TransitionRow]) -> str | None:
        return root.to_value

    count: BigInt = strawberry.field(description="The number of switches.")
    users: BigInt = strawberry.field(description="The number of people who made one.")
    median_seconds_before: float = strawberry.field(
        description="The median of the time that people had been active on the domain they left, without a gap of more "
        "than 300 s, in seconds."
    )


@strawberry.input(description="The order of transitions. Equal ones are sorted by `from`, then by `to`.")
class UsageTransitionOrder:
    """A measure and a direction."""

    measure: TransitionMeasure = strawberry.field(description="The measure to sort by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="The direction of the order.")

    def order(self) -> TransitionOrder:
        """The order as queries take it."""
        return TransitionOrder(self.measure, self.direction is Direction.DESC)
