"""Transitions of people, organizations, or all that the viewer may read."""

from dataclasses import dataclass

from core.dimensions import TransitionDimension
from core.limits import GROUPS_PAGE
from db.keyset import RowPage
from db.queries import transitions
from db.queries.ranked_pages import RankedPlace
from db.queries.transitions import TransitionOrder, TransitionRow, Transitions, TransitionsPage
from resolvers.caller import Caller
from resolvers.pages import ConnectionRow, check_size
from resolvers.question_cursors import QuestionCursors
from resolvers.usage import UsageQuery


@dataclass(frozen=True, slots=True)
class TransitionsArguments:
    """The arguments of a list of transitions."""

    by: TransitionDimension
    order: TransitionOrder
    first: int
    after: str | None


async def list_page(caller: Caller, usage: UsageQuery, arguments: TransitionsArguments) -> ConnectionRow[TransitionRow]:
    """Return a page of transitions."""
    check_size("first", arguments.first, GROUPS_PAGE)
    order = arguments.order
    cursors = QuestionCursors.of_usage("usageTransitions", usage, arguments.by, order)
    after: RankedPlace | None = None
    if arguments.after is not None:
        cursors, (value, *key) = cursors.parse(arguments.after, order.measure.place_types)
        after = RankedPlace(value, tuple(key))
    asked = usage.seen_at(cursors.asked_at)
    page = TransitionsPage(arguments.by, order, arguments.first, after)
    found = await caller.batches.load(transitions.pages, asked.subject, asked.question, page) or Transitions()

    async def count() -> int:
        return found.total

    rows = RowPage(found.rows, found.more, after is not None, transitions.in_order(order))
    return ConnectionRow(cursors.of_page(rows), count)
