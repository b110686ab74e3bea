"""The figures as Markdown: the part of docs/performance.md between its markers."""

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psutil

from bench.ingestion import Ingested
from bench.measure import DUCKDB, ORGANIZATION, OURS, PERSON, RAW, Measured
from bench.service import value

BEGIN, END = "<!-- measured: written by `make bench` -->", "<!-- /measured -->"
_TITLES = {PERSON: "One person, 30 days", ORGANIZATION: "Organization of 40, 30 days"}
_TIMES_RAW, _PART_OF_DUCKDB, _INGESTION_COST = 10.0, 0.5, 0.25


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured."""

    processor: str
    cores: int
    memory_gib: float
    postgresql: str


async def machine(server_url: str) -> Machine:
    """The machine this runs on, and its database."""
    names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)  # noqa: ASYNC240 - no disk
    version = await value(server_url.replace("+asyncpg", ""), "SHOW server_version")
    processor = names[0] if names else platform.machine()
    return Machine(processor, os.cpu_count() or 1, psutil.virtual_memory().total / 2**30, version)


def targets(measured: Sequence[Measured], cost: Ingested) -> list[str]:
    """Each target, met or missed, at the largest number of events."""
    last = max(measured, key=lambda each: each.events)
    person, organization = last.seconds[PERSON], last.seconds[ORGANIZATION]
    faster, part = person[RAW] / person[OURS], organization[OURS] / organization[DUCKDB]
    at = f"{last.events:,} events"
    return [
        _target(
            faster >= _TIMES_RAW, f"one person at {at}: {faster:.1f} × faster than raw events (≥ {_TIMES_RAW:g} ×)"
        ),
        _target(part <= _PART_OF_DUCKDB, f"organization at {at}: {part:.2f} × DuckDB's time (≤ {_PART_OF_DUCKDB:g} ×)"),
        _target(
            cost.cost_of_marks <= _INGESTION_COST,
            f"ingestion: marks cost the writer {cost.cost_of_marks:.0%} (≤ {_INGESTION_COST:.0%})",
        ),
        _target(
            cost.cost_with_runs <= _INGESTION_COST,
            f"ingestion, all work counted: marks and making the rollups cost {cost.cost_with_runs:.0%} "
            f"(≤ {_INGESTION_COST:.0%})",
        ),
    ]


def write(target: Path, measured: Sequence[Measured], cost: Ingested, where: Machine) -> None:
    """Replace what stands between the page's markers."""
    page = target.read_text()
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{target} lacks the markers {BEGIN} and {END}.")
    figures = "\n".join(_lines(measured, cost, where))
    target.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}")


def _target(met: object, sentence: str) -> str:
    return f"- {'met' if met else '**missed**'}: {sentence}"


def _lines(measured: Sequence[Measured], cost: Ingested, where: Machine) -> list[str]:
    threads = measured[0].duckdb_threads
    hardware = f"{where.processor}, {where.cores} cores, {where.memory_gib:.0f} GiB"
    software = f"PostgreSQL {where.postgresql}, Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    lines = [
        f"Measured on {datetime.now(UTC):%d %B %Y}: {hardware}; {software} with {threads} threads.",
        f"While questions were timed, other processes took {_others(measured)} of the processors.",
        "",
        "### Targets",
        "",
        *targets(measured, cost),
    ]
    for question, title in _TITLES.items():
        lines += ["", f"### {title}", "", *_table(question, measured)]
    lines += ["", "### Storing", "", *_storing(measured, cost)]
    return lines


def _others(measured: Sequence[Measured]) -> str:
    return ", ".join(f"{each.others:.0%} ({each.events:,} events)" for each in measured)


def _table(question: str, measured: Sequence[Measured]) -> list[str]:
    lines = [
        f"| events | {OURS} | {RAW} | {DUCKDB} | faster than raw | part of DuckDB's time |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for each in measured:
        seconds = each.seconds[question]
        times = " | ".join(f"{seconds[system] * 1000:,.0f} ms" for system in (OURS, RAW, DUCKDB))
        faster, part = seconds[RAW] / seconds[OURS], seconds[OURS] / seconds[DUCKDB]
        lines.append(f"| {each.events:,} | {times} | {faster:.1f} × | {part:.2f} × |")
    first, last = measured[0], measured[-1]
    if last.events > first.events:
        growth = ", ".join(
            f"{system} {last.seconds[question][system] / first.seconds[question][system]:.1f} ×"
            for system in (OURS, RAW, DUCKDB)
        )
        lines += [
            "",
            f"From {first.events:,} to {last.events:,} events ({last.events / first.events:.1f} ×): {growth}.",
        ]
    return lines


def _storing(measured: Sequence[Measured], cost: Ingested) -> list[str]:
    lines = ["| events | stored a second | runs | events a run | making all rollups |", "|---:|---:|---:|---:|---:|"]
    lines += [
        f"| {each.events:,} | {each.stored_per_second:,.0f} | {each.runs:,} | {each.events / each.runs:.2f} "
        f"| {each.runs_seconds:.1f} s |"
        for each in measured
    ]
    compared = (
        f"{cost.events:,} events at a time, made beforehand, in turns: {cost.plain:,.0f} events a second without "
        f"rollups, {cost.marked:,.0f} with marks, {cost.with_runs:,.0f} when the making of the rollups is counted, too."
    )
    return [*lines, "", compared]
