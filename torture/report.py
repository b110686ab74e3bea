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
    """Replace the sections of these findings between the page's markers; the others stay as they were seen."""
    page = target.read_text()
    before, begin, rest = page.partition(BEGIN)
    measured, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{target} lacks the markers {BEGIN} and {END}.")
    sections = _sections(measured)
    for section in dict.fromkeys(each.section for each in findings):
        seen = [each for each in findings if each.section == section]
        sections[section] = "\n".join([_seen(seconds), "", *_table(seen)])
    texts = (f"### {section}\n\n{text}" if section else text for section, text in sections.items())
    target.write_text(f"{before}{BEGIN}\n" + "\n\n".join(texts) + f"\n{END}{after}")


def _sections(measured: str) -> dict[str, str]:
    """The texts of a page's sections by their headings; the first has none."""
    first, *others = measured.split("\n### ")
    headed = (text.partition("\n") for text in others)
    return {"": first.strip()} | {heading: text.strip() for heading, _, text in headed}


def line(finding: Finding) -> str:
    """A finding for the terminal."""
    return f"{_VERDICTS[finding.kept].strip('*')}: {finding.done}. {finding.seen}."


def _seen(seconds: float) -> str:
    memory, load = psutil.virtual_memory().total / 2**30, os.getloadavg()[2]
    return (
        f"Seen on {datetime.now(UTC):%d %B %Y}, with {os.cpu_count()} cores and {memory:.0f} GiB of memory which "
        f"PostgreSQL 15, the service and its clients shared, Python {platform.python_version()}. It took "
        f"{seconds / 60:.0f} minutes; in the last quarter of an hour the machine's load was {load:.1f}."
    )


def _table(findings: Sequence[Finding]) -> list[str]:
    return [
        "| what was done | what was promised | what was seen | |",
        "|---|---|---|---|",
        *(f"| {each.done} | {each.promised} | {each.seen} | {_VERDICTS[each.kept]} |" for each in findings),
    ]
