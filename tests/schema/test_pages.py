"""Paging: every list, walked from end to end in small steps, is the list."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.roles import Role
from db.queries import memberships
from tests.world import Asker, World, raw

# Ties, names that differ only in case, and letters beyond ASCII.
NAMES = ["alpha", "Beta", "beta", "BETA", "Ärger", "ärger", "Zoë", "zoe", "_x", "中文", "İstanbul", "ß", "ẞ"]
UNIQUE_NAMES = ["alpha", "Beta", "gamma", "Ärger", "Zoë", "zoe", "_x", "100%", "中文", "İstanbul", "ß", "Ωmega"]
PERIOD = 'period: {between: {start: "2026-08-03T00:00:00Z", end: "2026-08-04T00:00:00Z"}}'


@dataclass(frozen=True)
class List:
    """A list of the schema: where it stands in a query, its arguments and what tells its elements apart."""

    path: tuple[str, ...]
    node: str
    arguments: str = ""
    counted: bool = True

    def query(self, place: str) -> str:
        """A query for the page at `place`."""
        *outer, field = self.path
        arguments = ", ".join(part for part in (self.arguments, place) if part)
        count = "totalCount" if self.counted else ""
        info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
        given = f"({arguments})" if arguments else ""
        selection = f"{field}{given} {{ {info} nodes {self.node} edges {{ cursor node {self.node} }} {count} }}"
        for name in reversed(outer):
            selection = f"{name} {{ {selection} }}"
        return f"query {'($cursor: String)' if '$cursor' in place else ''} {{ {selection} }}"

    async def page(self, asker: Asker, place: str = "", cursor: str | None = None) -> dict[str, Any]:
        """The page at `place`, in which `$cursor` may stand."""
        found: Any = await asker.ask(self.query(place), cursor=cursor)
        for name in self.path:
            found = found[name.partition("(")[0]]
        assert [edge["node"] for edge in found["edges"]] == found["nodes"]
        page: dict[str, Any] = found
        return page


async def walk(asker: Asker, which: List, size: int, *, backward: bool = False) -> list[Any]:
    """The elements of the list, fetched page by page."""
    take, start, more, edge = ("last", "before", "hasPreviousPage", "startCursor") if backward else (
        "first", "after", "hasNextPage", "endCursor")  # fmt: skip
    found: list[Any] = []
    place, cursor = f"{take}: {size}", None
    while True:
        page = await which.page(asker, place, cursor)
        found = page["nodes"] + found if backward else found + page["nodes"]
        info = page["pageInfo"]
        if page["edges"]:
            assert (info["startCursor"], info["endCursor"]) == (page["edges"][0]["cursor"], page["edges"][-1]["cursor"])
        assert info["hasNextPage" if backward else "hasPreviousPage"] == (start in place)
        if not info[more]:
            return found
        assert len(page["nodes"]) == size
        place, cursor = f"{take}: {size}, {start}: $cursor", info[edge]


async def fill(world: World) -> tuple[Asker, UUID, UUID]:
    """A super admin in a full world, an organization and one of its people."""
    for name in NAMES:
        await world.organization(name)
    organization = await world.organization("The organization")
    people = [await world.recorded(organization, name) for name in UNIQUE_NAMES]
    async with world.services.database.write() as db:
        for name in UNIQUE_NAMES:
            user = await world.user(name)
            await memberships.add(db, organization.id, user.id, Role.VIEWER)  # in one moment: all join at once
        await db.execute(text("UPDATE memberships SET joined_at = '2026-08-01T00:00:00Z'"))
    for person in [*people[:3], None]:
        await world.browse(
            person,
            *[raw(f"09:00:0{second}", session=f"s{session}") for second in (0, 1) for session in range(3)],
            raw("09:00:00.000001", session="s0"),
        )
    return await world.super_admin(), organization.id, people[0].id


async def lists(world: World) -> tuple[Asker, dict[str, List]]:
    """Every list of the schema."""
    asker, organization, person = await fill(world)
    of_organization, of_person = f'organization(id: "{organization}")', f'extensionUser(id: "{person}")'
    event = "{ id sessionId ts }"
    session = "{ sessionId extensionUser { id } start }"
    return asker, {
        "users": List(("users",), "{ id username }"),
        "organizations": List(("organizations",), "{ id name }"),
        "found organizations": List(("organizations",), "{ id name }", 'search: "BET"'),
        "extensionUsers": List(("extensionUsers",), "{ id username }"),
        "extensionUsers of one": List((of_organization, "extensionUsers"), "{ id username }"),
        "members": List((of_organization, "members"), "{ user { id username } }"),
        "behaviors": List(("behaviors",), event, counted=False),
        "oldest behaviors": List(("behaviors",), event, "orderBy: OLDEST_FIRST", counted=False),
        "behaviors of one": List((of_person, "behaviors"), event, counted=False),
        "oldest behaviors of one": List((of_person, "behaviors"), event, "orderBy: OLDEST_FIRST", counted=False),
        "sessions": List(("sessions",), session, PERIOD, counted=False),
        "sessions of one": List((of_person, "sessions"), session, PERIOD, counted=False),
    }


LENGTHS = {
    "users": len(UNIQUE_NAMES) + 1,
    "organizations": len(NAMES) + 1,
    "found organizations": 3,
    "extensionUsers": len(UNIQUE_NAMES),
    "extensionUsers of one": len(UNIQUE_NAMES),
    "members": len(UNIQUE_NAMES),
    "behaviors": 28,
    "oldest behaviors": 28,
    "behaviors of one": 7,
    "oldest behaviors of one": 7,
    "sessions": 12,
    "sessions of one": 3,
}


async def test_pages_add_up_to_the_list(world: World):
    asker, everything = await lists(world)

    assert set(everything) == set(LENGTHS)
    for name, which in everything.items():
        whole = await which.page(asker, "first: 100")
        assert len(whole["nodes"]) == LENGTHS[name], name
        assert len({str(node) for node in whole["nodes"]}) == LENGTHS[name], name
        assert whole["pageInfo"]["hasNextPage"] is False, name
        assert whole.get("totalCount", LENGTHS[name]) == LENGTHS[name], name
        for size in (1, 4):
            assert await walk(asker, which, size) == whole["nodes"], name


async def test_behaviors_are_walked_backward_too(world: World):
    asker, everything = await lists(world)

    for name, which in everything.items():
        if "behaviors" in name:
            whole = await which.page(asker)
            assert await walk(asker, which, 1, backward=True) == whole["nodes"], name
            assert await walk(asker, which, 3, backward=True) == whole["nodes"], name


async def test_lists_are_sorted_as_they_say(world: World):
    asker, everything = await lists(world)

    async def column(name: str, member: str) -> list[str]:
        page = await everything[name].page(asker)
        return [node[member] for node in page["nodes"]]

    newest, oldest = await column("behaviors", "ts"), await column("oldest behaviors", "ts")
    starts = await column("sessions", "start")
    assert newest == sorted(newest, reverse=True)
    assert oldest == sorted(oldest) == newest[::-1]
    assert starts == sorted(starts, reverse=True)
    assert [name.lower() for name in await column("found organizations", "name")] == ["beta"] * 3
    assert await column("oldest behaviors", "id") == (await column("behaviors", "id"))[::-1]


async def test_an_empty_list_has_an_empty_page(world: World):
    asker = await world.sign_in(await world.user())
    which = List(("behaviors",), "{ id }", counted=False)

    page = await which.page(asker)

    nowhere = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert page == {"pageInfo": nowhere, "nodes": [], "edges": []}


async def test_the_page_after_the_last_element_is_empty(world: World):
    asker = await world.super_admin()
    await world.organization("Alone")
    which = List(("organizations",), "{ name }")
    last = (await which.page(asker))["pageInfo"]["endCursor"]

    page = await which.page(asker, "after: $cursor", last)

    assert (page["nodes"], page["totalCount"]) == ([], 1)
    assert (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]) == (True, False)
