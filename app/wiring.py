"""Constructs the services that requests share: the only place where they are made."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from ai.breaker import Breaker
from ai.options import ModelOptions
from ai.writer import InsightWriter
from app.secret import jwt_secret
from app.settings import Settings
from auth.budget import Budget
from auth.ingest_limits import IngestLimits
from auth.passwords import Passwords
from auth.sso.attempts import AttemptSigner
from auth.sso.options import SsoOptions
from auth.throttle import Counters, Throttle
from auth.tokens import TokenIssuer
from core.events import EventRules
from core.observer import NOBODY, Observer
from db.alert_evaluator import AlertEvaluator
from db.anonymous_events import AnonymousEvents
from db.background_jobs import background_options
from db.domain_backfill import DomainBackfill
from db.engine import Database, DatabaseOptions
from db.erasures import Eraser
from db.event_writer import EventWriter
from db.housekeeping import keep_house
from db.key_usage import KeyUsage
from db.partition_keeper import PartitionKeeper
from db.replica import ReplicatedDatabase
from db.retention import keep_retention
from db.rollup_maker import RollupMaker
from mail.background_sends import BackgroundSends
from mail.options import smtp_options
from mail.sender import MailSender
from resolvers.api_key_cache import ApiKeyCache
from resolvers.concurrency import ConcurrencyLimit
from resolvers.services import Services, SingleSignOn, Throttles
from schema.stored_filters import conditions_of
from webhooks.sender import WebhookSender
from webhooks.signing import SigningKey

_WAITING_PART = 0.8
"""The part of a request's timeout for which its questions may wait for rollups: the answer takes a second or two."""
_WRITER_CONNECTIONS = 2
"""The connection pool of the event writer."""
_LAST_CHORE_SECONDS = 3.0
_MAIL_SECONDS, _MAIL_PART = 5.0, 0.5
"""How long a mail may take, at most, and in parts of a request's timeout: requests wait for those they tell about."""


@asynccontextmanager
async def running_services(
    settings: Settings, database_url: str, observer: Observer = NOBODY
) -> AsyncIterator[Services]:
    """Run the services and the background jobs; at the end, store the queued events and stop them."""
    database = database_of(settings, database_url)
    # Connections of its own, so that expensive queries do not keep events from being stored.
    writer_database = Database(database_url, DatabaseOptions(pool_size=_WRITER_CONNECTIONS))
    background_database = Database(database_url, background_options())
    key_usage = KeyUsage(background_database)
    anonymous_events = AnonymousEvents(settings.anonymous_max_mib * 2**20)
    writer = EventWriter(writer_database, key_usage, observer)
    rollup_maker = RollupMaker(
        background_database, observer, wait_seconds=_WAITING_PART * settings.request_timeout_seconds
    )
    counters = Counters(settings.configured_redis_url)
    eraser = Eraser(background_database, observer)
    partition_keeper = PartitionKeeper(background_database, observer, farthest_ahead=settings.farthest_ahead)
    insight_writer = _insight_writer(settings, counters)
    alert_evaluator = AlertEvaluator(background_database, conditions_of, observer, rollups=settings.rollups_enabled)
    single_sign_on = _single_sign_on(settings)
    passwords = Passwords()
    background_sends = BackgroundSends()
    writing = asyncio.create_task(writer.run(), name="event writer")
    keeping = [
        asyncio.create_task(
            keep_house(background_database, key_usage, anonymous_events, observer), name="housekeeping"
        ),
        asyncio.create_task(partition_keeper.run(), name="partitions"),
        asyncio.create_task(rollup_maker.run(), name="rollups"),
        asyncio.create_task(
            keep_retention(background_database, settings.anonymous_retention, observer), name="retention"
        ),
        asyncio.create_task(eraser.run(), name="erasures"),
        asyncio.create_task(background_sends.run(), name="mails"),
        asyncio.create_task(alert_evaluator.run(), name="alerts"),
        asyncio.create_task(DomainBackfill(background_database, observer).run(), name="domains"),
    ]
    try:
        yield Services(
            database=database,
            background_database=background_database,
            concurrency_limit=ConcurrencyLimit(database.size),
            writer=writer,
            anonymous_events=anonymous_events,
            key_usage=key_usage,
            eraser=eraser,
            api_key_cache=ApiKeyCache(database),
            passwords=passwords,
            tokens=TokenIssuer(jwt_secret(settings)),
            throttles=_throttles(settings, counters),
            ingest_limits=IngestLimits(counters, settings.ingest_rates, enabled=settings.rate_limit_enabled),
            event_rules=EventRules(settings.farthest_ahead, settings.farthest_behind),
            require_api_key=settings.ingest_require_api_key,
            rollups_enabled=settings.rollups_enabled,
            rollup_backlog=rollup_maker.backlog,
            public_url=settings.public_url,
            background_sends=background_sends,
            webhook_sender=_webhook_sender(settings),
            mail_sender=_mail_sender(settings),
            insight_writer=insight_writer,
            single_sign_on=single_sign_on,
            observer=observer,
        )
    finally:
        passwords.close()
        writer.close()
        await writing
        for task in keeping:
            task.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)
        with suppress(Exception):  # best effort: a database that is gone must not delay the end
            async with asyncio.timeout(_LAST_CHORE_SECONDS):
                await key_usage.flush()
        if insight_writer is not None:
            await insight_writer.close()
        if single_sign_on is not None:
            await single_sign_on.provider.close()
        await counters.close()
        await background_database.close()
        await writer_database.close()
        await database.close()


def _insight_writer(settings: Settings, counters: Counters) -> InsightWriter | None:
    if settings.ai_api_key is None:
        return None
    from ai.endpoint import Endpoint  # noqa: PLC0415 - loads the client, which takes a second and 40 MB
    from ai.memory import Memory  # noqa: PLC0415 - loads Redis' client

    options = ModelOptions(
        base_url=settings.ai_base_url,
        api_key=settings.ai_api_key,
        model=settings.ai_model,
        timeout=timedelta(seconds=settings.ai_timeout_seconds),
        retries=settings.ai_retries,
        calls_per_hour=settings.ai_calls_per_hour,
        keep_answers=timedelta(hours=settings.ai_keep_hours),
    )
    return InsightWriter(options, Endpoint(options), counters, Memory(settings.configured_redis_url), Breaker())


def _mail_sender(settings: Settings) -> MailSender | None:
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    timeout = min(_MAIL_SECONDS, _MAIL_PART * settings.request_timeout_seconds)
    return MailSender(smtp_options(settings.smtp_url.get_secret_value(), settings.mail_from, timeout))


def _webhook_sender(settings: Settings) -> WebhookSender:
    own = settings.webhook_signing_key
    key = SigningKey.derived_from(jwt_secret(settings)) if own is None else SigningKey(own.get_secret_value())
    return WebhookSender(settings.webhook_rules, key)


def _single_sign_on(settings: Settings) -> SingleSignOn | None:
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    from auth.sso.endpoint import ProviderEndpoint  # noqa: PLC0415 - loads the HTTP client
    from auth.sso.provider import Provider  # noqa: PLC0415

    options = SsoOptions(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        name=settings.oidc_name,
        public_url=settings.public_url,
        scopes=settings.oidc_scopes,
        username_claim=settings.oidc_username_claim,
        groups=settings.group_rules,
        session=timedelta(hours=settings.sso_session_hours),
        only=settings.sso_only,
    )
    return SingleSignOn(options, Provider(options, ProviderEndpoint()), AttemptSigner(jwt_secret(settings)))


def database_of(settings: Settings, url: str) -> Database:
    """Return the database that answers questions, with its replica if one is configured."""
    options = DatabaseOptions(pool_size=settings.db_pool_size)
    if settings.database_replica_url:
        return ReplicatedDatabase(url, settings.database_replica_url, options)
    return Database(url, options)


def _throttles(settings: Settings, counters: Counters) -> Throttles:
    def throttle(name: str, limit: str) -> Throttle:
        return Throttle(counters, name, limit, enabled=settings.rate_limit_enabled)

    return Throttles(
        sign_in_per_account=throttle("sign-in-account", settings.sign_in_limit_per_account),
        sign_in_per_account_everywhere=throttle(
            "sign-in-account-everywhere", settings.sign_in_limit_per_account_everywhere
        ),
        sign_in_per_address=throttle("sign-in-address", settings.sign_in_limit_per_address),
        mails_per_recipient=throttle("mails-recipient", settings.mail_limit_per_recipient),
        mails_per_sender=throttle("mails-sender", settings.mail_limit_per_sender),
        exports_per_account=throttle("exports-account", settings.export_limit_per_account),
        query_budget=Budget(counters, "queries", settings.query_budget_per_viewer, enabled=settings.rate_limit_enabled),
    )
