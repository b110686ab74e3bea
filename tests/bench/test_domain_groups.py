from pathlib import Path

from bench.domain_groups import CATEGORY, DOMAIN, SITE, ask_by_each, section


async def test_groups_by_each_dimension_are_counted_and_measured(database_url: str, tmp_path: Path):
    found = await ask_by_each(database_url, tmp_path, 2_400, runs=1)

    assert found.groups[DOMAIN] == found.domains == 120
    assert found.groups[SITE] < 120
    assert 1 <= found.groups[CATEGORY] <= 6
    assert min(found.seconds.values()) > 0
    assert len(section(found).targets) == 1
