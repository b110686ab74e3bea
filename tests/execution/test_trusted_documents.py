"""Trusted documents, over HTTP, and the manifest that names them."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from app.readiness import check_trusted_documents
from core.errors import CannotGoOn
from tests.conftest import make_settings
from tests.execution.policy_applications import INGEST, VIEWER, another, code
from tests.rest_requests import event
from tests.world import World


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def manifest(folder: Path, **documents: str) -> Path:
    """A manifest as GraphQL Code Generator writes it; further documents by their keys."""
    path = folder / "persisted-documents.json"
    path.write_text(json.dumps({digest(VIEWER): VIEWER, digest(INGEST): INGEST} | documents))
    return path


async def test_a_trusted_document_is_asked_for_by_its_hash(
    world: World, data_dir: Path, database_url: str, tmp_path: Path
):
    admin = await world.super_admin()
    headers = {"Authorization": f"Bearer {admin.token}"}
    async with another(data_dir, database_url, trusted_documents=manifest(tmp_path)) as other:

        async def data(**request: Any) -> Any:
            return (await other.http.post("/graphql", json=request, headers=headers)).json().get("data")

        expected = await data(query=VIEWER)

        assert expected
        assert await data(documentId=f"sha256:{digest(VIEWER)}") == expected
        assert await data(documentId=digest(VIEWER)) == expected
        got = await other.http.get("/graphql", params={"documentId": f"sha256:{digest(VIEWER)}"}, headers=headers)
        assert got.json()["data"] == expected
        by_apollo = {"persistedQuery": {"version": 1, "sha256Hash": digest(VIEWER)}}
        assert await data(extensions=by_apollo) == expected
        got = await other.http.get("/graphql", params={"extensions": json.dumps(by_apollo)}, headers=headers)
        assert got.json()["data"] == expected
        assert await data(extensions={"persistedQuery": {"sha256Hash": 7}}) is None


async def test_a_trusted_document_stores_events_too(world: World, data_dir: Path, database_url: str, tmp_path: Path):
    person = await world.recorded(await world.organization())
    events = [event(eventId=str(number), type="FOCUS", url="https://a.com/" + "x" * 500) for number in range(300)]
    async with another(data_dir, database_url, trusted_documents=manifest(tmp_path)) as other:
        response = await other.http.post(
            "/graphql",
            json={"documentId": f"sha256:{digest(INGEST)}", "variables": {"events": events}},
            headers={"X-API-Key": person.key.text},
        )

    assert response.json()["data"]["ingestBehaviors"] == {"accepted": 300}


@pytest.mark.parametrize(
    ("only", "request_", "expected"),
    [
        (False, {"documentId": digest("{ __typename }")}, "PERSISTED_DOCUMENT_NOT_FOUND"),
        (False, {"documentId": f"md5:{digest(VIEWER)}"}, "PERSISTED_DOCUMENT_NOT_FOUND"),
        (False, {"documentId": 7}, "PERSISTED_DOCUMENT_NOT_FOUND"),
        (False, {"documentId": ["a"]}, "PERSISTED_DOCUMENT_NOT_FOUND"),
        (False, {"documentId": digest(VIEWER), "query": VIEWER}, "BAD_REQUEST"),
        (True, {"query": VIEWER}, "TRUSTED_DOCUMENTS_ONLY"),
        (True, {"query": "{ __typename }"}, "TRUSTED_DOCUMENTS_ONLY"),
        (True, {}, "BAD_REQUEST"),
    ],
)
async def test_what_is_no_trusted_document(
    data_dir: Path, database_url: str, tmp_path: Path, only: bool, request_: Any, expected: str
):
    settings: dict[str, Any] = {"trusted_documents": manifest(tmp_path), "trusted_documents_only": only}
    async with another(data_dir, database_url, **settings) as other:
        response = await other.http.post("/graphql", json=request_)
        got = await other.http.get("/graphql", params={"query": VIEWER})

    assert (response.status_code, code(response.json())) == (400, expected)
    assert code(got.json()) == ("TRUSTED_DOCUMENTS_ONLY" if only else "UNAUTHENTICATED")


async def test_without_a_manifest_no_document_is_trusted(http: AsyncClient):
    response = await http.post("/graphql", json={"documentId": digest(VIEWER)})

    assert (response.status_code, code(response.json())) == (400, "PERSISTED_DOCUMENT_NOT_FOUND")


DEEP = "{ viewer " + "{ memberships { user " * 6 + "{ id }" + "} }" * 6 + "}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"a": 1}', "is not a JSON object"),
        (json.dumps({"a" * 40: VIEWER}), "is not the SHA-256 of its document"),
        (json.dumps({digest("{ viewer {"): "{ viewer {"}), "cannot be run: Syntax Error"),
        (json.dumps({digest("{ nonsense }"): "{ nonsense }"}), "cannot be run: Cannot query field 'nonsense'"),
        (json.dumps({digest(DEEP): DEEP}), "cannot be run: Fields are nested 14 deep"),
    ],
)
def test_a_manifest_that_cannot_be_used_stops_the_start(tmp_path: Path, text: str | None, told: str):
    path = tmp_path / "documents.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(CannotGoOn) as refused:
        check_trusted_documents(make_settings(tmp_path, trusted_documents=path))

    assert str(refused.value).startswith(f"TRUSTED_DOCUMENTS: {path}")
    assert told in str(refused.value)


def test_a_manifest_with_prefixes_is_understood(tmp_path: Path):
    path = tmp_path / "documents.json"
    path.write_text(json.dumps({f"sha256:{digest(VIEWER)}": VIEWER}))

    check_trusted_documents(make_settings(tmp_path, trusted_documents=path))
    check_trusted_documents(make_settings(tmp_path))
