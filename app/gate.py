"""The gate that GraphQL requests pass, as the settings have it."""

from app.settings import Settings
from core.introspection import Introspection
from schema.build import schema
from schema.documents.gate import Gate
from schema.documents.limits import DocumentLimits
from schema.documents.reading import Documents
from schema.documents.trusted import TrustedDocuments, load_trusted


def gate_of(settings: Settings) -> Gate:
    """The gate. BadManifest when the trusted documents cannot be used."""
    limits = DocumentLimits(
        tokens=settings.query_max_tokens,
        depth=settings.query_max_depth,
        aliases=settings.query_max_aliases,
        root_fields=settings.query_max_root_fields,
        directives=settings.query_max_directives,
    )
    # Guesses at what was meant tell names of the schema.
    suggest = settings.introspectors is Introspection.EVERYBODY
    documents = Documents(schema._schema, limits, suggest=suggest)  # noqa: SLF001 - Strawberry's own way to graphql-core's
    trusted = TrustedDocuments()
    if settings.trusted_documents is not None:
        trusted = load_trusted(settings.trusted_documents, documents, only=settings.trusted_documents_only)
    return Gate(
        documents,
        trusted,
        cost_limit=settings.query_max_cost,
        body_limit=settings.query_max_body_kib * 1024,
        introspection=settings.introspectors,
    )
