"""Saved queries of organizations."""

from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamped


class SavedQuery(Timestamped, Base):
    """A GraphQL document and its variables, a JSON object. Its name is unique in the organization, normalized.

    The variables are no `jsonb`: that could not hold every text, and would write numbers in its own way.
    """

    __tablename__ = "saved_queries"
    __table_args__ = (UniqueConstraint("organization_id", "normalized_name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    name: Mapped[str]
    normalized_name: Mapped[str]
    document: Mapped[str]
    variables: Mapped[str]
