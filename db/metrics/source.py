"""Which events a question is about, as runs.

A *run* is a stretch of one person's consecutive events (by time, then id) within one minute, alike in domain, session
and activity. Nothing the measures need is lost by taking events run by run:

    events   ×  ×  ×      ×  ×        ×           all of one minute, one session
    domain   a  a  a      b  b        a
    runs     [─────]      [──]        [×]         first_ts … last_ts, and how many

A single event is the shortest run, and the form in which raw events enter the engine.
"""

from sqlalchemy import CTE, BigInteger, func, join, literal, select

from core.event_types import ACTIVE_TYPES
from db.metrics.keys import Keys
from db.metrics.question import Question
from db.models import Behavior
from db.queries.filters import matching
from db.queries.people import People


def runs(chosen: People, question: Question, keys: Keys) -> CTE:
    """The events of the chosen people that the question is about, each as a run of one.

    Columns: user_id, organization_id, session_id, domain, url (null when empty), type, active, events, minute,
    first_ts, last_ts, first_id; and slot, where anything is split by time.
    """
    persons = chosen.subquery("person")
    active = Behavior.type.in_([kind.value for kind in ACTIVE_TYPES])
    return (
        select(
            Behavior.user_id,
            persons.c.organization_id,
            Behavior.session_id,
            Behavior.domain,
            func.nullif(Behavior.url, "").label("url"),
            Behavior.type,
            active.label("active"),
            literal(1, BigInteger()).label("events"),
            func.date_trunc("minute", Behavior.ts).label("minute"),
            Behavior.ts.label("first_ts"),
            Behavior.ts.label("last_ts"),
            Behavior.id.label("first_id"),
            *([keys.slot_of(Behavior.ts).label("slot")] if keys.by_time else []),
        )
        .select_from(keys.joined(join(Behavior, persons, persons.c.user_id == Behavior.user_id)))
        .where(
            Behavior.ts >= question.time_range.start,
            Behavior.ts < question.time_range.end,
            matching(question.where),
        )
        .cte("run")
    )
