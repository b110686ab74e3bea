from pathlib import Path

from bench import graphql
from bench.graphql import CANNED, OURS, PAGE, STOCK, answered

EVENTS = 3_000


async def test_all_systems_give_the_same_answers_and_are_measured(database_url: str, tmp_path: Path):
    # When answers differ, this fails.
    found = await answered(database_url, tmp_path, EVENTS, rounds=1, times=dict.fromkeys(graphql.TIMES, 2))

    assert set(found.asked[PAGE]) == {OURS, STOCK, CANNED}
    assert all(asked.latency > 0 for systems in found.asked.values() for asked in systems.values())
    assert found.sql > 0
    assert found.statements > 10
    section = graphql.section(found)
    assert len(section.targets) == 4
