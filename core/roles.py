"""Roles of members in an organization."""

from core.described_enum import DescribedEnum


class Role(DescribedEnum):
    """Viewers and members read; admins also manage the organization; leads read of the people in their teams."""

    ADMIN = "admin", "Reads everything and manages the organization, its members and its extension users."
    MEMBER = "member", "Reads everything of the organization."
    VIEWER = "viewer", "Reads everything of the organization."
    LEAD = (
        "lead",
        (
            "Reads what is of the people in the teams that they lead (`appointTeamLead`), and of the organization its "
            "name and settings."
        ),
    )
