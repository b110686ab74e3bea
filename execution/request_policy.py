"""The policy that every GraphQL request must meet before it is run: documents, cost, size, introspection."""

from dataclasses import dataclass

from core.introspection import Introspection
from execution.documents.document_cache import DocumentCache
from execution.documents.saved import SavedDocuments
from execution.documents.trusted import TrustedDocuments


@dataclass(frozen=True, slots=True)
class RequestPolicy:
    """The policy of the service. `body_limit` is in bytes; requests that store events have a limit of their own."""

    documents: DocumentCache
    trusted: TrustedDocuments
    saved: SavedDocuments
    cost_limit: int = 10_000
    body_limit: int = 100 * 1024
    introspection: Introspection = Introspection.EVERYBODY
