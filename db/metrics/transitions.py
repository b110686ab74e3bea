"""Transitions: the context switches of people, one by one, each with the stay that it ends.

active events   a  a  a   b   a a          a       gap of more than 300 s
stays           [────────)[──)[─)          [─
transitions              a→b b→a                   at the first event on the next domain
"""

from typing import Any

from sqlalchemy import Subquery, func, literal, select
from sqlalchemy.dialects.postgresql import INTERVAL

from core.deep_work import SWITCH_GAP
from db.metrics.keys import Keys
from db.metrics.measure_query import microseconds
from db.metrics.sequences import beside_domain, in_order, segments
from db.metrics.source import Source


def transitions(source: Source, keys: Keys) -> Subquery:
    """The chosen context switches: user_id, organization_id, domain (left), to_domain, and us, the time stayed.

    They are of what their earlier event is of, so the filter chooses by that. Hours are not read: they know how many
    switches there are within a segment, but not from where to where.
    """
    segment = segments(source.without_hours, keys)
    order: dict[str, Any] = in_order(segment)
    gap = segment.c.first_active_ts - func.lag(segment.c.last_active_ts).over(**order)
    left = {"domain": segment.c.last_domain} | {name: segment.c[name] for name in beside_domain(keys)}
    before = {name: func.lag(column, type_=column.type).over(**order) for name, column in left.items()}
    step = select(
        *(segment.c[name] for name in ("user_id", "organization_id", "first_ts", "first_id", "first_active_ts")),
        *(column.label(name) for name, column in before.items()),
        segment.c.first_domain.label("to_domain"),
        func.coalesce(gap <= literal(SWITCH_GAP, INTERVAL()), literal(False)).label("follows"),
        segment.c.first_domain.is_distinct_from(before["domain"]).label("differs"),
    ).subquery("step")
    began = func.lag(step.c.first_active_ts).over(**in_order(step))
    names = ("user_id", "organization_id", *left, "to_domain", "follows", "differs")
    stay = (
        select(*(step.c[name] for name in names), microseconds(step.c.first_active_ts - began).label("us"))
        .where(~step.c.follows | step.c.differs)
        .subquery("stay")
    )
    return select(stay).where(stay.c.follows, stay.c.differs, *keys.chosen(stay)).subquery("transition")
