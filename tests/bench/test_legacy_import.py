from pathlib import Path

from bench.legacy_import import measure

EVENTS = 3_000


async def test_an_import_is_measured_from_a_full_old_database_to_a_full_new_one(
    database_url: str, data_dir: Path, tmp_path: Path
):
    (tmp_path / "pg").symlink_to(data_dir / "pg")  # whose processor time counts as ours

    moved = await measure(database_url, tmp_path, EVENTS)  # fails unless every event was stored

    assert moved.events == EVENTS
    assert 0 < moved.copy_seconds < moved.seconds
    assert moved.peak > 0
    assert len(moved.lines()) == 5
