"""Benchmark of GraphQL: `python -m bench.graphql` prints it.

The service, the same with graphql-core's executor alone (`COLUMNAR_EXECUTOR=false`), and a bare ASGI application that
answers the same bytes (bench/canned_answers.py): each as it is run, in one process, asked in turns over one connection.
A dashboard is compared with its own statements, sent by bare asyncpg, as many at a time as one request may send.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import orjson
import typer

from bench import dashboard, servers
from bench.client import Client, RequestCost, connected
from bench.dashboard import Question
from bench.events import browsing, store, until
from bench.section import Bench, Options, Section, Target, console, table
from bench.service import execute, fresh_database, serving, up_to_date
from db import embedded
from db.engine import Database
from resolvers.batches import STATEMENTS_AT_ONCE
from tests.statement_hooks import watch_statements
from tests.world import PASSWORD, Asker

OURS, STOCK, CANNED = "web-behavior", "graphql-core's executor", "bare ASGI, same bytes"
_SQL = "its statements by bare asyncpg"
PAGE, NEWEST, SMALL, DASHBOARD = "Page", "Newest", "Small", "Dashboard"
ROUNDS = 5
TIMES = {PAGE: 20, NEWEST: 10, SMALL: 200, DASHBOARD: 10}
_WARM_UP = 10
"""How often each is asked beforehand, so that every connection knows its statements."""
_ROWS = 1000
_FIELDS = "nodes { id uuid sessionId ts type url domain receivedAt }"
_DOCUMENTS = {
    PAGE: f"query {PAGE}($id: ID!) {{ extensionUser(id: $id) {{ behaviors(first: {_ROWS}) {{ {_FIELDS} }} }} }}",
    NEWEST: f"query {NEWEST} {{ behaviors(first: {_ROWS}) {{ {_FIELDS} }} }}",
    SMALL: f"query {SMALL} {{ viewer {{ username }} }}",
    DASHBOARD: dashboard.QUERY % "extensionUser",
}
_TITLES = {
    PAGE: f"a person's newest {_ROWS} behaviors, 8 fields each",
    NEWEST: f"everybody's newest {_ROWS} behaviors, 8 fields each",
    SMALL: "`viewer { username }`",
    DASHBOARD: "the dashboard of one person, 30 days",
}
_PICTURED = {
    PAGE: f"{_ROWS} behaviors of a person",
    NEWEST: f"{_ROWS} behaviors of everybody",
    SMALL: "viewer { username }",
    DASHBOARD: "a person's dashboard",
}
_LOGIN = "mutation Login($input: LoginInput!) { login(input: $input) { ... on LoginSuccess { accessToken } } }"
_ADMIN = "bench"
_PAGE_SECONDS, _TIMES_STOCK, _SMALL_SECONDS, _OVERHEAD = 0.015, 4, 0.001, 0.25

Statement = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class GraphQLResults:
    """The times of queries, by query and system; medians.

    `sql`: the seconds of the dashboard's statements alone, some at a time; `in_a_row`: one after the other.
    """

    asked: Mapping[str, Mapping[str, RequestCost]]
    sql: float
    in_a_row: float
    statements: int
    events: int

    @property
    def overhead(self) -> float:
        """The part by which the dashboard takes longer than its SQL: 0.25 is a quarter."""
        return self.asked[DASHBOARD][OURS].latency / self.sql - 1

    @property
    def times_faster(self) -> float:
        """The factor by which graphql-core's executor takes longer for a page, SQL included."""
        return self.asked[PAGE][STOCK].latency / self.asked[PAGE][OURS].latency


async def measure(bench: Bench) -> Section:
    """GraphQL's part of the benchmark."""
    return section(await answered(bench.server_url, bench.folder, min(bench.options.events)))


async def answered(
    server_url: str, folder: Path, events: int, rounds: int = ROUNDS, times: Mapping[str, int] = TIMES
) -> GraphQLResults:
    """Store so many events in a database of their own, and ask about them; so many times each query in each round."""
    async with fresh_database(server_url, "bench_graphql") as url:
        async with serving(url, folder, rollups=True) as service:
            company = await service.company()
            people = [person.id for person in company.people]
            await store(service.services, browsing(people, events, until()), events, f"{events:,} events")
            await up_to_date(service.services.database)
            user = await service.world.user_with_password(_ADMIN, is_super_admin=True)
            question = Question("extensionUser", company.person.id, until())
            statements = await _statements(service.services.database, await service.world.sign_in(user), question)
        await execute(url, "VACUUM ANALYZE")
        bodies = {name: _body(name, question) for name in _DOCUMENTS}
        async with AsyncExitStack() as stack:
            systems, headers = await asyncio.to_thread(_start, stack.enter_context(ExitStack()), url, folder, bodies)
            database = [await stack.enter_async_context(_Connected(url)) for _ in range(STATEMENTS_AT_ONCE)]
            for _ in range(_WARM_UP):
                await _replay(statements, database)
                await _replay(statements, database[:1])
            asked, sql, in_a_row = [], [], []
            for _ in range(rounds):
                asked.append(await asyncio.to_thread(_round, systems, bodies, headers, times))
                sql += [await _replay(statements, database) for _ in range(times[DASHBOARD])]
                in_a_row += [await _replay(statements, database[:1]) for _ in range(times[DASHBOARD])]
        return GraphQLResults(_medians(asked), median(sql), median(in_a_row), len(statements), events)


def _body(name: str, question: Question) -> bytes:
    period = {"between": {"start": question.start.isoformat(), "end": question.end.isoformat()}}
    variables = {"id": str(question.id), "period": period} if name in {PAGE, DASHBOARD} else {}
    return orjson.dumps({"query": _DOCUMENTS[name], "operationName": name, "variables": variables})


def _start(
    stack: ExitStack, url: str, folder: Path, bodies: Mapping[str, bytes]
) -> tuple[dict[str, Client], dict[str, str]]:
    """The systems, running and warm, and the headers that sign a request in."""
    secret = {"JWT_SECRET": "only for the benchmark, which is not served"}  # the same for both
    ours = _client(stack, servers.service(url, folder, **secret))
    stock = _client(stack, servers.service(url, folder, **secret, COLUMNAR_EXECUTOR="false"))
    login = {"query": _LOGIN, "variables": {"input": {"username": _ADMIN, "password": PASSWORD}}}
    token = orjson.loads(ours.post("/graphql", orjson.dumps(login), {}))["data"]["login"]["accessToken"]
    headers = {"Authorization": f"Bearer {token}"}
    answers = folder / "answers"
    answers.mkdir()
    for name, body in bodies.items():
        answer = ours.post("/graphql", body, headers)
        if answer != stock.post("/graphql", body, headers) or b'"errors"' in answer:
            raise ValueError(f"{name} is answered differently, or wrong")
        (answers / name).write_bytes(answer)
    canned = _client(stack, servers.bare("bench.canned_answers:create", ANSWERS=str(answers)))
    systems = {OURS: ours, STOCK: stock, CANNED: canned}
    _round(systems, bodies, headers, dict.fromkeys(bodies, _WARM_UP))
    return systems, headers


def _client(stack: ExitStack, server: AbstractContextManager[servers.Server]) -> Client:
    return stack.enter_context(connected(stack.enter_context(server)))


def _round(
    systems: Mapping[str, Client], bodies: Mapping[str, bytes], headers: Mapping[str, str], times: Mapping[str, int]
) -> dict[tuple[str, str], RequestCost]:
    return {
        (query, name): client.ask(times[query], "/graphql", body, headers)
        for query, body in bodies.items()
        for name, client in systems.items()
    }


def _medians(rounds: Sequence[Mapping[tuple[str, str], RequestCost]]) -> dict[str, dict[str, RequestCost]]:
    found: dict[str, dict[str, RequestCost]] = {}
    for query, name in rounds[0]:
        each = [asked[query, name] for asked in rounds]
        found.setdefault(query, {})[name] = RequestCost(
            median(asked.latency for asked in each), median(asked.cpu for asked in each)
        )
    return found


async def _statements(database: Database, asker: Asker, question: Question) -> list[Statement]:
    """The SQL that a dashboard's answer takes, with its parameters, in the order in which it is sent."""
    found: list[Statement] = []

    def note(sql: str, parameters: tuple[Any, ...]) -> None:
        found.append((sql, parameters))

    await dashboard.ask(asker, question)
    with watch_statements([database], note):
        await dashboard.ask(asker, question)
    return found


class _Connected:
    """A connection of bare asyncpg with the service's settings."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> Any:
        settings = {"timezone": "UTC", "work_mem": "32MB", "random_page_cost": "1.1", "jit": "off"}
        self._connection = await asyncpg.connect(self._url, server_settings=settings, max_cacheable_statement_size=0)
        return self._connection

    async def __aexit__(self, *_error: object) -> None:
        await self._connection.close()


async def _replay(statements: Sequence[Statement], connections: Sequence[Any]) -> float:
    """The seconds of the statements: first viewer and person, then the others as connections are free."""
    waiting = iter(statements)
    began = time.perf_counter()
    for sql, parameters in (next(waiting), next(waiting)):
        await connections[0].fetch(sql, *parameters)

    async def work(connection: Any) -> None:
        for sql, parameters in waiting:
            await connection.fetch(sql, *parameters)

    await asyncio.gather(*map(work, connections))
    return time.perf_counter() - began


def section(found: GraphQLResults) -> Section:
    """Return the results as a section of the page."""
    page, small = found.asked[PAGE][OURS], found.asked[SMALL][OURS]
    rows = [
        [_TITLES[query], *(f"{_ms(asked[name].latency)} ({_ms(asked[name].cpu)})" for name in (OURS, STOCK, CANNED))]
        for query, asked in found.asked.items()
    ]
    return Section(
        [
            f"Medians, of {found.events:,} events: until the answer is read (processor time of the server).",
            "",
            *table(["", OURS, STOCK, CANNED], rows),
            "",
            (
                f"The dashboard's {found.statements} statements take bare asyncpg {_ms(found.sql)}, "
                f"{STATEMENTS_AT_ONCE} at a time; {_ms(found.in_a_row)} one after the other."
            ),
        ],
        [
            Target(f"{_TITLES[PAGE]}, ≤ {_ms(_PAGE_SECONDS)}", _ms(page.latency), page.latency <= _PAGE_SECONDS),
            Target(
                f"the same, ≥ {_TIMES_STOCK} × faster than with graphql-core's executor",
                f"{found.times_faster:.1f} ×",
                found.times_faster >= _TIMES_STOCK,
            ),
            Target(
                f"{_TITLES[SMALL]}, ≤ {_ms(_SMALL_SECONDS)} of processor time",
                _ms(small.cpu),
                small.cpu <= _SMALL_SECONDS,
            ),
            Target(
                f"a dashboard takes ≤ {_OVERHEAD:.0%} more than its SQL",
                f"{found.overhead:.0%}",
                found.overhead <= _OVERHEAD,
            ),
        ],
        lambda figure: _draw(figure, found),
    )


def _draw(figure: Any, found: GraphQLResults) -> None:
    """A query each, since they differ by a factor of fifty."""
    seen: dict[str, Any] = {}
    colors = {OURS: "tab:blue", STOCK: "tab:orange", CANNED: "tab:gray", _SQL: "tab:green"}
    for axis, (query, asked) in zip(figure.subplots(1, len(found.asked)), found.asked.items(), strict=True):
        bars = {name: each.latency * 1000 for name, each in asked.items()}
        if query == DASHBOARD:
            bars[_SQL] = found.sql * 1000
        drawn = axis.bar(list(bars), list(bars.values()), color=[colors[name] for name in bars])
        seen |= zip(bars, drawn, strict=True)
        axis.bar_label(drawn, fmt="%.1f", padding=2)
        axis.set_title(_PICTURED[query], fontsize=10)
        axis.set_xticks([])
        axis.margins(y=0.1)
    figure.axes[0].set_ylabel("milliseconds (median)")
    figure.legend(seen.values(), seen, loc="outside lower center", ncols=len(seen))


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def main(events: int = 300_000) -> None:
    """Measure, and print the figures."""
    with tempfile.TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own for root
        bench = Bench(embedded.start(Path(folder) / "pg"), Path(folder), Options((events,)))
        found = asyncio.run(measure(bench))
    console.print("\n".join(found.lines))
    for target in found.targets:
        console.print(f"{'met' if target.met else 'MISSED'}: {target.goal}: {target.reached}")


if __name__ == "__main__":
    typer.run(main)
