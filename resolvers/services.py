"""What a running service consists of; app/ makes one, every request uses it."""

from dataclasses import dataclass

from ai.writer import InsightWriter
from auth.budget import Budget
from auth.passwords import Passwords
from auth.throttle import Throttle
from auth.tokens import TokenIssuer
from core.events import EventRules
from core.observer import NOBODY, Observer
from db.engine import Database
from db.event_writer import EventWriter
from db.key_usage import KeyUsage
from resolvers.key_ring import KeyRing


@dataclass(frozen=True, slots=True)
class Throttles:
    """Every throttle, by what it counts, and the budget that questions are paid from."""

    sign_in_per_account: Throttle
    sign_in_per_account_everywhere: Throttle
    sign_in_per_address: Throttle
    ingest_per_key: Throttle
    ingest_per_address: Throttle
    exports_per_account: Throttle
    query_budget: Budget


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that requests share. Without a model there is no `insight_writer`."""

    database: Database
    writer: EventWriter
    key_usage: KeyUsage
    key_ring: KeyRing
    passwords: Passwords
    tokens: TokenIssuer
    throttles: Throttles
    event_rules: EventRules
    require_api_key: bool
    rollups_enabled: bool
    insight_writer: InsightWriter | None = None
    observer: Observer = NOBODY
