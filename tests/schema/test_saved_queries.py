"""Saved queries: saved by admins, run by members by their id, with their own rights, through the same gate as all."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.ids import encode_node_id
from core.limits import DOCUMENT_CHARACTERS
from core.roles import Role
from db.queries.saved_queries import SavedQueryRow
from execution.documents import saved
from execution.documents.document_cache import DocumentCache
from execution.documents.limits import DocumentLimits
from execution.documents.saved import SavedDocuments
from execution.documents.trusted import TrustedDocuments
from resolvers import saved_queries
from schema.build import schema
from tests.execution.policy_applications import another
from tests.execution.test_trusted_documents import digest
from tests.schema.sample_tenants import run
from tests.world import Asker, World

RESULT = "__typename ... on Error { message } ... on InvalidInput { field }"
SAVED = "savedQuery { id documentId name document variables isValid problem organization { name } }"
SAVE = f"""mutation ($input: SaveQueryInput!) {{
    saveQuery(input: $input) {{ {RESULT} ... on SaveQuerySuccess {{ {SAVED} }} }}
}}"""
UPDATE = f"""mutation ($input: UpdateSavedQueryInput!) {{
    updateSavedQuery(input: $input) {{ {RESULT} ... on UpdateSavedQuerySuccess {{ {SAVED} }} }}
}}"""
DELETE = """mutation ($input: DeleteSavedQueryInput!) {
    deleteSavedQuery(input: $input) { __typename ... on DeleteSavedQuerySuccess { deletedId } }
}"""
LIST = """query ($id: ID!) { organization(id: $id) { savedQueries { nodes { name isValid problem } } } }"""
LOG = "{ auditLog { nodes { action details { name value } } } }"
VIEWER = "{ viewer { username } }"
TOTAL = """query Total($id: ID!, $period: Period!, $zone: TimeZone! = "UTC") {
    organization(id: $id) { name usage(period: $period, timezone: $zone) { total { events } timezone } }
}"""
COSTLY = """query ($n: Int! = 1) { usage(period: {last: "P400D"}) {
    a: groups(by: URL, first: $n) { ...G }
    b: groups(by: URL, first: $n) { ...G }
} }
fragment G on UsageGroupConnection { nodes { series(every: HOUR) { measures { events } } } }"""
MONTH = {"preset": "LAST_30_DAYS"}


def query_id(row: SavedQueryRow) -> str:
    """The opaque id of a saved query."""
    return encode_node_id("SavedQuery", row.id.bytes)


async def sent(asker: Asker, **request: Any) -> dict[str, Any]:
    """The answer to a request as it is written."""
    headers = {"Authorization": f"Bearer {asker.token}"} if asker.token else {}
    answer: dict[str, Any] = (await asker.http.post("/graphql", json=request, headers=headers)).json()
    return answer


async def run_saved(asker: Asker, row: SavedQueryRow, **variables: Any) -> dict[str, Any]:
    """The answer to a saved query with variables of one's own."""
    return await sent(asker, documentId=f"x-saved:{row.id}", variables=variables)


def code_of(answer: dict[str, Any]) -> str:
    """The code of the error that refuses a request."""
    found: str = answer["errors"][0]["extensions"]["code"]
    return found


async def test_a_query_is_saved_changed_and_deleted(world: World):
    acme = await world.organization("Acme")
    admin = await world.member(acme)
    variables = {"id": str(acme.id), "period": MONTH}

    made = await run(admin, SAVE, organizationId=str(acme.id), name=" Total ", document=TOTAL, variables=variables)
    found = made["savedQuery"]
    changed = await run(admin, UPDATE, id=found["id"], name="Whole", variables={"id": "x"})
    deleted = await run(admin, DELETE, id=found["id"])
    again = await run(admin, DELETE, id=found["id"])

    assert found == {
        "id": found["id"],
        "documentId": found["documentId"],
        "name": "Total",
        "document": TOTAL,
        "variables": variables,
        "isValid": True,
        "problem": None,
        "organization": {"name": "Acme"},
    }
    assert changed["savedQuery"] == found | {"name": "Whole", "variables": {"id": "x"}}
    assert deleted["deletedId"] == found["id"]
    assert again == {"__typename": "NotFound"}
    entries = (await admin.ask(LOG))["auditLog"]["nodes"]
    assert [entry["action"] for entry in entries] == ["SAVED_QUERY_DELETED", "SAVED_QUERY_UPDATED", "QUERY_SAVED"]
    assert [detail["name"] for entry in entries for detail in entry["details"]] == ["savedQueryId"] * 3


@pytest.mark.parametrize(
    ("members", "field", "message"),
    [
        ({"name": ""}, "name", "must not be empty"),
        ({"document": ""}, "document", "Syntax Error"),
        ({"document": "{ viewer {"}, "document", "Syntax Error"),
        ({"document": "{ viewer { salary } }"}, "document", "Cannot query field 'salary' on type 'User'"),
        ({"document": "mutation { logout { __typename } }"}, "document", "Only queries are saved"),
        ({"document": "query A { __typename } query B { __typename }"}, "document", "A saved query is one operation"),
        ({"document": "query A { __typename } query A { __typename }"}, "document", "only one operation named 'A'"),
        ({"document": "fragment F on User { username }"}, "document", "A saved query is one operation"),
        ({"document": f"# {'x' * DOCUMENT_CHARACTERS}\n{VIEWER}"}, "document", "at most 32768 characters"),
        ({"document": "{ viewer { username }\0}"}, "document", "NUL"),
        ({"document": TOTAL, "variables": {"period": {"preset": "SOON"}}}, "variables", "'SOON'"),
        ({"document": TOTAL, "variables": {"periode": MONTH}}, "variables", "has no variable `$periode`"),
        ({"variables": [1]}, "variables", "is an object"),
        ({"variables": "x"}, "variables", "is an object"),
        ({"document": TOTAL, "variables": {"id": "x" * 17_000}}, "variables", "at most 16384 bytes"),
        (
            {"document": COSTLY, "variables": {"n": 200}},
            "document",
            "points; at most 1000000 are allowed",
        ),
    ],
)
async def test_what_would_not_be_run_is_not_saved(world: World, members: dict[str, Any], field: str, message: str):
    acme = await world.organization()
    admin = await world.member(acme)
    row = await world.saved_query(acme)
    usual = {"name": "Query", "document": VIEWER}

    made = await run(admin, SAVE, organizationId=str(acme.id), **(usual | members))
    changed = await run(admin, UPDATE, id=query_id(row), **members)

    for answer in (made, changed):
        assert (answer["__typename"], answer["field"]) == ("InvalidInput", field)
        assert message in answer["message"]


async def test_a_number_that_is_too_large_is_refused(world: World):
    acme = await world.organization()
    admin = await world.member(acme)
    mutation = f"""mutation ($id: ID!) {{ saveQuery(input: {{
        organizationId: $id, name: "Query", document: "query ($n: Int) {{ __typename }}", variables: {{ n: {2**70} }}
    }}) {{ {RESULT} }} }}"""

    answer = (await admin.ask(mutation, id=str(acme.id)))["saveQuery"]

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "variables")


async def test_names_are_unique_and_queries_are_so_many(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(saved_queries, "SAVED_QUERIES", 2)
    acme, other = await world.organization(), await world.organization()
    admin = await world.member(acme)
    row = await world.saved_query(acme, name="Straße")
    await world.saved_query(other, name="Free")

    taken = await run(admin, SAVE, organizationId=str(acme.id), name="STRASSE", document=VIEWER)
    own = await run(admin, UPDATE, id=query_id(row), name="STRASSE")
    free = await run(admin, SAVE, organizationId=str(acme.id), name="Free", document=VIEWER)
    more = await run(admin, SAVE, organizationId=str(acme.id), name="More", document=VIEWER)
    renamed = await run(admin, UPDATE, id=query_id(row), name="free")

    kinds = [answer["__typename"] for answer in (taken, own, free, more, renamed)]
    assert kinds == ["NameTaken", "UpdateSavedQuerySuccess", "SaveQuerySuccess", "TooManySavedQueries", "NameTaken"]


async def test_it_runs_with_the_rights_of_whoever_runs_it(world: World):
    acme, other = await world.organization("Acme"), await world.organization("Other")
    viewer, outsider, admin = (
        await world.member(acme, Role.VIEWER),
        await world.member(other),
        await world.super_admin(),
    )
    row = await world.saved_query(acme, "{ organizations { nodes { name } } }")

    by_viewer, by_super_admin = await run_saved(viewer, row), await run_saved(admin, row)
    by_outsider, by_stranger = await run_saved(outsider, row), await run_saved(world.stranger, row)

    assert by_viewer["data"] == {"organizations": {"nodes": [{"name": "Acme"}]}}
    assert by_super_admin["data"] == {"organizations": {"nodes": [{"name": "Acme"}, {"name": "Other"}]}}
    assert (code_of(by_outsider), "data" in by_outsider) == ("PERSISTED_DOCUMENT_NOT_FOUND", False)
    assert (code_of(by_stranger), "data" in by_stranger) == ("UNAUTHENTICATED", False)


async def test_variables_of_a_request_stand_before_those_that_are_saved(world: World):
    acme = await world.organization("Acme")
    viewer = await world.member(acme, Role.VIEWER)
    row = await world.saved_query(acme, TOTAL, {"id": str(acme.id), "period": MONTH, "zone": "Europe/Berlin"})

    as_saved = await run_saved(viewer, row)
    of_another_zone = await run_saved(viewer, row, zone="Asia/Tokyo")
    wrong = await run_saved(viewer, row, zone="Nowhere")
    by_get = await viewer.http.get(
        "/graphql",
        params={"documentId": f"x-saved:{row.id}", "variables": json.dumps({"zone": "Asia/Kathmandu"})},
        headers={"Authorization": f"Bearer {viewer.token}"},
    )

    zones = [
        answer["data"]["organization"]["usage"]["timezone"] for answer in (as_saved, of_another_zone, by_get.json())
    ]
    assert zones == ["Europe/Berlin", "Asia/Tokyo", "Asia/Kathmandu"]
    assert as_saved["extensions"]["cost"]["requested"] > 1
    assert code_of(wrong) == "BAD_USER_INPUT"


async def test_a_saved_query_passes_the_same_gate(world: World):
    acme = await world.organization()
    viewer = await world.member(acme, Role.VIEWER)
    costly = await world.saved_query(acme, COSTLY)
    outdated = await world.saved_query(acme, "{ viewer { salary } }")
    deep = await world.saved_query(
        acme, "{" + "organizations { nodes { members { nodes { user { memberships {" + " __typename" + "}" * 7
    )
    row = await world.saved_query(acme)

    assert code_of(await run_saved(viewer, costly, n=200)) == "QUERY_TOO_COSTLY"
    assert code_of(await run_saved(viewer, outdated)) == "GRAPHQL_VALIDATION_FAILED"
    assert "errors" not in await run_saved(viewer, deep)
    both = await sent(viewer, documentId=f"x-saved:{row.id}", query=VIEWER)
    assert code_of(both) == "BAD_REQUEST"
    for unknown in ("", "x", str(acme.id), "\0"):
        answer = await sent(viewer, documentId=f"x-saved:{unknown}")
        assert code_of(answer) == "PERSISTED_DOCUMENT_NOT_FOUND"


async def test_members_list_and_admins_save(world: World):
    acme, other = await world.organization(), await world.organization()
    viewer, outsider = await world.member(acme, Role.VIEWER), await world.member(other)
    await world.saved_query(acme, name="B")
    row = await world.saved_query(acme, "{ viewer { salary } }", name="a")

    listed = await viewer.ask(LIST, id=str(acme.id))

    assert listed["organization"]["savedQueries"]["nodes"] == [
        {"name": "a", "isValid": False, "problem": "Cannot query field 'salary' on type 'User'."},
        {"name": "B", "isValid": True, "problem": None},
    ]
    assert (await outsider.ask(LIST, id=str(acme.id)))["organization"] is None
    refused = await viewer.refused(UPDATE, input={"id": query_id(row), "name": "Mine"})
    assert refused["extensions"]["code"] == "FORBIDDEN"
    refused = await viewer.refused(SAVE, input={"organizationId": str(acme.id), "name": "x", "document": VIEWER})
    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert (await run(outsider, UPDATE, id=query_id(row), name="Mine"))["__typename"] == "NotFound"


async def test_a_query_is_looked_at_once_and_one_at_a_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(saved, "REMEMBERED", 30)
    documents = DocumentCache(schema._schema, DocumentLimits())
    verdicts = SavedDocuments(schema._schema, documents, TrustedDocuments(), 10_000)
    turns = waiting = most = 0

    async def turn() -> None:
        nonlocal turns, waiting, most
        turns, waiting = turns + 1, waiting + 1
        most = max(most, waiting)
        await asyncio.sleep(0)
        waiting -= 1

    texts = [f"query Q{number} {VIEWER}" for number in range(20)]
    found = await asyncio.gather(*(verdicts.problem(each, "{}", turn) for each in texts * 3))
    assert (set(found), turns, most) == ({None}, 20, 1)

    await verdicts.problem(texts[0], '{"x": 1}', turn)
    assert turns == 21, "the same document with other variables is another question"
    for number in range(40):
        await verdicts.problem(f"query R{number} {VIEWER}", "{}", turn)
    await verdicts.problem(texts[0], "{}", turn)
    assert turns == 62, "what was not asked for in a long time is looked at again"


async def test_where_only_trusted_documents_are_answered(
    world: World, data_dir: Path, database_url: str, tmp_path: Path
):
    acme = await world.organization()
    admin = await world.member(acme)
    before = await world.saved_query(acme, "{ organizations { nodes { name } } }")
    manifest = tmp_path / "documents.json"
    manifest.write_text(json.dumps({digest(each): each for each in (SAVE, VIEWER, LIST)}))
    settings: dict[str, Any] = {"trusted_documents": manifest, "trusted_documents_only": True}

    async with another(data_dir, database_url, **settings) as other:
        asker = Asker(other.http, admin.user, admin.token)

        async def save(name: str, document: str) -> Any:
            members = {"organizationId": str(acme.id), "name": name, "document": document}
            answer = await sent(asker, documentId=digest(SAVE), variables={"input": members})
            return answer["data"]["saveQuery"]

        trusted, refused = await save("trusted", VIEWER), await save("free", "{ viewer { uuid } }")
        ran = await sent(asker, documentId=trusted["savedQuery"]["documentId"])
        ran_before = await run_saved(asker, before)
        listed = await sent(asker, documentId=digest(LIST), variables={"id": str(acme.id)})

    assert admin.user
    assert ran["data"] == {"viewer": {"username": admin.user.username}}
    assert refused["message"] == "Only trusted documents are answered here, so only these can be saved."
    assert code_of(ran_before) == "TRUSTED_DOCUMENTS_ONLY"
    nodes = listed["data"]["organization"]["savedQueries"]["nodes"]
    assert [node["isValid"] for node in nodes] == [False, True]


async def test_they_go_with_their_organization(world: World):
    await world.saved_query(await world.organization())

    async with world.services.database.write() as db:
        await db.execute(text("DELETE FROM organizations"))
        assert await db.scalar(text("SELECT count(*) FROM saved_queries")) == 0
