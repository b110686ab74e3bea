"""The findings as Markdown: the part of docs/reliability.md between its markers."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from torture.findings import Finding

BEGIN, END = "<!-- measured: written by `make torture` -->", "<!-- /measured -->"
_VERDICTS = {True: "kept", False: "**broken**", None: "not tried"}


def write(target: Path, findings: Sequence[Finding], seconds: float) -> None:
    """Replace what stands between the page's markers."""
    page = target.read_text()
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{target} lacks the markers {BEGIN} and {END}.")
    target.write_text("\n".join([f"{before}{BEGIN}", *_lines(findings, seconds), f"{END}{after}"]))


def line(finding: Finding) -> str:
    """A finding for the terminal."""
    return f"{_VERDICTS[finding.kept].strip('*')}: {finding.done}. {finding.seen}."


def _lines(findings: Sequence[Finding], seconds: float) -> list[str]:
    memory, load = psutil.virtual_memory().total / 2**30, os.getloadavg()[2]
    seen = (
        f"Seen on {datetime.now(UTC):%d %B %Y}, with {os.cpu_count()} cores and {memory:.0f} GiB of memory which "
        f"PostgreSQL 15, the service and its clients shared, Python {platform.python_version()}. It took "
        f"{seconds / 60:.0f} minutes; in the last quarter of an hour the machine's load was {load:.1f}."
    )
    return [
        seen,
        "",
        "| what was done | what was promised | what was seen | |",
        "|---|---|---|---|",
        *(f"| {each.done} | {each.promised} | {each.seen} | {_VERDICTS[each.kept]} |" for each in findings),
    ]
