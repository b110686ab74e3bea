"""The comparison of the ledger with PostgreSQL's tables."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from torture.client import Ledger, Parcel


@dataclass(frozen=True, slots=True)
class Balance:
    """The differences, event by event: all three should be empty.

    `lost` were acknowledged and are not there, `twice` are there more than once, `halved` are requests of which a part
    is there.
    """

    lost: list[str]
    twice: list[str]
    halved: list[Parcel]

    @property
    def is_even(self) -> bool:
        """True if everything is as it should be."""
        return not (self.lost or self.twice or self.halved)

    def __str__(self) -> str:
        if self.is_even:
            return "none lost, none twice, no request stored in part"
        return f"{len(self.lost)} lost, {len(self.twice)} twice, {len(self.halved)} requests stored in part"


async def balance(database_url: str, ledgers: Sequence[Ledger]) -> Balance:
    """Look up which of the sent events are stored, and how often. Other experiments' events do not count."""
    acknowledged = [parcel for ledger in ledgers for parcel in ledger.acknowledged]
    given_up = [parcel for ledger in ledgers for parcel in ledger.given_up]
    stored = await _stored(database_url, [url for parcel in acknowledged + given_up for url in parcel.urls])
    return Balance(
        lost=[url for parcel in acknowledged for url in parcel.urls if url not in stored],
        twice=[url for url, times in stored.items() if times > 1],
        halved=[parcel for parcel in given_up if len({url in stored for url in parcel.urls}) > 1],
    )


async def _stored(database_url: str, urls: Sequence[str]) -> Counter[str]:
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            """
            SELECT url, count(*) AS times FROM behaviors JOIN unnest($1::text[]) AS sent (url) USING (url) GROUP BY url
            """,
            urls,
        )
    finally:
        await connection.close()
    return Counter({row["url"]: row["times"] for row in rows})
