"""The people whose stored domains have still to be brought to the spelling of core/domains.py."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class DomainBackfill(Base):
    """A person (the nil UUID: anonymous events) of whom some events may have a domain as it was spelt until 0.3.0.

    Events up to `position_…` are done. `due_at`: not before then, since processes of an older version may still store
    events. The row goes when the last event is done. There are no foreign keys: of somebody who is gone nothing is
    found, and the row goes, too.
    """

    __tablename__ = "domain_backfill"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID | None]
    due_at: Mapped[datetime]
    position_ts: Mapped[datetime | None]
    position_id: Mapped[UUID | None]
