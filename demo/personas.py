"""The people of the demo: each one's habits as numbers, which `demo.browsing` turns into events."""

from dataclasses import dataclass
from typing import Literal

Manner = Literal["reading", "writing", "clicking"]


@dataclass(frozen=True, slots=True)
class Site:
    """A place someone goes to: pages of one host (`{n}` becomes a number), how often, for how long, to do what."""

    pages: tuple[str, ...]
    weight: float
    stay_minutes: float
    manner: Manner = "reading"


@dataclass(frozen=True, slots=True)
class Persona:
    """A person's habits: times of day are local hours (past 24 means after midnight), lengths are means.

    `day_chances` are the chances of working at all, Monday first. `away_chance` and `idle_chance` are per thing done:
    looking at another window, and doing nothing for minutes. Whoever `checks_in` has a look before the data end,
    at whatever hour that is, unless they were there anyway.
    """

    username: str
    habit: str
    hours: tuple[tuple[float, float], ...]
    day_chances: tuple[float, float, float, float, float, float, float]
    sitting_minutes: float
    break_minutes: float
    pause_seconds: float
    away_chance: float
    idle_chance: float
    sites: tuple[Site, ...]
    checks_in: bool = False


_MAIL = ("https://mail.google.com/mail/u/0/#inbox", "https://mail.google.com/mail/u/0/#sent")
_CHAT = ("https://app.slack.com/client/T024/C{n}",)
_CALENDAR = ("https://calendar.google.com/calendar/u/0/r/week",)
_WIKI = ("https://wiki.example.com/", "https://wiki.example.com/pages/{n}")
_TICKETS = ("https://tickets.example.com/queue", "https://tickets.example.com/t/{n}")
_CODE = (
    "https://github.com/example/engine/pulls",
    "https://github.com/example/engine/pull/{n}",
    "https://github.com/example/engine/issues/{n}",
)
_PYTHON = ("https://docs.python.org/3/library/asyncio.html", "https://docs.python.org/3/library/datetime.html")

PERSONAS: tuple[Persona, ...] = (
    Persona(
        username="noor.haddad",
        habit="Developer: long undisturbed stretches of reviews and documentation, mail only around them.",
        hours=((9.5, 12.5), (13.5, 18.0)),
        day_chances=(0.95, 0.97, 0.97, 0.97, 0.92, 0.06, 0.03),
        sitting_minutes=65,
        break_minutes=64,
        pause_seconds=115,
        away_chance=0.05,
        idle_chance=0.005,
        sites=(
            Site(_CODE, 5, 26, "writing"),
            Site(("http://localhost:8000/docs", "http://localhost:8000/admin/{n}"), 2, 14, "clicking"),
            Site(_PYTHON, 3, 20),
            Site(("https://stackoverflow.com/questions/{n}",), 1, 9),
            Site(_MAIL, 0.4, 5, "writing"),
        ),
    ),
    Persona(
        username="amara.okafor",
        habit="Team lead: a few minutes between meetings, spread over mail, chat, calendar and wiki, evenings too.",
        hours=((8.0, 12.0), (12.75, 17.5), (20.5, 21.25)),
        day_chances=(0.97, 0.97, 0.97, 0.97, 0.95, 0.2, 0.25),
        sitting_minutes=11,
        break_minutes=62,
        pause_seconds=60,
        away_chance=0.08,
        idle_chance=0.01,
        sites=(
            Site(_MAIL, 4, 2.5, "writing"),
            Site(_CHAT, 5, 2.0, "writing"),
            Site(_CALENDAR, 3, 1.2, "clicking"),
            Site(_WIKI, 1.5, 2.5),
            Site(_TICKETS, 1, 1.5, "clicking"),
            Site(_CODE, 0.7, 2.0),
        ),
        checks_in=True,
    ),
    Persona(
        username="ines.carvalho",
        habit="Researcher, four days a week: reads papers and documentation slowly, takes notes, starts late.",
        hours=((10.0, 13.0), (14.25, 19.0)),
        day_chances=(0.95, 0.95, 0.95, 0.9, 0.05, 0.1, 0.12),
        sitting_minutes=48,
        break_minutes=32,
        pause_seconds=112,
        away_chance=0.06,
        idle_chance=0.025,
        sites=(
            Site(("https://arxiv.org/list/cs.LG/recent", "https://arxiv.org/abs/2501.{n}"), 4, 16),
            Site(("https://scholar.google.com/scholar?q=attention+span",), 2, 5),
            Site(("https://www.nature.com/articles/s41562-{n}",), 2, 14),
            Site(("https://www.overleaf.com/project/{n}",), 2.5, 20, "writing"),
            Site(("https://jupyter.example.com:8888/lab/tree/notes-{n}.ipynb",), 1.5, 15, "writing"),
            Site(_MAIL, 0.8, 4, "writing"),
        ),
    ),
    Persona(
        username="tomas.novak",
        habit="Support agent, early shift and one Saturday in three: ticket after ticket, looking things up between.",
        hours=((7.0, 11.0), (11.5, 15.25)),
        day_chances=(0.96, 0.96, 0.93, 0.93, 0.93, 0.33, 0.02),
        sitting_minutes=34,
        break_minutes=52,
        pause_seconds=110,
        away_chance=0.07,
        idle_chance=0.02,
        sites=(
            Site(_TICKETS, 6, 7, "writing"),
            Site(_WIKI, 2.5, 4),
            Site(("https://shop.example.com:8443/orders/{n}",), 2.5, 4, "clicking"),
            Site(_MAIL, 1, 4, "writing"),
            Site(_CHAT, 1, 3, "writing"),
        ),
        checks_in=True,
    ),
    Persona(
        username="mei.tanaka",
        habit="Designer and night owl: begins after lunch, does the best work past nine, and on many Saturdays.",
        hours=((13.5, 17.5), (20.75, 25.25)),
        day_chances=(0.85, 0.93, 0.93, 0.95, 0.88, 0.5, 0.1),
        sitting_minutes=52,
        break_minutes=64,
        pause_seconds=105,
        away_chance=0.06,
        idle_chance=0.015,
        sites=(
            Site(("https://www.figma.com/files/recent", "https://www.figma.com/design/{n}"), 6, 24, "clicking"),
            Site(("https://dribbble.com/shots/popular", "https://dribbble.com/shots/{n}"), 2, 7),
            Site(("https://fonts.google.com/", "https://fonts.google.com/specimen/Inter"), 1.5, 6, "clicking"),
            Site(_CHAT, 1, 4, "writing"),
            Site(("https://www.notion.so/Brand-{n}",), 1.5, 9, "writing"),
        ),
        checks_in=True,
    ),
    Persona(
        username="liam.byrne",
        habit="Newcomer: means to read the handbook, drifts to videos and news, and stares out of the window.",
        hours=((9.0, 12.25), (13.25, 17.0)),
        day_chances=(0.9, 0.92, 0.92, 0.92, 0.85, 0.15, 0.12),
        sitting_minutes=19,
        break_minutes=22,
        pause_seconds=88,
        away_chance=0.1,
        idle_chance=0.13,
        sites=(
            Site(_WIKI, 4, 5),
            Site(("https://www.youtube.com/", "https://www.youtube.com/watch?v={n}"), 2.5, 6, "clicking"),
            Site(("https://www.reddit.com/", "https://www.reddit.com/r/programming/comments/{n}"), 2, 3.5),
            Site(("https://news.ycombinator.com/", "https://news.ycombinator.com/item?id={n}"), 1.5, 3),
            Site(_PYTHON, 2, 6),
            Site(_CHAT, 2, 2, "writing"),
            Site(_CODE, 1.5, 5),
        ),
    ),
)
