"""The policy of GraphQL requests, made from the settings."""

from app.settings import Settings
from core.introspection import Introspection
from execution.documents.document_cache import DocumentCache
from execution.documents.limits import DocumentLimits
from execution.documents.saved import SavedDocuments
from execution.documents.trusted import TrustedDocuments, load_trusted
from execution.request_policy import RequestPolicy
from pages.links import page_operations
from schema.build import schema


def request_policy_of(settings: Settings) -> RequestPolicy:
    """The policy. BadManifest when the trusted documents cannot be used."""
    limits = DocumentLimits(
        tokens=settings.query_max_tokens,
        depth=settings.query_max_depth,
        aliases=settings.query_max_aliases,
        root_fields=settings.query_max_root_fields,
        directives=settings.query_max_directives,
    )
    # Suggestions in error messages disclose names of the schema.
    suggest = settings.introspectors is Introspection.EVERYBODY
    documents = DocumentCache(schema._schema, limits, suggest=suggest)  # noqa: SLF001 - Strawberry's own way to graphql-core's
    trusted = TrustedDocuments()
    if settings.trusted_documents is not None:
        trusted = load_trusted(settings.trusted_documents, documents, only=settings.trusted_documents_only)
    trusted = trusted.including(page_operations().values(), documents)
    return RequestPolicy(
        documents,
        trusted,
        SavedDocuments(schema._schema, documents, trusted, settings.query_max_cost),  # noqa: SLF001 - as above
        cost_limit=settings.query_max_cost,
        body_limit=settings.query_max_body_kib * 1024,
        introspection=settings.introspectors,
    )
