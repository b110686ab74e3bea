"""exportBehaviors: browsing events as a download of any length."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from core.errors import InvalidInput as InvalidInputError
from core.limits import EXPORT_ADDRESS_CHARACTERS
from resolvers import exports
from schema.context import Info
from schema.download import Download, download
from schema.enums import EventType, ExportFormat
from schema.errors import InvalidInput


@strawberry.input(
    description="Which events to export, and how: every condition that is given must hold. An id of something that the "
    "viewer may not see matches nothing."
)
class ExportBehaviorsInput:
    """The arguments."""

    format: ExportFormat = strawberry.field(description="How to write them.")
    from_: datetime | None = strawberry.field(name="from", default=None, description="They happened then or later.")
    to: datetime | None = strawberry.field(default=None, description="They happened before then.")
    organization_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="They belong to one of these organizations."
    )
    extension_user_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="They are one of these extension users'."
    )
    session_ids: list[str] | None = strawberry.field(default=None, description="They carry one of these session ids.")
    event_types: list[EventType] | None = strawberry.field(default=None, description="They are of one of these types.")
    domains: list[str] | None = strawberry.field(default=None, description="They are of one of these domains.")
    url_contains: str | None = strawberry.field(default=None, description="Their url contains this, whatever the case.")


@strawberry.type(description="The download is ready to be fetched.")
class ExportBehaviorsSuccess:
    """The outcome."""

    download: Download = strawberry.field(
        description="The events, person by person, each person's from the oldest to the newest."
    )


ExportBehaviorsResult = Annotated[
    ExportBehaviorsSuccess | InvalidInput,
    strawberry.union("ExportBehaviorsResult", description="What `exportBehaviors` answers."),
]


async def export_behaviors(
    info: Info,
    input: Annotated[ExportBehaviorsInput, strawberry.argument(description="Which events to export, and how.")],
) -> ExportBehaviorsSuccess:
    """Resolve the field."""
    resource = exports.resource(f"/behaviors.{input.format.value}", _parameters(input))
    if len(resource) > EXPORT_ADDRESS_CHARACTERS:
        raise InvalidInputError("These are too many conditions for one export. Ask for several.")
    return ExportBehaviorsSuccess(download=download(info.context.caller, resource))


def _parameters(wanted: ExportBehaviorsInput) -> list[tuple[str, str]]:
    """The same as parameters of the download's address.

    InvalidInput for an empty list: in a `where` it admits nothing, in an address it would be no condition at all.
    """
    given: dict[str, Sequence[str] | None] = {
        "from": None if wanted.from_ is None else [wanted.from_.isoformat()],
        "to": None if wanted.to is None else [wanted.to.isoformat()],
        "organizationId": wanted.organization_ids,
        "extensionUserId": wanted.extension_user_ids,
        "sessionId": wanted.session_ids,
        "eventType": None if wanted.event_types is None else [kind.wire for kind in wanted.event_types],
        "domain": wanted.domains,
        "urlContains": None if wanted.url_contains is None else [wanted.url_contains],
    }
    if [] in given.values():
        raise InvalidInputError("A list of conditions must not be empty. Leave it out to export everything.")
    return [(name, value) for name, values in given.items() for value in values or ()]
