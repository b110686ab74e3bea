"""The report of an import: how many rows were imported or left out, and what was odd about them."""

import re
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

EXAMPLES = 10
"""How many examples of an oddity are shown; all are counted."""


class Finding(Enum):
    """A problem found in a row, and what was done about it. The value is a sentence for people."""

    NAME_TAKEN = "The name was taken, however it is written, so a number was added to it."
    NAME_UNUSABLE = "The name was empty, too long or held control characters, and was mended."
    DESCRIPTION_CUT = "The description was too long, and was cut."
    SAME_NAME = "We have another organization of that name; both are kept."
    SAME_ID = "Another row of the table has the same id; the oldest one was taken."
    NO_PASSWORD = "There is no password: nobody can sign in before `web-behavior set-password`."  # noqa: S105 - a sentence about one
    UNREADABLE = "The password is no bcrypt hash and was not taken: set one with `web-behavior set-password`."
    SUPER_ADMIN = "A super admin was taken over, who sees and changes everything."
    UNKNOWN_ROLE = "We have no such role: the account may read (VIEWER) and no more."
    NO_SUCH_MEMBER = "The membership names an account or an organization that is not there; it was left out."
    SAME_MEMBER = "The account is a member of the organization twice; the oldest membership was taken."
    NO_ORGANIZATION = "The person belongs to no organization, and was put into the one named for the import."
    NO_KEY = "The person has no API key, or somebody else's; a key that nobody holds takes its place."
    ZERO_PERSON = "The person's id is all zeros, which means nobody here; the person has another id."
    UNKNOWN_PERSON = (
        "Events name a person that the old service does not know any more: kept under that id, inactive, in the "
        "organization named for the import."
    )
    CHANGED_LATER = "A password, key or activity was changed there later than here, and was taken over."
    ZERO_USER = "Events name the all-zero person; they are anonymous."
    NAMED_ONLY = "Events name a person by name, but by no id; they are anonymous, and the name is not kept."
    SENT_TWICE = "Events are the same in everything, but were stored again by a later request; one is kept."
    REJECTED = "Events break a rule; they are not stored, and kept under `web-behavior rejected-events`."
    DELETED_HERE = "What was taken before and has been deleted here since stays deleted."


@dataclass
class Rows:
    """Of one table: `found` is the sum of the others, but for `changed`, which is a part of `already_here`."""

    found: int = 0
    imported: int = 0
    already_here: int = 0
    changed: int = 0
    left_out: int = 0
    deleted_here: int = 0


@dataclass
class Events:
    """Of the events: `found` is the sum of `imported` and all that follow it.

    `in_finished_days` were taken by an earlier run, as whole days that have not changed since.
    """

    found: int = 0
    imported: int = 0
    in_finished_days: int = 0
    already_here: int = 0
    sent_twice: int = 0
    deleted_here: int = 0
    rejected: dict[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """The number of events whose outcome is known; in the end all that were found."""
        taken = self.imported + self.in_finished_days + self.already_here + self.sent_twice + self.deleted_here
        return taken + sum(self.rejected.values())


@dataclass
class Oddity:
    """The number of times a problem was found, and the first few cases."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class Report:
    """The outcome of every row. `added_people` are people whom only events name, so no table counts them."""

    dry_run: bool
    organizations: Rows = field(default_factory=Rows)
    accounts: Rows = field(default_factory=Rows)
    memberships: Rows = field(default_factory=Rows)
    people: Rows = field(default_factory=Rows)
    added_people: int = 0
    events: Events = field(default_factory=Events)
    oddities: dict[Finding, Oddity] = field(default_factory=dict)

    def note(self, finding: Finding, example: str | None = None, count: int = 1) -> None:
        """Count an oddity, and keep the example if there are few yet."""
        oddity = self.oddities.setdefault(finding, Oddity())
        oddity.count += count
        if example is not None and len(oddity.examples) < EXAMPLES:
            oddity.examples.append(example)

    def as_json(self) -> dict[str, Any]:
        """The report in plain values, for programs: names in camel case, oddities by code."""
        tables = {name: _camel(asdict(rows)) for name, rows in self.tables().items()}
        oddities = [
            {"code": finding.name, "meaning": finding.value, "count": oddity.count, "examples": oddity.examples}
            for finding, oddity in self.oddities.items()
        ]
        added = {"addedPeople": self.added_people}
        return {"dryRun": self.dry_run, **tables, **added, "events": _camel(asdict(self.events)), "oddities": oddities}

    def tables(self) -> dict[str, Rows]:
        """The counts of the tables before the events."""
        return {
            "organizations": self.organizations,
            "accounts": self.accounts,
            "memberships": self.memberships,
            "people": self.people,
        }


def _camel(values: dict[str, Any]) -> dict[str, Any]:
    return {re.sub("_(.)", lambda letter: letter[1].upper(), name): value for name, value in values.items()}
