"""The gate that every GraphQL request passes before it is run: what is let through, by whom, and for how much."""

from dataclasses import dataclass

from core.introspection import Introspection
from schema.documents.reading import Documents
from schema.documents.trusted import TrustedDocuments


@dataclass(frozen=True, slots=True)
class Gate:
    """What a request is held against. `body_limit` is in bytes, of all requests but those that store events."""

    documents: Documents
    trusted: TrustedDocuments
    cost_limit: int = 10_000
    body_limit: int = 100 * 1024
    introspection: Introspection = Introspection.EVERYBODY
