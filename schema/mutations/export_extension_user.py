"""exportExtensionUser: everything held on an extension user, as a download. For admins of the organization."""

from typing import Annotated

import strawberry

from core.ids import uuid_of
from resolvers import exports
from resolvers.extension_user import managed
from schema.context import Info
from schema.download import Download, download
from schema.errors import NotFound


@strawberry.input(description="Whose data to export.")
class ExportExtensionUserInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="Which extension user.")


@strawberry.type(description="The download is ready to be fetched.")
class ExportExtensionUserSuccess:
    """The outcome."""

    download: Download = strawberry.field(
        description="Lines of JSON: the person, their organization, what is known of their key, their events, those "
        "that were refused, and what the audit log says of them."
    )


ExportExtensionUserResult = Annotated[
    ExportExtensionUserSuccess | NotFound,
    strawberry.union("ExportExtensionUserResult", description="What `exportExtensionUser` answers."),
]


async def export_extension_user(
    info: Info,
    input: Annotated[ExportExtensionUserInput, strawberry.argument(description="Whose data to export.")],
) -> ExportExtensionUserSuccess:
    """Resolve the field."""
    caller = info.context.caller
    person = await managed(caller, uuid_of(input.id, "ExtensionUser"))
    resource = exports.resource(f"/extension-users/{person.id}.ndjson", [])
    return ExportExtensionUserSuccess(download=download(caller, resource))
