"""Settings of GraphQL: the limits on documents, the budget, introspection and trusted documents."""

from pathlib import Path
from typing import Self

import limits
from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from app.settings.rates import Rate
from core.introspection import Introspection


class QuerySettings(BaseSettings):
    """Settings of GraphQL."""

    query_max_body_kib: int = Field(default=100, ge=1)
    query_max_tokens: int = Field(default=2000, ge=1)
    query_max_depth: int = Field(default=12, ge=1)
    query_max_aliases: int = Field(default=30, ge=0)
    query_max_root_fields: int = Field(default=10, ge=1)
    query_max_directives: int = Field(default=50, ge=0)
    query_max_cost: int = Field(default=10_000, ge=1)
    query_budget_per_viewer: Rate = "60000/minute"
    columnar_executor: bool = True
    introspection: Introspection | None = None
    graphiql_enabled: bool | None = None
    trusted_documents: Path | None = None
    trusted_documents_only: bool = False

    @model_validator(mode="after")
    def _affordable_queries(self) -> Self:
        if limits.parse(self.query_budget_per_viewer).amount < self.query_max_cost:
            raise ValueError(
                f"QUERY_BUDGET_PER_VIEWER is less than QUERY_MAX_COST ({self.query_max_cost}): the costliest query "
                "could never be paid."
            )
        return self

    @model_validator(mode="after")
    def _something_to_trust(self) -> Self:
        if self.trusted_documents_only and self.trusted_documents is None:
            raise ValueError("TRUSTED_DOCUMENTS_ONLY is set, but not where the documents are: TRUSTED_DOCUMENTS.")
        return self
