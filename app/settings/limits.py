"""Settings of ingestion, and of the rates at which clients may post, sign in and export."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings

from app.settings.rates import ByteRate, EventRate, Rate
from auth.ingest_limits import IngestRates
from core.limits import RETENTION_DAYS


class LimitSettings(BaseSettings):
    """Settings of ingestion and of rate limits."""

    ingest_require_api_key: bool = False
    ingest_max_ahead_hours: float = Field(default=24, gt=0)
    ingest_max_behind_days: float = Field(default=5 * 365 + 1, gt=0)
    anonymous_retention_days: int = Field(default=30, ge=0, le=RETENTION_DAYS[1])
    anonymous_max_mib: int = Field(default=8192, ge=0)
    rate_limit_enabled: bool = True
    ingest_limit_per_key: Rate = "6000/minute"
    ingest_limit_per_address: Rate = "12000/minute"
    ingest_event_limit_per_address: EventRate = "300000/minute"
    ingest_byte_limit_per_address: ByteRate = "300000000/minute"
    ingest_event_limit_per_person: EventRate = "100000/hour"
    ingest_byte_limit_per_person: ByteRate = "300000000/hour"
    sign_in_limit_per_account: Rate = "10/minute"
    sign_in_limit_per_account_everywhere: Rate = "300/minute"
    sign_in_limit_per_address: Rate = "60/minute"
    export_limit_per_account: Rate = "30/minute"

    @property
    def ingest_rates(self) -> IngestRates:
        """The limits on posted requests, events and bytes."""
        return IngestRates(
            requests_per_key=self.ingest_limit_per_key,
            requests_per_address=self.ingest_limit_per_address,
            events_per_address=self.ingest_event_limit_per_address,
            bytes_per_address=self.ingest_byte_limit_per_address,
            events_per_person=self.ingest_event_limit_per_person,
            bytes_per_person=self.ingest_byte_limit_per_person,
        )

    @property
    def anonymous_retention(self) -> timedelta | None:
        """The time for which anonymous events are kept; None if they are never deleted."""
        return timedelta(days=self.anonymous_retention_days) if self.anonymous_retention_days else None

    @property
    def farthest_ahead(self) -> timedelta:
        """The longest time by which an event's `ts` may lie in the future."""
        return timedelta(hours=self.ingest_max_ahead_hours)

    @property
    def farthest_behind(self) -> timedelta:
        """The longest time by which an event's `ts` may lie in the past."""
        return timedelta(days=self.ingest_max_behind_days)
