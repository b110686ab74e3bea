"""The services that all requests share; app/wiring.py makes them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ai.writer import InsightWriter
from auth.budget import Budget
from auth.ingest_limits import IngestLimits
from auth.passwords import Passwords
from auth.sso.attempts import AttemptSigner
from auth.sso.options import SsoOptions
from auth.throttle import Throttle
from auth.tokens import TokenIssuer
from core.events import EventRules
from core.fair_queue import FairQueue
from core.observer import NOBODY, Observer
from db.anonymous_events import AnonymousEvents
from db.engine import Database
from db.erasures import Eraser
from db.event_writer import EventWriter
from db.key_usage import KeyUsage
from db.rollup_backlog import RollupBacklog
from mail.background_sends import BackgroundSends
from mail.sender import MailSender
from resolvers.api_key_cache import ApiKeyCache
from resolvers.concurrency import ConcurrencyLimit
from webhooks.sender import WebhookSender

if TYPE_CHECKING:
    from auth.sso.provider import Provider  # loads the HTTP client

_EXPORTS_POOL = 50
"""Of which an account has 20 at once, an organization 30, and all 40: 320 MB of pages, were all urls of the longest."""


@dataclass(frozen=True, slots=True)
class Throttles:
    """Every throttle but those of posts, and the budget that queries are paid from."""

    sign_in_per_account: Throttle
    sign_in_per_account_everywhere: Throttle
    sign_in_per_address: Throttle
    exports_per_account: Throttle
    mails_per_recipient: Throttle
    mails_per_sender: Throttle
    query_budget: Budget


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """The provider of single sign-on, its configuration, and the signatures of attempts to sign in there."""

    options: SsoOptions
    provider: "Provider"
    attempts: AttemptSigner


@dataclass(frozen=True, slots=True)
class Services:
    """The services that requests share.

    There is an `insight_writer` with a model, a `mail_sender` with SMTP, `single_sign_on` with a provider.

    Work that blocks the event loop for long (new documents, large bodies) takes turns in `heavy_work`.
    """

    database: Database
    concurrency_limit: ConcurrencyLimit
    background_database: Database
    writer: EventWriter
    anonymous_events: AnonymousEvents
    key_usage: KeyUsage
    eraser: Eraser
    api_key_cache: ApiKeyCache
    passwords: Passwords
    tokens: TokenIssuer
    throttles: Throttles
    ingest_limits: IngestLimits
    event_rules: EventRules
    require_api_key: bool
    rollups_enabled: bool
    rollup_backlog: RollupBacklog
    public_url: str
    background_sends: BackgroundSends
    webhook_sender: WebhookSender
    mail_sender: MailSender | None = None
    insight_writer: InsightWriter | None = None
    single_sign_on: SingleSignOn | None = None
    observer: Observer = NOBODY
    heavy_work: FairQueue = field(default_factory=FairQueue)
    export_limit: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit(_EXPORTS_POOL, "downloads"))
