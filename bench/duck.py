"""The dashboard answered by DuckDB from the same raw rows in memory: the yardstick."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import duckdb

from bench import duck_sql
from bench.dashboard import Answer, Question
from bench.events import DAYS
from execution.scalar_formats import format_instant

_COLUMNS = {
    "user_id": "UUID",
    "organization_id": "UUID",
    "ts": "TIMESTAMP",
    "id": "UUID",
    "type": "TINYINT",
    "session_id": "VARCHAR",
    "url": "VARCHAR",
    "domain": "VARCHAR",
}
_WHO = {"extensionUser": "user_id", "organization": "organization_id"}

Row = dict[str, Any]


async def export(url: str, target: Path) -> None:
    """Write the raw rows of our database to a CSV file."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET timezone = 'UTC'")
        columns = ", ".join(name if name != "ts" else "ts::timestamp AS ts" for name in _COLUMNS)
        await connection.copy_from_query(f"SELECT {columns} FROM behaviors", output=target, format="csv")  # noqa: S608
    finally:
        await connection.close()


class Duck:
    """DuckDB with the events in memory, sorted as our primary key sorts them; all its threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    @property
    def threads(self) -> int:
        """The number of threads that it runs."""
        return int(self._rows("SELECT current_setting('threads') AS threads", {})[0]["threads"])

    def dashboard(self, question: Question) -> Answer:
        """The answer, in the shape that the service gives it."""
        who, start, end = _WHO[question.field], question.start, question.end
        asked = {"id": question.id, "start": _naive(start), "end": _naive(end)}
        before = {"id": question.id, "start": _naive(start - (end - start)), "end": _naive(start)}

        def rows(statement: str, parameters: Row = asked) -> list[Row]:
            return self._rows(statement.format(who=who), parameters)

        return {
            "usage": {
                "total": _figures(*rows(duck_sql.TOTAL)),
                "previous": _figures(*rows(duck_sql.TOTAL, before)),
                "series": _series(rows(duck_sql.SERIES), start),
                "groups": _groups(rows(duck_sql.DOMAINS)),
            },
            "deepWork": _summary(*rows(duck_sql.SUMMARY))
            | {
                "topDomains": [
                    {"domain": row["domain"], "seconds": _seconds(row["us"]), "sessions": row["blocks"]}
                    for row in rows(duck_sql.TOP_DOMAINS)
                ],
                "blocks": {"nodes": [_block(row) for row in rows(duck_sql.BLOCKS)]},
            },
        }

    def _rows(self, statement: str, parameters: Row) -> list[Row]:
        result = self._connection.execute(statement, parameters)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@contextmanager
def loaded(source: Path) -> Iterator[Duck]:
    """DuckDB with the events of the file."""
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            "CREATE TABLE event AS SELECT * FROM read_csv($source, columns = $columns, header = false) "
            "ORDER BY user_id, ts, id",
            {"source": str(source), "columns": _COLUMNS},
        )
        yield Duck(connection)


def _figures(row: Row) -> Answer:
    return {
        "events": row["events"],
        "activeEvents": row["active_events"],
        "users": row["users"],
        "sessions": row["sessions"],
        "uniqueDomains": row["domains"],
        "trackedMinutes": row["tracked"],
        "engagedMinutes": row["engaged"],
        "engagementRate": row["rate"],
        "trackedSeconds": _seconds(row["tracked_us"]),
        "contextSwitches": row["switches"],
        "deepWorkSessions": row["deep_sessions"],
        "deepWorkSeconds": _seconds(row["deep_us"]),
    }


def _series(rows: list[Row], start: datetime) -> list[Answer]:
    first = round(start.timestamp()) // 86_400
    by_day = {row["day"] - first: row for row in rows}
    nothing = {"events": 0, "minutes": 0, "tracked_us": 0, "deep_us": 0}
    return [
        {
            "start": format_instant(start + timedelta(days=day)),
            "end": format_instant(start + timedelta(days=day + 1)),
            "measures": {
                "events": int(row["events"]),
                "engagedMinutes": int(row["minutes"]),
                "trackedSeconds": _seconds(row["tracked_us"]),
                "deepWorkSeconds": _seconds(row["deep_us"]),
            },
        }
        for day, row in ((day, by_day.get(day, nothing)) for day in range(DAYS))
    ]


def _groups(rows: list[Row]) -> Answer:
    shown = {"events": sum(row["events"] for row in rows), "us": sum(row["us"] for row in rows)}
    whole = rows[0]
    return {
        "totalCount": whole["domains"],
        "nodes": [
            {
                "key": {"domain": row["domain"]},
                "measures": {"events": row["events"], "trackedSeconds": _seconds(row["us"])},
                "share": row["us"] / row["whole_us"],
            }
            for row in rows
        ],
        "other": {
            "events": int(whole["all_events"]) - shown["events"],
            "trackedSeconds": _seconds(whole["all_us"] - shown["us"]),
        },
    }


def _summary(row: Row) -> Answer:
    return {
        "sessionsCount": row["blocks"],
        "totalSeconds": _seconds(row["us"]),
        "averageSeconds": _seconds(row["average_us"]),
        "longestSeconds": _seconds(row["longest_us"]),
        "shortestSeconds": _seconds(row["shortest_us"]),
        "uniqueDomains": row["domains"],
        "contextSwitches": int(row["switches"]),
        "focusLevels": {"high": row["high"], "medium": row["medium"], "low": row["low"]},
    }


def _block(row: Row) -> Answer:
    return {
        "extensionUser": {"uuid": str(row["user_id"])},
        "start": format_instant(row["begin"].replace(tzinfo=UTC)),
        "end": format_instant(row["finish"].replace(tzinfo=UTC)),
        "seconds": _seconds(row["us"]),
        "events": row["events"],
        "contextSwitches": row["switches"],
        "focusLevel": row["level"],
    }


def _seconds(microseconds: float | None) -> Any:
    return None if microseconds is None else microseconds / 1e6


def _naive(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)
