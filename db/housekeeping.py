"""Chores that the database needs done now and then, by any process; each may run twice.

Each chore is a job of its own with transactions of its own: one that fails or takes long delays no other.
"""

import asyncio
from collections.abc import Awaitable, Callable

from core.observer import NOBODY, Job, Observer
from db.anonymous_events import AnonymousEvents
from db.background_jobs import BackgroundJob
from db.engine import Database
from db.key_usage import KeyUsage
from db.queries.housekeeping import (
    remove_ended_account_links,
    remove_ended_invitations,
    remove_ended_sign_ins,
    remove_expired_offers,
    remove_expired_tokens,
)
from db.queries.webhook_deliveries import give_up_some, remove_some_ended
from db.rejected_events import LARGEST_PORTION, RejectedEventCleaner

INTERVAL_SECONDS = 30
_PEOPLE_AT_ONCE = 5_000
_SIGN_INS_AT_ONCE = 2_000
_OFFERS_AT_ONCE = 2_000
_TOKENS_AT_ONCE = 2_000
_LINKS_AT_ONCE = 2_000
_DELIVERIES_AT_ONCE = 2_000

Chore = tuple[BackgroundJob, Callable[[], Awaitable[object]]]
"""A job and its round."""


async def keep_house(
    database: Database, key_usage: KeyUsage, anonymous_events: AnonymousEvents, observer: Observer = NOBODY
) -> None:
    """Keep house until cancelled, on connections of `database`."""
    async with asyncio.TaskGroup() as tasks:
        for job, work_round in chores(database, key_usage, anonymous_events, observer):
            tasks.create_task(job.repeat(work_round, INTERVAL_SECONDS), name="housekeeping")


def chores(
    database: Database, key_usage: KeyUsage, anonymous_events: AnonymousEvents, observer: Observer = NOBODY
) -> list[Chore]:
    """Every chore."""
    usage = BackgroundJob(Job.KEY_USAGE, database, observer, largest=_PEOPLE_AT_ONCE)
    sign_ins = BackgroundJob(Job.SIGN_INS, database, observer, largest=_SIGN_INS_AT_ONCE)
    offers = BackgroundJob(Job.MEMBERSHIP_OFFERS, database, observer, largest=_OFFERS_AT_ONCE)
    tokens = BackgroundJob(Job.API_TOKENS, database, observer, largest=_TOKENS_AT_ONCE)
    invitations = BackgroundJob(Job.INVITATIONS, database, observer, largest=_LINKS_AT_ONCE)
    account_links = BackgroundJob(Job.ACCOUNT_LINKS, database, observer, largest=_LINKS_AT_ONCE)
    deliveries = BackgroundJob(Job.WEBHOOK_HISTORY, database, observer, largest=_DELIVERIES_AT_ONCE)
    rejected = BackgroundJob(Job.REJECTED_EVENTS, database, observer, largest=LARGEST_PORTION)
    anonymous = BackgroundJob(Job.ANONYMOUS_EVENTS, database, observer, largest=1)
    return [
        (usage, lambda: key_usage.flush_in_portions(usage)),
        (sign_ins, lambda: sign_ins.work_through(remove_ended_sign_ins)),
        (offers, lambda: offers.work_through(remove_expired_offers)),
        (tokens, lambda: tokens.work_through(remove_expired_tokens)),
        (invitations, lambda: invitations.work_through(remove_ended_invitations)),
        (account_links, lambda: account_links.work_through(remove_ended_account_links)),
        (deliveries, lambda: _clean_deliveries(deliveries)),
        (rejected, RejectedEventCleaner(rejected).clean),
        (anonymous, lambda: anonymous_events.measure(anonymous)),
    ]


async def _clean_deliveries(job: BackgroundJob) -> None:
    """Give up deliveries to webhooks whose time has passed, and delete those that ended long ago."""
    await job.work_through(give_up_some)
    await job.work_through(remove_some_ended)
