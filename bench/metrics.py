"""The time of a dashboard from rollups, from raw events and in DuckDB, at several numbers of events."""

from collections.abc import Sequence
from typing import Any

import duckdb

from bench import measures_of_time
from bench.asking import DUCKDB, ORGANIZATION, OURS, PERSON, RAW, VolumeResults, ask_everybody
from bench.section import Bench, Section, Target, console, table
from bench.splits import BY_CATEGORY, BY_DOMAIN, ONE_CATEGORY, ONE_DOMAIN, SWITCHES, TRANSITIONS

_TITLES = {PERSON: "One person, 30 days", ORGANIZATION: "Organization of 40, 30 days"}
_COLORS = {OURS: "#1f6feb", RAW: "#8b949e", DUCKDB: "#d29922"}
_TIMES_RAW, _PART_OF_DUCKDB, _TIMES_DOMAIN = 10.0, 0.5, 2.0


async def measure(bench: Bench) -> Section:
    """Ask at every number of events."""
    measured = []
    for count in bench.options.events:
        measured.append(await ask_everybody(bench.server_url, bench.folder, count))
        console.print(f"{count:,} events", measured[-1].seconds)
    return Section(_lines(measured), _targets(measured[-1]), lambda figure: _draw(figure, measured))


def _targets(last: VolumeResults) -> list[Target]:
    person, organization = last.seconds[PERSON], last.seconds[ORGANIZATION]
    faster, part = person[RAW] / person[OURS], organization[OURS] / organization[DUCKDB]
    by_category = last.splits[BY_CATEGORY] / last.splits[BY_DOMAIN]
    at = f"at {last.events:,} events"
    return [
        Target(
            f"one person {at} ≥ {_TIMES_RAW:g} × faster than raw events", f"{faster:.1f} ×", met=faster >= _TIMES_RAW
        ),
        Target(
            f"organization {at} ≤ {_PART_OF_DUCKDB:g} × DuckDB's time", f"{part:.2f} ×", met=part <= _PART_OF_DUCKDB
        ),
        Target(
            f"split by category {at} ≤ {_TIMES_DOMAIN:g} × the time by domain",
            f"{by_category:.2f} ×",
            met=by_category <= _TIMES_DOMAIN,
        ),
    ]


def _lines(measured: Sequence[VolumeResults]) -> list[str]:
    others = ", ".join(f"{each.others:.0%} ({each.events:,} events)" for each in measured)
    threads = f"DuckDB {duckdb.__version__} had {measured[0].duckdb_threads} threads."
    lines = [f"{threads} While questions were timed, other processes took {others} of the processors."]
    for question, title in _TITLES.items():
        lines += ["", f"### {title}", "", *_times(question, measured)]
        lines += ["", "One measure alone:", ""]
        lines += measures_of_time.lines([(each.events, each.times[question]) for each in measured])
    lines += ["", "### Organization of 40, 30 days, by domain and by category", "", *_splits(measured)]
    columns = ["events", "stored a second", "runs", "events a run", "making all rollups"]
    rows = [
        [
            f"{each.events:,}",
            f"{each.stored_per_second:,.0f}",
            f"{each.runs:,}",
            f"{each.events / each.runs:.2f}",
            f"{each.runs_seconds:.1f} s",
        ]
        for each in measured
    ]
    return [*lines, "", "### How the events came in", "", *table(columns, rows)]


def _times(question: str, measured: Sequence[VolumeResults]) -> list[str]:
    rows = []
    for each in measured:
        seconds = each.seconds[question]
        faster, part = seconds[RAW] / seconds[OURS], seconds[OURS] / seconds[DUCKDB]
        times = [f"{seconds[system] * 1000:,.0f} ms" for system in (OURS, RAW, DUCKDB)]
        rows.append([f"{each.events:,}", *times, f"{faster:.1f} ×", f"{part:.2f} ×"])
    lines = table(["events", OURS, RAW, DUCKDB, "faster than raw", "part of DuckDB's time"], rows)
    first, last = measured[0], measured[-1]
    if last.events > first.events:
        growth = ", ".join(
            f"{system} {last.seconds[question][system] / first.seconds[question][system]:.1f} ×"
            for system in (OURS, RAW, DUCKDB)
        )
        times_as_many = last.events / first.events
        lines += ["", f"From {first.events:,} to {last.events:,} events ({times_as_many:.1f} ×): {growth}."]
    return lines


def _splits(measured: Sequence[VolumeResults]) -> list[str]:
    names = (BY_DOMAIN, BY_CATEGORY, ONE_DOMAIN, ONE_CATEGORY)
    rows = [
        [
            f"{each.events:,}",
            *(f"{each.splits[name] * 1000:,.0f} ms" for name in names),
            f"{each.splits[BY_CATEGORY] / each.splits[BY_DOMAIN]:.2f} ×",
        ]
        for each in measured
    ]
    of_switches = [
        [
            f"{each.events:,}",
            *(f"{each.splits[name] * 1000:,.0f} ms" for name in (SWITCHES, TRANSITIONS)),
            f"{each.splits[TRANSITIONS] / each.splits[SWITCHES]:.2f} ×",
        ]
        for each in measured
    ]
    by_category = table(["events", "groups by domain", "groups by category", *names[2:], "category / domain"], rows)
    columns = ["events", SWITCHES, TRANSITIONS, "transitions / context switches"]
    return [*by_category, "", *table(columns, of_switches)]


def _draw(figure: Any, measured: Sequence[VolumeResults]) -> None:
    axes = figure.subplots(1, len(_TITLES), sharey=True)
    for axis, (question, title) in zip(axes, _TITLES.items(), strict=True):
        for system, color in _COLORS.items():
            events = [each.events for each in measured]
            axis.plot(events, [each.seconds[question][system] for each in measured], "o-", color=color, label=system)
        axis.set(title=f"Dashboard: {title}", xscale="log", yscale="log", xlabel="events stored")
        axis.grid(visible=True, which="both", alpha=0.25)
    axes[0].set_ylabel("seconds (median)")
    axes[0].legend()
