"""The public suffix list, by which statements find the sites of domains (core/public_suffixes.py)."""

from sqlalchemy import SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class PublicSuffix(Base):
    """A rule of the list: of names that end with `suffix` the last `labels` labels are public; the longest one decides.

    All rows are of one version of the list.
    """

    __tablename__ = "public_suffixes"

    suffix: Mapped[str] = mapped_column(primary_key=True)
    labels: Mapped[int] = mapped_column(SmallInteger)
    list_version: Mapped[str]
