# ruff: noqa: S608 - what is put into these texts are constants of ours
"""The definition of rollups in SQL: runs made of events, hours made of runs.

Each statement part gives the rows of all rollups of CHOSEN's hours. By the topology, look-ups are kept from becoming
joins, and common table expressions are materialized or not.
"""

from core.deep_work import SWITCH_GAP
from core.event_types import ACTIVE_TYPES
from core.events import ANONYMOUS
from db.queries.person_hours import CHOSEN
from db.topology import Topology

_ACTIVE = ", ".join(str(kind.value) for kind in sorted(ACTIVE_TYPES))
_GAP = f"interval '{SWITCH_GAP.total_seconds()} seconds'"

RUN_COLUMNS = (
    "user_id, first_ts, first_id, last_ts, first_active_ts, last_active_ts, events, active_events, session_id, domain"
)

# Gaps and islands: an event opens a run when anything that a run has in common differs from the event before. The
# number of openings so far numbers the runs. Hour by hour, so that no sort has more rows than an hour has events.
# One event opens a run, so `min` takes its columns as they are, and keeps no array for each run as array_agg does.
_RUNS_OF_EVENTS = """
    SELECT made.* FROM {chosen}
    CROSS JOIN LATERAL (
        SELECT user_id, min(ts) AS first_ts, (min(id::text) FILTER (WHERE opens))::uuid AS first_id, max(ts) AS last_ts,
               min(ts) FILTER (WHERE active) AS first_active_ts, max(ts) FILTER (WHERE active) AS last_active_ts,
               count(*)::integer AS events, (count(*) FILTER (WHERE active))::integer AS active_events,
               min(session_id) FILTER (WHERE opens) AS session_id,
               min(domain) FILTER (WHERE opens) AS domain
        FROM (
            SELECT *, count(*) FILTER (WHERE opens) OVER (
                PARTITION BY user_id ORDER BY ts, id ROWS UNBOUNDED PRECEDING
            ) AS run
            FROM (
                SELECT user_id, ts, id, active, session_id, domain,
                       minute IS DISTINCT FROM lag(minute) OVER person
                       OR session_id IS DISTINCT FROM lag(session_id) OVER person
                       OR domain IS DISTINCT FROM lag(domain) OVER person AS opens
                FROM (
                    SELECT *, type IN ({active}) AS active, date_bin('1 minute', ts, 'epoch') AS minute
                    FROM behaviors
                    WHERE user_id = chosen.user_id AND ts >= chosen.hour AND ts < chosen.ends {lookup_end}
                ) AS event
                WINDOW person AS (PARTITION BY user_id ORDER BY ts, id)
            ) AS opened
        ) AS numbered
        GROUP BY user_id, run
    ) AS made
"""

HOUR_COLUMNS = (
    "user_id, hour, events, active_events, tracked_minutes, engaged_minutes, "
    "session_ids, session_first, session_last, session_domains, "
    "domains, domain_events, domain_active_events, domain_tracked_minutes, domain_engaged_minutes, domain_us, "
    "segment_first, segment_last, segment_events, segment_switches, segment_first_domains, segment_last_domains, "
    "segment_parts_from, segment_parts_to, part_domains, part_us"
)


def _microseconds(interval: str) -> str:
    return f"(extract(epoch FROM {interval}) * 1000000)::bigint"


# An hour has 60 minutes: as bits of a number they are told apart and counted without being sorted.
_MINUTE = "1::bigint << extract(minute FROM kept.first_ts - chosen.hour)::integer"


def _counted(minutes: str) -> str:
    return f"bit_count(({minutes})::bit(64))::integer"


_HOURS_OF_RUNS = f"""
    run AS {{made_once}} (
        SELECT chosen.hour, {_MINUTE} AS minute, kept.*
        FROM {CHOSEN}
        CROSS JOIN LATERAL (
            SELECT * FROM runs
            WHERE user_id = chosen.user_id AND first_ts >= chosen.hour AND first_ts < chosen.ends {{lookup_end}}
        ) AS kept
    ),
    spent_run AS {{shared_by_parts}} (
        SELECT *, coalesce(lead(first_ts) OVER session, last_ts) - first_ts AS spent,
               lead(first_ts) OVER session IS NULL AS ends
        FROM run WINDOW session AS (PARTITION BY user_id, hour, session_id ORDER BY first_ts, first_id)
    ),
    session AS (
        SELECT user_id, hour, session_id, min(first_ts) AS first_ts, max(last_ts) AS last_ts,
               min(domain) FILTER (WHERE ends) AS domain
        FROM spent_run GROUP BY user_id, hour, session_id
    ),
    sessions AS (
        SELECT user_id, hour, array_agg(session_id ORDER BY session_id) AS session_ids,
               array_agg(first_ts ORDER BY session_id) AS session_first,
               array_agg(last_ts ORDER BY session_id) AS session_last,
               array_agg(domain ORDER BY session_id) AS session_domains
        FROM session GROUP BY user_id, hour
    ),
    domain AS (
        SELECT user_id, hour, domain, sum(events) AS events, sum(active_events) AS active_events,
               bit_or(minute) AS tracked, coalesce(bit_or(minute) FILTER (WHERE active_events > 0), 0) AS engaged,
               {_microseconds("sum(spent)")} AS us
        FROM spent_run GROUP BY user_id, hour, domain
    ),
    domains AS (
        SELECT user_id, hour, sum(events)::integer AS events, sum(active_events)::integer AS active_events,
               {_counted("bit_or(tracked)")} AS tracked_minutes, {_counted("bit_or(engaged)")} AS engaged_minutes,
               array_agg(domain ORDER BY domain) AS domains,
               array_agg(events::integer ORDER BY domain) AS domain_events,
               array_agg(active_events::integer ORDER BY domain) AS domain_active_events,
               array_agg({_counted("tracked")} ORDER BY domain) AS domain_tracked_minutes,
               array_agg({_counted("engaged")} ORDER BY domain) AS domain_engaged_minutes,
               array_agg(us ORDER BY domain) AS domain_us
        FROM domain GROUP BY user_id, hour
    ),
    active_run AS (
        SELECT *, coalesce(first_active_ts - lag(last_active_ts) OVER person_hour > {_GAP}, true) AS opens,
               coalesce(lead(first_active_ts) OVER person_hour - last_active_ts > {_GAP}, true) AS ends,
               lead(first_active_ts) OVER person_hour AS next_ts,
               domain IS DISTINCT FROM lag(domain) OVER person_hour AS switches
        FROM run WHERE active_events > 0 AND user_id <> '{ANONYMOUS}'
        WINDOW person_hour AS (PARTITION BY user_id, hour ORDER BY first_ts, first_id)
    ),
    numbered_run AS (
        SELECT *, count(*) FILTER (WHERE opens) OVER (
            PARTITION BY user_id, hour ORDER BY first_ts, first_id ROWS UNBOUNDED PRECEDING
        ) AS segment
        FROM active_run
    ),
    part AS {{shared_by_parts}} (
        SELECT user_id, hour, segment, domain, min(first_active_ts) AS first_ts, max(last_active_ts) AS last_ts,
               sum(active_events)::integer AS events, count(*) FILTER (WHERE switches AND NOT opens) AS switches,
               bool_or(opens) AS opens, bool_or(ends) AS ends,
               {_microseconds("sum(CASE WHEN ends THEN last_active_ts ELSE next_ts END - first_active_ts)")} AS us
        FROM numbered_run GROUP BY user_id, hour, segment, domain
    ),
    segment AS (
        SELECT user_id, hour, segment, min(first_ts) AS first_ts, max(last_ts) AS last_ts,
               sum(events)::integer AS events, sum(switches)::integer AS switches,
               min(domain) FILTER (WHERE opens) AS first_domain,
               min(domain) FILTER (WHERE ends) AS last_domain,
               count(*) AS parts, sum(count(*)) OVER (PARTITION BY user_id, hour ORDER BY segment) AS parts_to
        FROM part GROUP BY user_id, hour, segment
    ),
    segments AS (
        SELECT user_id, hour, array_agg(first_ts ORDER BY segment) AS segment_first,
               array_agg(last_ts ORDER BY segment) AS segment_last,
               array_agg(events ORDER BY segment) AS segment_events,
               array_agg(switches ORDER BY segment) AS segment_switches,
               array_agg(first_domain ORDER BY segment) AS segment_first_domains,
               array_agg(last_domain ORDER BY segment) AS segment_last_domains,
               array_agg((parts_to - parts + 1)::integer ORDER BY segment) AS segment_parts_from,
               array_agg(parts_to::integer ORDER BY segment) AS segment_parts_to
        FROM segment GROUP BY user_id, hour
    ),
    parts AS (
        SELECT user_id, hour, array_agg(domain ORDER BY segment, domain) AS part_domains,
               array_agg(us ORDER BY segment, domain) AS part_us
        FROM part GROUP BY user_id, hour
    ),
    made_hour AS (
        SELECT user_id, hour, events, active_events, tracked_minutes, engaged_minutes,
               session_ids, session_first, session_last, session_domains,
               domains, domain_events, domain_active_events, domain_tracked_minutes, domain_engaged_minutes, domain_us,
               coalesce(segment_first, '{{{{}}}}') AS segment_first, coalesce(segment_last, '{{{{}}}}') AS segment_last,
               coalesce(segment_events, '{{{{}}}}') AS segment_events,
               coalesce(segment_switches, '{{{{}}}}') AS segment_switches,
               coalesce(segment_first_domains, '{{{{}}}}') AS segment_first_domains,
               coalesce(segment_last_domains, '{{{{}}}}') AS segment_last_domains,
               coalesce(segment_parts_from, '{{{{}}}}') AS segment_parts_from,
               coalesce(segment_parts_to, '{{{{}}}}') AS segment_parts_to,
               coalesce(part_domains, '{{{{}}}}') AS part_domains, coalesce(part_us, '{{{{}}}}') AS part_us
        FROM domains
        JOIN sessions USING (user_id, hour)
        LEFT JOIN segments USING (user_id, hour)
        LEFT JOIN parts USING (user_id, hour)
    )
"""


def runs_of_events(topology: Topology) -> str:
    """A query of the runs, with RUN_COLUMNS."""
    return _RUNS_OF_EVENTS.format(chosen=CHOSEN, active=_ACTIVE, **_forms(topology))


def hours_of_runs(topology: Topology) -> str:
    """Common table expressions, to be put behind WITH; of them `made_hour` has the hours, with HOUR_COLUMNS."""
    return _HOURS_OF_RUNS.format(**_forms(topology))


def _forms(topology: Topology) -> dict[str, str]:
    return {
        "lookup_end": topology.lookup_end,
        "made_once": topology.made_once,
        "shared_by_parts": topology.shared_by_parts,
    }
