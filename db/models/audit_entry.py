"""The audit log, which is kept for good."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class AuditEntry(Base):
    """Something that was done, by whom, to what. Of people it holds ids and numbers, never a name, url or key.

    `actor_id` is the id of an account or service account (None: the service itself, or its command line), `token_id`
    that of the API token by which it was done, `subject_id` that of the person or
    account it was done to. There are no foreign keys: an entry outlives what it tells of.
    """

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    action: Mapped[str]
    actor_id: Mapped[UUID | None]
    token_id: Mapped[UUID | None]
    organization_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None] = mapped_column(index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))


Index("ix_audit_entries_organization_id_id", AuditEntry.organization_id, AuditEntry.id)
