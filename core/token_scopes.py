"""The scopes of API tokens: each lets a token do a part of what its owner may do."""

from core.described_enum import DescribedEnum


class TokenScope(DescribedEnum):
    """A part of its owner's rights that an API token has."""

    METRICS_READ = (
        "metrics:read",
        "Read measures: `usage`, `deepWork`, `insight`, and their parts; alerts, goals and annotations.",
    )
    BEHAVIORS_READ = "behaviors:read", "Read single events and sessions, with their urls."
    PEOPLE_READ = "people:read", "Read extension users: names, activity, prefixes of keys."
    PEOPLE_WRITE = "people:write", "Make, change and erase extension users and their keys, and delete single events."
    ORGANIZATION_READ = "organization:read", "Read organizations, their members, teams, rules and saved queries."
    ORGANIZATION_ADMIN = (
        "organization:admin",
        "Change organizations, members, teams, rules, goals, annotations and saved queries, and read the audit log.",
    )
    EXPORT = "export", "Download events and everything held on a person."
    INGEST = "ingest", "Store events of the organization's people without their API keys."
