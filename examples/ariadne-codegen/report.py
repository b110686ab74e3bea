"""Print how active everybody was in the last days, and make a person: `TOKEN=… python report.py URL ORGANIZATION`."""

import json
import os
import sys
from collections.abc import Iterator

from web_behavior_client import (
    Client,
    CreatePersonCreateExtensionUserCreateExtensionUserSuccess,
    PeoplePageOrganizationExtensionUsersNodes,
    Period,
)


def everybody(client: Client, organization: str, days: int) -> Iterator[PeoplePageOrganizationExtensionUsersNodes]:
    """Everybody of the organization, page after page."""
    after: str | None = None
    while True:
        page = client.people_page(organization=organization, period=Period(last=f"P{days}D"), first=2, after=after)
        people = page.organization.extension_users if page.organization else None
        if people is None:
            return
        yield from people.nodes
        if not people.page_info.has_next_page:
            return
        after = people.page_info.end_cursor


def create(client: Client, organization: str, username: str) -> dict[str, str]:
    """The key of a new person, or why there is none."""
    result = client.create_person(organization=organization, username=username).create_extension_user
    if isinstance(result, CreatePersonCreateExtensionUserCreateExtensionUserSuccess):
        return {"apiKey": result.api_key}
    return {"failure": result.typename__, "message": result.message}


def main() -> None:
    """Print all of it as JSON."""
    url, organization = sys.argv[1:]
    with Client(url=url, headers={"Authorization": f"Bearer {os.environ['TOKEN']}"}) as client:
        people = [
            {
                "id": str(person.uuid),
                "username": person.username,
                "year": person.created_at.year,
                "events": person.usage.total.events if person.usage and person.usage.total else 0,
            }
            for person in everybody(client, organization, 7)
        ]
        made = [create(client, organization, name) for name in ("fritz", "FRITZ")]
    print(json.dumps({"people": people, "made": made}))  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
