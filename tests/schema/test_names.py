"""Names in any form: José composed or not, MÜLLER and müller; who has them, who finds them, who signs in with them."""

from typing import Any

import pytest
from sqlalchemy import text

from core.roles import Role
from db.queries import users
from tests.auth.test_login import LOGIN
from tests.conftest import StatementCounter
from tests.schema.membership_offers import ADD
from tests.schema.sample_tenants import run
from tests.schema.test_extension_user_mutations import CREATE, UPDATE
from tests.world import PASSWORD, Asker, World

COMPOSED, DECOMPOSED = "José Müller", "Jose\u0301 Mu\u0308ller"
FORMS = [COMPOSED, DECOMPOSED, "JOSÉ MÜLLER", "  jose\u0301 mu\u0308LLER ", "José\u00a0Müller"]
CREATE_USER = """mutation ($input: CreateUserInput!) { createUser(input: $input) {
    __typename ... on CreateUserSuccess { user { username } } ... on Error { message }
} }"""
SEARCHES = """query ($search: String!) {
    users(search: $search) { nodes { username } totalCount }
    organizations(search: $search) { nodes { name } totalCount }
    extensionUsers(where: {search: $search}) { nodes { username } totalCount }
}"""


async def sign_in(world: World, username: str, password: str = PASSWORD) -> str | None:
    """The name of who is signed in by a username; None for nobody."""
    answer: dict[str, Any] = (await world.stranger.ask(LOGIN, username=username, password=password))["login"]
    return answer["viewer"]["username"] if "viewer" in answer else None


@pytest.fixture
async def admin(world: World) -> Asker:
    return await world.super_admin()


async def test_an_accounts_name_is_composed_and_taken_in_every_form(world: World, admin: Asker):
    made = await run(admin, CREATE_USER, username=f" {DECOMPOSED} ", password=PASSWORD)
    again = [await run(admin, CREATE_USER, username=form, password=PASSWORD) for form in FORMS]

    assert made["user"]["username"] == COMPOSED
    assert {answer["__typename"] for answer in again} == {"NameTaken"}
    assert [await sign_in(world, form) for form in FORMS] == [COMPOSED] * len(FORMS)
    assert await sign_in(world, "Jose Muller") is None


async def test_a_persons_name_is_taken_in_every_form_within_the_organization(world: World, admin: Asker):
    ours, theirs = await world.organization(), await world.organization()
    person = await run(admin, CREATE, organizationId=str(ours.id), username=DECOMPOSED)
    other = await run(admin, CREATE, organizationId=str(ours.id), username="Ada")

    again = [await run(admin, CREATE, organizationId=str(ours.id), username=form) for form in FORMS]
    renamed = [await run(admin, UPDATE, id=other["extensionUser"]["id"], username=form) for form in FORMS]
    own = await run(admin, UPDATE, id=person["extensionUser"]["id"], username="JOSÉ MÜLLER")
    elsewhere = await run(admin, CREATE, organizationId=str(theirs.id), username=COMPOSED)

    assert person["extensionUser"]["username"] == COMPOSED
    assert {answer["__typename"] for answer in [*again, *renamed]} == {"NameTaken"}
    assert own["extensionUser"]["username"] == "JOSÉ MÜLLER"
    assert elsewhere["__typename"] == "CreateExtensionUserSuccess"


@pytest.mark.parametrize("search", ["josé", "JOSE\u0301", "é MÜ", "é\u00a0mu\u0308", "\u200dlle"])
async def test_names_are_found_by_any_form_of_a_part_of_them(world: World, admin: Asker, search: str):
    organization = await world.organization(COMPOSED)
    await world.user(COMPOSED)
    await world.recorded(organization, COMPOSED)

    found = await admin.ask(SEARCHES, search=search)
    nothing = await admin.ask(SEARCHES, search="jose")
    too_long = await admin.ask(SEARCHES, search="\u0301\u0323" * 20_000)

    names = {"users": "username", "organizations": "name", "extensionUsers": "username"}
    assert found == {field: {"nodes": [{name: COMPOSED}], "totalCount": 1} for field, name in names.items()}
    assert nothing == too_long == {field: {"nodes": [], "totalCount": 0} for field in names}


async def test_pages_go_through_names_whatever_their_form(world: World, admin: Asker):
    for name in ("zoe", "Émile", "E\u0301mil", "émilie", "Zo"):
        await world.organization(name)
    query = """query ($after: String) { organizations(first: 1, after: $after) {
        nodes { name } pageInfo { endCursor hasNextPage } } }"""

    seen, after = [], None
    while True:
        page = (await admin.ask(query, after=after))["organizations"]
        seen += [node["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    whole = await admin.ask("{ organizations(first: 10) { nodes { name } } }")
    assert seen == [node["name"] for node in whole["organizations"]["nodes"]]
    assert len(seen) == 5


async def test_membership_is_offered_to_a_name_in_any_form(world: World, admin: Asker):
    organization = await world.organization()
    jose = await world.sign_in(await world.user(COMPOSED))

    made = await run(admin, ADD, organizationId=str(organization.id), username=DECOMPOSED, role=Role.VIEWER.name)
    again = [
        await run(admin, ADD, organizationId=str(organization.id), username=form, role=Role.VIEWER.name)
        for form in FORMS
    ]
    offers = await jose.ask("{ membershipOffers { nodes { username } } }")

    assert made["__typename"] == "AddMemberSuccess"
    assert {answer["__typename"] for answer in again} == {"AlreadyOffered"}
    assert offers["membershipOffers"]["nodes"] == [{"username": COMPOSED}]


@pytest.fixture
async def namesakes(world: World) -> list[users.UserRow]:
    """Two accounts of one name, as a database from before may have them: the older one is decomposed."""
    rows = []
    for number, name in enumerate((DECOMPOSED, COMPOSED)):
        password_hash = await world.services.passwords.hash(f"{PASSWORD} {number}")
        async with world.services.database.write() as db:
            values = {"name": name, "hash": password_hash, "shares": number > 0}
            statement = text("""
                INSERT INTO users (username, password_hash, normalized_username, shares_name)
                VALUES (:name, :hash, 'josé müller', :shares) RETURNING id
            """)
            user_id = await db.scalar(statement, values)
            rows.append((await users.by_ids(db, [user_id]))[user_id])
    return rows


async def test_accounts_that_share_a_name_both_sign_in_and_no_third_one_is_added(
    world: World, admin: Asker, namesakes: list[users.UserRow]
):
    older, newer = [f"{PASSWORD} {number}" for number in range(2)]

    signed_in = [await sign_in(world, DECOMPOSED, older), await sign_in(world, COMPOSED, newer)]
    by_other_forms = [await sign_in(world, "JOSÉ MÜLLER", password) for password in (older, newer)]
    third = [await run(admin, CREATE_USER, username=form, password=PASSWORD) for form in FORMS]
    async with world.services.database.write() as db:
        await db.execute(text("DELETE FROM users WHERE id = :id"), {"id": namesakes[0].id})
    fourth = await run(admin, CREATE_USER, username=DECOMPOSED, password=PASSWORD)

    assert signed_in == [DECOMPOSED, COMPOSED]
    assert by_other_forms == [DECOMPOSED, None]
    assert {answer["__typename"] for answer in [*third, fourth]} == {"NameTaken"}


async def test_looking_a_name_up_takes_the_same_statements_whether_somebody_has_it_or_not(
    world: World, statements: StatementCounter
):
    await world.user(COMPOSED)
    asked = []
    for name in (DECOMPOSED, "nobody", "x" * 1020, "\u0301" * 50_000):
        statements.clear()
        assert await sign_in(world, name, "a wrong password") is None
        asked.append(len(statements))

    assert asked[0] == asked[1] == asked[2]
    assert asked[3] <= asked[0]
