"""Recognising events that were stored before 0.3.0, when an id depended on how the instant was written.

An event whose instant is written as the extension writes it has the same id as ever. Only for one that is written in
another way is its former id looked up; if it is stored under that one, it keeps it, and so is a duplicate.
"""

from collections.abc import Sequence

import asyncpg
from msgspec.structs import replace

from db.submissions import Submission

_STORED = """
    SELECT id FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[]) AS asked (user_id, ts, id)
    JOIN behaviors USING (user_id, ts, id)
"""


async def recognise(driver: asyncpg.Connection, submissions: Sequence[Submission]) -> None:
    """Give those of the submissions' events their former ids that are stored under them.

    `driver` is what `Database.driver` lends. Without such events nothing is asked.
    """
    concerned = [each for each in submissions if each.former_ids]
    if not concerned:
        return
    asked = [
        (event.user_id, event.event.ts, each.former_ids[event.id])
        for each in concerned
        for event in each.events
        if event.id in each.former_ids
    ]
    stored = (
        {row["id"] for row in await driver.fetch(_STORED, *map(list, zip(*asked, strict=True)))} if asked else set()
    )
    if not stored:
        return
    for submission in concerned:
        former = {id_: old for id_, old in submission.former_ids.items() if old in stored}
        submission.events[:] = [
            replace(event, id=former[event.id]) if event.id in former else event for event in submission.events
        ]
