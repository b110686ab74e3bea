"""Downloads: where an export can be fetched."""

from datetime import datetime

import strawberry

from auth.tokens import AccessToken
from resolvers import exports
from resolvers.caller import Caller


@strawberry.type(description="The address of a download: for a GET, or a link in a page.")
class Download:
    """An address with a ticket."""

    url: str = strawberry.field(
        description="Its address, below that of the service. It holds a ticket, and works without any sign-in: do not "
        "pass it on."
    )
    expires_at: datetime = strawberry.field(
        description="The time until which the download can begin, unless the session ends before."
    )


def download(caller: Caller, resource: str) -> Download:
    """The download of a resource, with a ticket in the caller's name."""
    ticket: AccessToken = exports.ticket(caller, resource)
    return Download(
        url=f"{resource}{'&' if '?' in resource else '?'}ticket={ticket.text}", expires_at=ticket.expires_at
    )
