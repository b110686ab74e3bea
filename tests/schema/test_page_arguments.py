"""Page sizes, directions and cursors that make no sense are refused with a sentence."""

from uuid import UUID

import pytest

from core.cursors import encode_cursor
from tests.world import World, at

PERIOD = 'period: {between: {start: "2026-08-03T00:00:00Z", end: "2026-08-04T00:00:00Z"}}'


@pytest.mark.parametrize(
    ("field", "most"),
    [
        ("users", 100),
        ("organizations", 100),
        ("extensionUsers", 100),
        (f"sessions({PERIOD})", 100),
        ("behaviors", 1000),
        ("organization.members", 100),
        ("organization.extensionUsers", 100),
        ("extensionUser.behaviors", 1000),
        (f"extensionUser.sessions({PERIOD})", 100),
    ],
)
async def test_page_sizes_out_of_range_are_refused_with_the_range(world: World, field: str, most: int):
    organization = await world.organization()
    person = await world.recorded(organization)
    asker = await world.super_admin()
    owner, _, name = field.rpartition(".")
    name, _, arguments = name.rstrip(")").partition("(")
    sizes = [f"first: {size}" for size in (0, -1, most + 1)]
    sizes += [f"last: {size}" for size in (0, -1, most + 1)] if name == "behaviors" else []

    for size in sizes:
        selection = f"{name}({arguments}{', ' if arguments else ''}{size}) {{ pageInfo {{ hasNextPage }} }}"
        identifier = {"organization": organization.id, "extensionUser": person.id}.get(owner)
        error = await asker.refused(
            f'{{ {owner}(id: "{identifier}") {{ {selection} }} }}' if owner else f"{{ {selection} }}"
        )

        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": size.partition(":")[0]}
        assert f"between 1 and {most}" in error["message"]


@pytest.mark.parametrize("place", ["first: 1, last: 1", 'first: 1, before: "x"', 'last: 1, after: "x"',
                                   'after: "x", before: "x"'])  # fmt: skip
async def test_a_page_has_one_direction(world: World, place: str):
    asker = await world.super_admin()

    error = await asker.refused(f"{{ behaviors({place}) {{ nodes {{ id }} }} }}")

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "not with both" in error["message"]


NOBODY = UUID(int=0)
MALFORMED_CURSORS = {
    "empty": "",
    "no base64": "?",
    "not ASCII": "é",
    "no JSON": "AAAA",
    "too short": encode_cursor("behaviorsNewestFirst", (at("09:00:00"), NOBODY)),
    "too long": encode_cursor("behaviorsNewestFirst", (at("09:00:00"), NOBODY, NOBODY, NOBODY)),
    "of a wrong type": encode_cursor("behaviorsNewestFirst", (at("09:00:00"), NOBODY, "x")),
    "without a zone": encode_cursor("behaviorsNewestFirst", ("2026-08-03T09:00:00", NOBODY, NOBODY)),
}


# Keys of the same types as the list's own: nothing but the name tells them apart.
FOREIGN_CURSORS = {
    "another list's": encode_cursor("sessions", (at("09:00:00"), NOBODY, NOBODY)),
    "the other order's": encode_cursor("behaviorsOldestFirst", (at("09:00:00"), NOBODY, NOBODY)),
}


async def told(world: World, start: str, cursor: str) -> str:
    """The refusal of a cursor."""
    asker = await world.super_admin()
    error = await asker.refused(f'{{ behaviors({start}: "{cursor}") {{ nodes {{ id }} }} }}')
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    return str(error["message"])


@pytest.mark.parametrize("start", ["after", "before"])
@pytest.mark.parametrize("cursor", MALFORMED_CURSORS.values(), ids=MALFORMED_CURSORS)
async def test_what_is_no_cursor_is_refused(world: World, start: str, cursor: str):
    assert "This is not a cursor of this list." in await told(world, start, cursor)


@pytest.mark.parametrize("start", ["after", "before"])
@pytest.mark.parametrize("cursor", FOREIGN_CURSORS.values(), ids=FOREIGN_CURSORS)
async def test_a_cursor_of_another_list_is_refused_as_such(world: World, start: str, cursor: str):
    assert "This cursor belongs to another list" in await told(world, start, cursor)


async def test_a_cursor_of_the_list_is_taken(world: World):
    asker = await world.super_admin()
    own = encode_cursor("behaviorsNewestFirst", (at("09:00:00"), NOBODY, NOBODY))

    assert await asker.ask(f'{{ behaviors(after: "{own}") {{ nodes {{ id }} }} }}') == {"behaviors": {"nodes": []}}


async def test_a_cursor_with_a_value_that_cannot_be_stored_is_refused(world: World):
    asker = await world.super_admin()
    cursors = {
        "organizations(after: $c)": encode_cursor("organizations", ("a\0", NOBODY)),
        "behaviors(after: $c)": encode_cursor("behaviorsNewestFirst", ("0001-01-01T00:00:00+23:00", NOBODY, NOBODY)),
    }

    for field, cursor in cursors.items():
        error = await asker.refused(f"query ($c: String) {{ {field} {{ nodes {{ __typename }} }} }}", c=cursor)

        assert error["extensions"]["code"] == "BAD_USER_INPUT"
