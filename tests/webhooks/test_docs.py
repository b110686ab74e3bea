"""The snippets of docs/webhooks.md: those that verify are run on real messages, those of GraphQL fit the schema."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from graphql import parse, validate
from standardwebhooks import WebhookVerificationError

from core.clock import now
from core.webhooks import WebhookEventType
from execution.webhook_documents import payload_document
from schema.build import schema
from webhooks.signing import Message, SigningKey

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "webhooks.md").read_text()
NODE = Path(sys.executable).with_name("node")
MODULES = ROOT / "tests" / "conformance" / "node_modules"
SECRETS = [SigningKey("key").secret(UUID(int=1), salt) for salt in (b"new", b"old")]
BODY = '{"type": "test", "data": {"name": "Ünï"}}'.encode()


def snippets(language: str) -> list[str]:
    """The blocks of a language, without their indentation."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)
    return ["\n".join(line.removeprefix(indent) for line in text.split("\n")) for indent, text in found]


def headers(age: timedelta = timedelta(0)) -> dict[str, str]:
    """The headers of a message that two secrets have signed."""
    signed = Message("0001", BODY).headers(now() - age, SECRETS)
    return {str(name): str(value) for name, value in signed.items()}


def test_the_snippet_of_python_verifies_by_either_secret():
    [snippet] = snippets("python")
    found: dict[str, Any] = {}
    exec(snippet, found)

    for secret in SECRETS:
        assert found["receive"](BODY, headers(), secret) == {"type": "test", "data": {"name": "Ünï"}}
    with pytest.raises(WebhookVerificationError):
        found["receive"](BODY + b" ", headers(), SECRETS[0])
    with pytest.raises(WebhookVerificationError):
        found["receive"](BODY, headers(age=timedelta(minutes=6)), SECRETS[0])


def test_the_snippet_of_node_verifies_by_either_secret(tmp_path: Path):
    [snippet] = snippets("js")
    (tmp_path / "node_modules").symlink_to(MODULES.resolve())
    calls = [f"console.log(receive({BODY.decode()!r}, {headers()!r}, {secret!r}).data.name);" for secret in SECRETS]
    forged = f"try {{ receive({BODY.decode() + ' '!r}, {headers()!r}, {SECRETS[0]!r}) }} catch {{ console.log('no') }}"
    (tmp_path / "test.mjs").write_text("\n".join([snippet, *calls, forged]))

    done = subprocess.run([NODE, "test.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.stdout.split() == ["Ünï", "Ünï", "no"], done.stderr


@pytest.mark.parametrize("document", snippets("graphql"))
def test_documents_fit_the_schema(document: str):
    assert validate(schema._schema, parse(document)) == []


def test_selections_fit_the_schema():
    found = re.findall(r'selection: """\n(.*?)"""', PAGE, re.DOTALL)

    assert found
    for selection in found:
        assert validate(schema._schema, parse(payload_document(selection))) == []


def test_every_type_of_event_is_told():
    missing = [kind for kind in WebhookEventType if f"| `{kind.value}` |" not in PAGE]

    assert missing == []
