"""Exports: downloads of browsing events, and of everything held on a person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from core.errors import InvalidInput as InvalidInputError
from core.ids import uuid_of
from core.limits import EXPORT_ADDRESS_CHARACTERS
from core.token_scopes import TokenScope
from execution.context import Info
from execution.declarations import SIGNED_IN
from execution.token_scopes import for_tokens
from resolvers import exports
from resolvers.extension_users import managed
from schema.download import Download, download
from schema.enums import EventType, ExportFormat
from schema.errors import InvalidInput, NotFound
from schema.mutations.field import mutation


@strawberry.input(
    description="The events to export, and their format; every condition that is given must hold. An id of something "
    "that the viewer may not see matches nothing."
)
class ExportBehaviorsInput:
    """The arguments."""

    format: ExportFormat = strawberry.field(description="The format of the download.")
    from_: datetime | None = strawberry.field(
        name="from", default=None, description="The event happened then or later."
    )
    to: datetime | None = strawberry.field(default=None, description="The event happened before then.")
    organization_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The organization is one of these."
    )
    extension_user_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The extension user is one of these."
    )
    team_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The extension user is in one of these teams now."
    )
    session_ids: list[str] | None = strawberry.field(default=None, description="The session id is one of these.")
    event_types: list[EventType] | None = strawberry.field(default=None, description="The type is one of these.")
    domains: list[str] | None = strawberry.field(default=None, description="The domain is one of these.")
    url_contains: str | None = strawberry.field(default=None, description="The url contains this text, in any case.")
    byte_order_mark: bool = strawberry.field(
        default=False,
        description="True: a CSV begins with a byte order mark, by which Excel tells that it is in UTF-8.",
    )


@strawberry.type(description="The download is ready to be fetched.")
class ExportBehaviorsSuccess:
    """The outcome."""

    download: Download = strawberry.field(
        description="The events, person by person, each person's from the oldest to the newest."
    )


ExportBehaviorsResult = Annotated[
    ExportBehaviorsSuccess | InvalidInput,
    strawberry.union("ExportBehaviorsResult", description="The result of `exportBehaviors`."),
]


@mutation(
    ExportBehaviorsResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.EXPORT),
    description="Browsing events that the viewer may see, as a download of any length.",
)
async def export_behaviors(
    info: Info,
    input: Annotated[ExportBehaviorsInput, strawberry.argument(description="The events to export, and their format.")],
) -> ExportBehaviorsSuccess:
    """Resolve the field."""
    if input.byte_order_mark and input.format is not ExportFormat.CSV:
        raise InvalidInputError("Only a CSV can have a byte order mark.", "byteOrderMark")
    resource = exports.resource(f"/behaviors.{input.format.value}", _parameters(input))
    if len(resource) > EXPORT_ADDRESS_CHARACTERS:
        raise InvalidInputError("These are too many conditions for one export. Ask for several.")
    return ExportBehaviorsSuccess(download=download(info.context.caller, resource))


def _parameters(wanted: ExportBehaviorsInput) -> list[tuple[str, str]]:
    """The conditions as parameters of the download's address.

    InvalidInput for an empty list: in a `where` it admits nothing, in an address it would be no condition at all.
    """
    given: dict[str, Sequence[str] | None] = {
        "from": None if wanted.from_ is None else [wanted.from_.isoformat()],
        "to": None if wanted.to is None else [wanted.to.isoformat()],
        "organizationId": wanted.organization_ids,
        "extensionUserId": wanted.extension_user_ids,
        "teamId": wanted.team_ids,
        "sessionId": wanted.session_ids,
        "eventType": None if wanted.event_types is None else [kind.wire for kind in wanted.event_types],
        "domain": wanted.domains,
        "urlContains": None if wanted.url_contains is None else [wanted.url_contains],
        "byteOrderMark": ["true"] if wanted.byte_order_mark else None,
    }
    if [] in given.values():
        raise InvalidInputError("A list of conditions must not be empty. Leave it out to export everything.")
    return [(name, value) for name, values in given.items() for value in values or ()]


@strawberry.input(description="The person whose data to export.")
class ExportExtensionUserInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The extension user.")


@strawberry.type(description="The download is ready to be fetched.")
class ExportExtensionUserSuccess:
    """The outcome."""

    download: Download = strawberry.field(
        description="Lines of JSON: the person, their organization and teams, what is known of their key, their "
        "events, those that were refused, and what the audit log says of them."
    )


ExportExtensionUserResult = Annotated[
    ExportExtensionUserSuccess | NotFound,
    strawberry.union("ExportExtensionUserResult", description="The result of `exportExtensionUser`."),
]


@mutation(
    ExportExtensionUserResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.EXPORT),
    description="Everything held on an extension user, as a download. For the organization's admins.",
)
async def export_extension_user(
    info: Info,
    input: Annotated[ExportExtensionUserInput, strawberry.argument(description="The person whose data to export.")],
) -> ExportExtensionUserSuccess:
    """Resolve the field."""
    caller = info.context.caller
    person = await managed(caller, uuid_of(input.id, "ExtensionUser"))
    resource = exports.resource(f"/extension-users/{person.id}.ndjson", [])
    return ExportExtensionUserSuccess(download=download(caller, resource))
