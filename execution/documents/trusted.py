"""Trusted documents: known before the service starts, and asked for by their hash.

The manifest is what GraphQL Code Generator's client preset writes (`persistedDocuments: {hashAlgorithm: "sha256"}`): a
JSON object of documents by their SHA-256. Requests name one by `documentId`, as the appendix on persisted documents
of the GraphQL-over-HTTP specification has it (`sha256:` and the hash), or by the bare hash.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLError

from execution.documents.document_cache import DocumentCache, ParsedDocument

_PREFIX = "sha256:"
_DIGITS = 64


class BadManifest(Exception):
    """A manifest that cannot be used; the message says why, for whoever starts the service."""


@dataclass(frozen=True, slots=True)
class TrustedDocuments:
    """Trusted documents by their SHA-256, in hex. `only` refuses all others."""

    texts: Mapping[str, str] = field(default_factory=dict)
    read: Mapping[str, ParsedDocument] = field(default_factory=dict)
    only: bool = False

    def including(self, texts: Iterable[str], documents: DocumentCache) -> "TrustedDocuments":
        """Return these and the service's own documents: its pages work whatever the manifest holds."""
        own = {sha256(text.encode()).hexdigest(): text for text in texts}
        read = {text: documents.examined(text) for text in own.values()}
        return TrustedDocuments({**own, **self.texts}, {**read, **self.read}, self.only)

    def text(self, document_id: object) -> str | None:
        """The document of an id: `sha256:…`, or the bare hash; None when it is not known."""
        if not isinstance(document_id, str):
            return None
        return self.texts.get(document_id.removeprefix(_PREFIX))


def load_trusted(path: Path, documents: DocumentCache, *, only: bool) -> TrustedDocuments:
    """Read a manifest and every document in it. BadManifest, naming what is wrong."""
    texts = _manifest(path)
    read: dict[str, ParsedDocument] = {}
    for digest, text in texts.items():
        if sha256(text.encode()).hexdigest() != digest:
            raise BadManifest(
                f"{path}: {_shortened(digest)} is not the SHA-256 of its document. Write the manifest with "
                'persistedDocuments: { hashAlgorithm: "sha256" }.'
            )
        try:
            document = documents.examined(text)
        except GraphQLError as error:
            raise _unfit(path, digest, error) from error
        if document.errors:
            raise _unfit(path, digest, document.errors[0])
        read[text] = document
    return TrustedDocuments(texts, read, only)


def _manifest(path: Path) -> dict[str, str]:
    try:
        found: Any = orjson.loads(path.read_bytes())
    except OSError as error:
        raise BadManifest(f"{path} cannot be read: {error.strerror or 'no reason is known'}.") from error
    except orjson.JSONDecodeError as error:
        raise BadManifest(f"{path} is not JSON: {error}.") from error
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise BadManifest(f"{path} is not a JSON object of documents by their SHA-256.")
    return {digest.removeprefix(_PREFIX): text for digest, text in found.items()}


def _unfit(path: Path, digest: str, error: GraphQLError) -> BadManifest:
    return BadManifest(f"{path}: the document {_shortened(digest)} cannot be run: {error.message}")


def _shortened(digest: str) -> str:
    return digest[:12] + "…" if len(digest) == _DIGITS else digest[:_DIGITS]
