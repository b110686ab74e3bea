"""People on a day, in figures: literals that the tests of insight share."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.categories import Category
from core.insight.figures import Blocks, DomainTime, Figures, HourTime, Totals

BEFORE, START, END = (datetime(2026, 8, day, tzinfo=UTC) for day in (3, 4, 5))
_CATEGORIES = {
    "github.com": Category.DEVELOPMENT,
    "docs.python.org": Category.DEVELOPMENT,
    "arxiv.org": Category.RESEARCH,
    "app.slack.com": Category.COMMUNICATION,
    "mail.google.com": Category.COMMUNICATION,
    "www.youtube.com": Category.DISTRACTIONS,
    "www.notion.so": Category.WORK_TOOLS,
    "intranet.example.com": Category.OTHER,
}


def figures(
    seconds: Mapping[str, float], *, blocks: Blocks | None = None, hours: tuple[HourTime, ...] = (), **totals: Any
) -> Figures:
    """A person's figures of a day: the seconds of each domain, and the other figures that are not zero."""
    domains = tuple(
        DomainTime(domain, _CATEGORIES[domain], time)
        for domain, time in sorted(seconds.items(), key=lambda item: -item[1])
    )
    categories = {
        category: sum(each.seconds for each in domains if each.category is category)
        for category in {each.category for each in domains}
    }
    active = sum(seconds.values()) or totals.get("tracked_minutes", 0) * 60
    given: dict[str, Any] = {"active_seconds": active, "unique_domains": len(seconds)} | totals
    return Figures(Totals(START, END, **given), Totals(BEFORE, START), blocks or Blocks(), domains, categories, hours)


DEEP_WORKER = figures(
    {"github.com": 12000, "docs.python.org": 4000, "app.slack.com": 800},
    tracked_minutes=270,
    engaged_minutes=260,
    context_switches=12,
    deep_work_sessions=3,
    deep_work_seconds=14400,
    blocks=Blocks(high=3, longest_seconds=5400),
    hours=(*(HourTime(hour, 50, 2700) for hour in range(9, 14)), HourTime(14, 20, 900)),
)
SWITCHER = figures(
    {"www.notion.so": 5000, "github.com": 4000, "app.slack.com": 3500, "mail.google.com": 1500},
    unique_domains=24,
    tracked_minutes=240,
    engaged_minutes=220,
    context_switches=160,
    hours=tuple(HourTime(hour, 40, 0) for hour in range(9, 15)),
)
RESEARCHER = figures(
    {"arxiv.org": 10000, "www.notion.so": 3000},
    unique_domains=9,
    tracked_minutes=200,
    engaged_minutes=180,
    context_switches=30,
    deep_work_sessions=2,
    deep_work_seconds=7200,
    blocks=Blocks(high=1, medium=1, longest_seconds=4000),
    hours=(HourTime(10, 50, 1200), HourTime(11, 50, 3300), HourTime(14, 50, 0), HourTime(15, 50, 2700)),
)
COMMUNICATOR = figures(
    {"app.slack.com": 8000, "mail.google.com": 4000, "github.com": 2000},
    unique_domains=7,
    tracked_minutes=230,
    engaged_minutes=225,
    context_switches=50,
    hours=(HourTime(9, 30, 0), *(HourTime(hour, 50, 0) for hour in range(10, 14))),
)
DISTRACTED = figures(
    {"www.youtube.com": 6300, "github.com": 2700},
    unique_domains=18,
    tracked_minutes=150,
    engaged_minutes=75,
    context_switches=60,
    hours=(HourTime(13, 55, 0), HourTime(14, 45, 0), HourTime(23, 50, 0)),
)
HARDLY_THERE = figures({"github.com": 200}, tracked_minutes=4, engaged_minutes=4, hours=(HourTime(9, 4, 0),))
ABSENT = figures({})

PERSONAS = {
    "deep worker": DEEP_WORKER,
    "switcher": SWITCHER,
    "researcher": RESEARCHER,
    "communicator": COMMUNICATOR,
    "distracted": DISTRACTED,
    "hardly there": HARDLY_THERE,
    "absent": ABSENT,
}
