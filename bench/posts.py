"""The posts of browsers: events of people who browse now, made up but repeatable, and the requests they come in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import msgspec

from core.events import RawEvent

ORIGIN = "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb"
_SEED = 7
_DOMAINS = 300
_PAGES = 40
_BURST_ENDS = 0.12
_SESSION_EVENTS = 500
_APART = timedelta(seconds=1)
_TYPES = ("scrollend", "click", "keydown", "keyup", "scrollend", "click", "focus", "blur", "keydown", "keyup")


@dataclass(frozen=True, slots=True)
class Poster:
    """Somebody whose browser posts: their id and API key; None for both: an anonymous one."""

    number: int
    user_id: UUID | None = None
    api_key: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """So many requests of so many events from each poster; `first` events of each came before, from `start` on."""

    posters: Sequence[Poster]
    start: datetime
    size: int
    requests: int
    first: int

    def of(self, host: str, poster: Poster) -> list[bytes]:
        """A poster's requests to a host, whole, as they go over the wire."""
        path = "/api/v1/inayla/behaviors" + ("/batch" if self.size > 1 else "")
        key = f"X-API-Key: {poster.api_key}\r\n" if poster.api_key else ""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) bench\r\n"
            f"Origin: {ORIGIN}\r\nAccept: */*\r\n"
            f"Content-Type: application/json\r\n{key}Content-Length: "
        )
        events = self.events(poster)
        bodies = (self._body([_json(next(events)) for _ in range(self.size)]) for _ in range(self.requests))
        return [f"{head}{len(body)}\r\n\r\n{body}".encode() for body in bodies]

    def events(self, poster: Poster) -> Iterator[RawEvent]:
        """A poster's events, as many as the requests take."""
        domain, page = 0, 0
        rng = Random(f"{_SEED}/{poster.number}/{self.first}")  # noqa: S311 - made-up data, repeatable on purpose
        for number in range(self.first, self.first + self.size * self.requests):
            moment = self.start + number * _APART
            if number == self.first or rng.random() < _BURST_ENDS:
                domain, page = int(_DOMAINS ** rng.random()), rng.randrange(_PAGES)  # few are visited most
            kind = rng.choice(_TYPES)
            click = kind == "click"
            yield RawEvent(
                f"{poster.number:08}-5c1e-4b52-9a3b-{number // _SESSION_EVENTS:012}",
                moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                kind,
                f"https://site-{domain:03}.example.com/pages/{page}?tab=activity",
                poster.user_id,
                rng.randrange(2000) if click else None,
                rng.randrange(1000) if click else None,
            )

    def _body(self, events: Sequence[str]) -> str:
        return events[0] if self.size == 1 else '{"events":[' + ",".join(events) + "]}"


def _json(event: RawEvent) -> str:
    """As `JSON.stringify` writes it: members without a value are left out."""
    members = {name: value for name, value in msgspec.to_builtins(event).items() if value is not None}
    return msgspec.json.encode(members).decode()
