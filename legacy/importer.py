"""Taking everything over, in order: tenants and people in one transaction, then events page by page."""

from dataclasses import dataclass

from core.events import EventRules
from db.engine import Database
from legacy import queries
from legacy.events import OnProgress, take_events
from legacy.people import take_people
from legacy.reader import snapshot
from legacy.report import Report
from legacy.tenants import take_accounts, take_members, take_organizations


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """`organization` names the one for people who belong to none. A dry run looks at everything and stores nothing."""

    rules: EventRules
    organization: str
    dry_run: bool = False


async def import_database(
    database: Database, source_url: str, options: ImportOptions, on_progress: OnProgress
) -> Report:
    """Take over what is new in the old database, as it is at this moment; the report says what became of every row.

    Nothing is written to the old database. Can be interrupted anywhere and run again. InvalidInput for a wrong address
    or a database that is not the old service's; Unavailable if it stops answering.
    """
    report = Report(options.dry_run)
    lend = database.read if options.dry_run else database.write  # a reading connection's work is never committed
    async with snapshot(source_url) as source:
        async with lend() as connection:
            await queries.be_alone(connection)
            await take_organizations(connection, source, report)
            await take_accounts(connection, source, report)
            await take_members(connection, source, report)
            people = await take_people(connection, source, options.organization, report)
        await take_events(database, source, people, options.rules, report, on_progress)
    return report
