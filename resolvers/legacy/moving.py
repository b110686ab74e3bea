"""Taking everything over, in order: tenants and people in one transaction, then events page by page."""

from dataclasses import dataclass

from core.events import EventRules
from db.engine import Database
from db.legacy_source import LegacySource
from db.queries import legacy as queries
from resolvers.legacy.events import Tell, take_events
from resolvers.legacy.people import take_people
from resolvers.legacy.report import Report
from resolvers.legacy.tenants import take_accounts, take_members, take_organizations


@dataclass(frozen=True, slots=True)
class Options:
    """`organization` names the one for people who belong to none. A dry run looks at everything and stores nothing."""

    rules: EventRules
    organization: str
    dry_run: bool = False


async def move_in(database: Database, source: LegacySource, options: Options, tell: Tell) -> Report:
    """Take over what is new in the snapshot; what became of every row.

    Nothing is written to the source. Can be interrupted anywhere and run again. `tell` hears of events.
    """
    report = Report(options.dry_run)
    lend = database.read if options.dry_run else database.write  # what was read on is never committed
    async with lend() as connection:
        await queries.be_alone(connection)
        await take_organizations(connection, source, report)
        await take_accounts(connection, source, report)
        await take_members(connection, source, report)
        people = await take_people(connection, source, options.organization, report)
    await take_events(database, source, people, options.rules, report, tell)
    return report
