"""The pages of links work where nothing but trusted documents is answered."""

import json
from hashlib import sha256
from pathlib import Path

from pages.links import page_operations
from tests.conftest import make_settings
from tests.servers import own_world


async def test_what_the_pages_ask_is_always_trusted(data_dir: Path, database_url: str, tmp_path: Path):
    manifest = tmp_path / "documents.json"
    manifest.write_text(json.dumps({sha256(b"{ __typename }").hexdigest(): "{ __typename }"}))
    settings = make_settings(data_dir, trusted_documents=manifest, trusted_documents_only=True)
    digest = sha256(page_operations()["openInvitation"].encode()).hexdigest()
    body = {"documentId": f"sha256:{digest}", "variables": {"input": {"token": "x"}}}

    async with own_world(settings, database_url) as world:
        answer = (await world.http.post("/graphql", json=body)).json()
        refused = (await world.http.post("/graphql", json={"query": "{ viewer { username } }"})).json()

    assert answer["data"]["openInvitation"]["__typename"] == "InvalidLink"
    assert refused["errors"][0]["extensions"]["code"] == "TRUSTED_DOCUMENTS_ONLY"
