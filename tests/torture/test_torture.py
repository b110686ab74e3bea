"""The experiments of `make torture`, each in a form so short that it can run with every change."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Postgres15
from torture import counters, outages, report
from torture.backlog import backlog
from torture.counters import without_redis
from torture.crashes import crashes
from torture.findings import Finding
from torture.outages import out_of_disk_for_its_log
from torture.overload import overload
from torture.poison import poison
from torture.postgres import on_a_small_disk, on_any_disk
from torture.restarts import restarts
from torture.webhooks import webhooks


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres15]:
    with on_any_disk() as server:
        yield server


async def test_no_acknowledged_event_is_lost_to_kill_9(server: Postgres15, tmp_path: Path):
    seen = await crashes(server, tmp_path, rounds=2)

    assert seen.ledger.events > 0
    assert seen.balance.is_even, seen.balance
    assert seen.ledger.faults == []


async def test_whatever_postgresql_does_is_answered_in_time_and_passes(server: Postgres15, tmp_path: Path):
    troubles = outages.TROUBLES | {"frozen": outages.frozen}

    seen = await outages.outages(server, tmp_path, troubles, seconds=1)

    assert [each.name for each in seen] == list(troubles)
    assert {each.name: each.broken for each in seen[:-1]} == {name: [] for name in outages.TROUBLES}
    assert set(seen[-1].broken) <= {"nothing was refused"}, "whoever waits a second for a frozen server is answered"


async def test_a_disk_that_is_full_costs_nothing_that_was_acknowledged(tmp_path: Path):
    with on_a_small_disk() as server:
        [seen] = await outages.outages(server, tmp_path, {"full": out_of_disk_for_its_log}, seconds=1)

    assert seen.broken == []


async def test_nothing_depends_on_redis(server: Postgres15, tmp_path: Path):
    seen = await without_redis(server, tmp_path, counters.TROUBLES, seconds=1)

    assert {each.name: each.broken for each in seen} == {name: [] for name in counters.TROUBLES}


async def test_overload_is_refused_and_passes(server: Postgres15, tmp_path: Path):
    seen = await overload(server, tmp_path, seconds=3, ramp_seconds=0.5)

    assert (seen.lost, seen.halved, seen.outcome.unfit) == (0, 0, 0)
    assert seen.outcome.refused > 0
    assert len(seen.outcome.acknowledged) > 0


async def test_a_rolling_restart_fails_no_request(server: Postgres15, tmp_path: Path):
    seen = await restarts(server, tmp_path, rounds=1)

    assert seen.broken == [], seen.balance


async def test_no_body_is_answered_with_a_500_or_costs_a_neighbour(server: Postgres15, tmp_path: Path):
    seen = await poison(server, tmp_path, examples=50)

    assert seen.faults == []
    assert seen.lost == 0
    assert len(seen.neighbours) == 50


async def test_a_backlog_of_one_keeps_nobody_else_waiting(server: Postgres15, tmp_path: Path):
    seen = await backlog(server, tmp_path, events=20_000, company=10_000, waits=False)

    assert (seen.refused, seen.company_errors) == ([], [])
    assert seen.calm_answers
    assert (seen.lost, seen.wrong) == (0, [])
    assert seen.hours > 0


async def test_no_delivery_of_a_webhook_is_lost_to_kill_9_or_an_outage(server: Postgres15, tmp_path: Path):
    seen = await webhooks(server, tmp_path, rounds=1)

    assert seen.lost == []
    assert seen.acknowledged
    assert seen.again <= seen.kills + seen.outages


def test_findings_become_a_table_between_the_pages_markers(tmp_path: Path):
    page = tmp_path / "reliability.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")

    report.write(
        page, [Finding("this", "that", "so", kept=True), Finding("these", "", "no", kept=None, section="Others")], 600
    )

    text = page.read_text()
    assert text.startswith(f"before\n{report.BEGIN}\n")
    assert text.endswith(f"{report.END}\nafter\n")
    assert "| this | that | so | kept |" in text
    assert "### Others\n\nSeen on " in text
    assert text.index("| this |") < text.index("### Others") < text.index("| these |  | no | not tried |")
    assert "old" not in text


def test_a_section_that_was_tried_alone_leaves_the_others_as_they_were(tmp_path: Path):
    page = tmp_path / "reliability.md"
    page.write_text(f"{report.BEGIN}\n{report.END}\n")
    first, second = Finding("this", "that", "so", kept=True), Finding("these", "", "no", kept=None, section="Others")
    report.write(page, [first, second], 600)

    report.write(page, [Finding("these", "", "yes", kept=True, section="Others")], 60)

    text = page.read_text()
    assert "| this | that | so | kept |" in text
    assert "| these |  | yes | kept |" in text
    assert "| no |" not in text
    assert (text.count("### Others"), text.count("10 minutes"), text.count("1 minutes")) == (1, 1, 1)
