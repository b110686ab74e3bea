"""The dashboard in DuckDB's SQL: one statement for each part.

`event` holds the raw rows. `{who}` is the column that tells whose they are; $id, $start and $end say the rest.
Times are whole microseconds (`us`), so that sums are exact.
"""

from core.deep_work import (
    DEEP_WORK_EVENTS,
    DEEP_WORK_LENGTH,
    HIGH_FOCUS_SWITCHES_PER_HOUR,
    MEDIUM_FOCUS_SWITCHES_PER_HOUR,
    SWITCH_GAP,
)
from core.event_types import ACTIVE_TYPES

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_GAP = int(SWITCH_GAP.total_seconds()) * _SECOND
_LENGTH = int(DEEP_WORK_LENGTH.total_seconds()) * _SECOND
_ACTIVE = ", ".join(str(kind.value) for kind in sorted(ACTIVE_TYPES))

_ASKED = f"""
asked AS (
    SELECT user_id, ts, id, session_id, domain, epoch_us(ts) AS us, type IN ({_ACTIVE}) AS active
    FROM event WHERE ts >= $start AND ts < $end AND {{who}} = $id
)"""

# A person's minutes with an event.
_MINUTE = f"""
minute AS (SELECT user_id, us // {60 * _SECOND} AS minute, bool_or(active) AS engaged FROM asked GROUP BY ALL)"""

# The time between consecutive events of a session.
_STRETCH = """
stretch AS (
    SELECT domain, us AS begin_us, coalesce(lead(us) OVER session, us) AS end_us
    FROM asked WINDOW session AS (PARTITION BY user_id, session_id ORDER BY ts, id)
)"""

# Active events, each with what came before and after, and the number of its block. (A sum: DuckDB takes four times as
# long for count(*) FILTER over such a window, and ever longer the more events a person has.)
_BLOCK = f"""
step AS (
    SELECT user_id, ts, id, us, domain, us - lag(us) OVER person AS gap, lag(domain) OVER person AS domain_before,
        lead(us) OVER person AS following
    FROM asked WHERE active WINDOW person AS (PARTITION BY user_id ORDER BY ts, id)
),
numbered AS (
    SELECT *, sum(CASE WHEN gap <= {_GAP} THEN 0 ELSE 1 END)
        OVER (PARTITION BY user_id ORDER BY ts, id ROWS UNBOUNDED PRECEDING) AS block
    FROM step
),
block AS (
    SELECT user_id, block, min(us) AS first_us, max(us) AS last_us, max(us) - min(us) AS us, count(*) AS events,
        count(*) FILTER (gap <= {_GAP} AND domain IS DISTINCT FROM domain_before) AS switches
    FROM numbered GROUP BY ALL HAVING us >= {_LENGTH} AND events >= {DEEP_WORK_EVENTS}
)"""

# The time between consecutive events of a block of deep work.
_DEEP = f"""
deep AS (
    SELECT user_id, block, domain, us AS begin_us,
        CASE WHEN following - us <= {_GAP} THEN following ELSE us END AS end_us
    FROM numbered SEMI JOIN block USING (user_id, block)
)"""

_LEVEL = f"""CASE WHEN switches * 3600 <= {HIGH_FOCUS_SWITCHES_PER_HOUR} * us / {_SECOND} THEN 'HIGH'
    WHEN switches * 3600 <= {MEDIUM_FOCUS_SWITCHES_PER_HOUR} * us / {_SECOND} THEN 'MEDIUM' ELSE 'LOW' END"""


def _by_day(relation: str, column: str) -> str:
    """The relation's time by days: stretches within one, which most are, and those cut at midnight."""
    return f"""
        SELECT begin_us // {_DAY} AS day, sum(end_us - begin_us) AS {column}
        FROM {relation} WHERE begin_us // {_DAY} = end_us // {_DAY} GROUP BY ALL
        UNION ALL BY NAME
        SELECT day, sum(least(end_us, (day + 1) * {_DAY}) - greatest(begin_us, day * {_DAY})) AS {column}
        FROM (
            SELECT *, unnest(generate_series(begin_us // {_DAY}, end_us // {_DAY})) AS day
            FROM {relation} WHERE begin_us // {_DAY} <> end_us // {_DAY}
        ) GROUP BY ALL"""


TOTAL = f"""
WITH {_ASKED}, {_MINUTE}, {_BLOCK},
session AS (SELECT max(us) - min(us) AS us FROM asked GROUP BY user_id, session_id)
SELECT *, 100 * engaged / nullif(tracked, 0) AS rate FROM
    (SELECT count(*) AS events, count(*) FILTER (active) AS active_events, count(DISTINCT user_id) AS users,
        count(DISTINCT domain) AS domains FROM asked),
    (SELECT count(*) AS sessions, coalesce(sum(us), 0) AS tracked_us FROM session),
    (SELECT count(*) AS tracked, count(*) FILTER (engaged) AS engaged FROM minute),
    (SELECT count(*) FILTER (gap <= {_GAP} AND domain IS DISTINCT FROM domain_before) AS switches FROM step),
    (SELECT count(*) AS deep_sessions, coalesce(sum(us), 0) AS deep_us FROM block)
"""

SERIES = f"""
WITH {_ASKED}, {_MINUTE}, {_STRETCH}, {_BLOCK}, {_DEEP}
SELECT day, coalesce(sum(events), 0) AS events, coalesce(sum(minutes), 0) AS minutes,
    coalesce(sum(tracked_us), 0) AS tracked_us, coalesce(sum(deep_us), 0) AS deep_us
FROM (
    SELECT us // {_DAY} AS day, count(*) AS events FROM asked GROUP BY ALL
    UNION ALL BY NAME
    SELECT minute // 1440 AS day, count(*) AS minutes FROM minute WHERE engaged GROUP BY ALL
    UNION ALL BY NAME {_by_day("stretch", "tracked_us")}
    UNION ALL BY NAME {_by_day("deep", "deep_us")}
) GROUP BY day
"""

DOMAINS = f"""
WITH {_ASKED}, {_STRETCH},
spent AS (SELECT domain, count(*) AS events, sum(end_us - begin_us) AS us FROM stretch GROUP BY domain),
whole AS (SELECT sum(us) AS whole_us FROM spent)
SELECT domain, events, us, whole_us, count(*) OVER () AS domains, sum(events) OVER () AS all_events,
    sum(us) OVER () AS all_us
FROM spent, whole WHERE domain IS NOT NULL ORDER BY us DESC, domain LIMIT 10
"""

SUMMARY = f"""
WITH {_ASKED}, {_BLOCK}, {_DEEP}, levelled AS (SELECT *, {_LEVEL} AS level FROM block)
SELECT * FROM
    (SELECT count(*) AS blocks, coalesce(sum(us), 0) AS us, avg(us) AS average_us, max(us) AS longest_us,
        min(us) AS shortest_us, coalesce(sum(switches), 0) AS switches, count(*) FILTER (level = 'HIGH') AS high,
        count(*) FILTER (level = 'MEDIUM') AS medium, count(*) FILTER (level = 'LOW') AS low FROM levelled),
    (SELECT count(DISTINCT domain) AS domains FROM deep)
"""

TOP_DOMAINS = f"""
WITH {_ASKED}, {_BLOCK}, {_DEEP},
part AS (SELECT user_id, block, domain, sum(end_us - begin_us) AS us FROM deep GROUP BY ALL)
SELECT domain, sum(us) AS us, count(*) AS blocks FROM part WHERE domain IS NOT NULL
GROUP BY domain ORDER BY us DESC, domain LIMIT 3
"""

BLOCKS = f"""
WITH {_ASKED}, {_BLOCK}
SELECT user_id, make_timestamp(first_us) AS begin, make_timestamp(last_us) AS finish, us, events, switches,
    {_LEVEL} AS level
FROM block ORDER BY first_us, user_id LIMIT 10
"""
