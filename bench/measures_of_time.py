"""The time of one measure alone, `activeSeconds` beside `trackedSeconds`: of the whole, by day, by domain."""

from collections.abc import Sequence
from functools import partial

from bench.dashboard import Answer, Question, System, timed
from bench.section import table
from tests.world import Asker

TRACKED, ACTIVE = "trackedSeconds", "activeSeconds"
_SPLITS = {
    "whole": "total { %(measure)s }",
    "by day": "series(every: DAY) { measures { %(measure)s } }",
    "by domain": """groups(by: DOMAIN, orderBy: { measure: %(order)s }, first: 10) {
        nodes { measures { %(measure)s } } }""",
}
_ORDERS = {TRACKED: "TRACKED_SECONDS", ACTIVE: "ACTIVE_SECONDS"}
_QUERY = """
query Time($id: ID!, $period: Period!) { subject: %s(id: $id) { usage(period: $period) { %s } } }
"""
Seconds = dict[str, dict[str, float]]
"""By split and measure, medians."""


async def ask_for_times(asker: Asker, question: Question, runs: int) -> Seconds:
    """Ask for both measures in turns, split by split."""
    found: Seconds = {}
    for split, selection in _SPLITS.items():
        systems: dict[str, System] = {
            measure: partial(_ask, asker, selection % {"measure": measure, "order": order})
            for measure, order in _ORDERS.items()
        }
        answers = await timed(runs, systems, question)
        found[split] = {measure: each.seconds for measure, each in answers.items()}
    return found


def lines(seconds: Sequence[tuple[int, Seconds]]) -> list[str]:
    """The table of one question at several numbers of events."""
    rows = [
        [f"{events:,}", split, *(f"{times[name] * 1000:,.0f} ms" for name in _ORDERS), f"{_ratio(times):.2f} ×"]
        for events, by_split in seconds
        for split, times in by_split.items()
    ]
    return table(["events", "split", f"`{TRACKED}`", f"`{ACTIVE}`", "ratio"], rows)


def _ratio(times: dict[str, float]) -> float:
    return times[ACTIVE] / times[TRACKED]


async def _ask(asker: Asker, selection: str, question: Question) -> Answer:
    period = {"between": {"start": question.start.isoformat(), "end": question.end.isoformat()}}
    answer: Answer = await asker.ask(_QUERY % (question.field, selection), id=str(question.id), period=period)
    return answer
