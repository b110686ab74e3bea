"""Authentication of requests by the credential that they present: an access token, an API token or a ticket."""

from auth.api_tokens import is_api_token
from auth.viewer import Viewer
from core.errors import Unauthenticated
from db.queries import api_tokens
from db.queries.users import UserRow
from resolvers import api_tokens as tokens
from resolvers import sign_ins
from resolvers.services import Services


async def authenticate(services: Services, token: str) -> tuple[Viewer, UserRow | None]:
    """Return the viewer of an access token or API token, and their account (None: a service account).

    Unauthenticated if it is invalid, or its sign-in has ended.
    """
    if is_api_token(token):
        return await tokens.authenticate(services, token)
    return await sign_ins.authenticate(services, token)


async def authenticate_by_ticket(services: Services, ticket: str, resource: str) -> tuple[Viewer, UserRow | None]:
    """Return the viewer of a download's ticket. Unauthenticated if it or its credential has ended."""
    claims = services.tokens.read_ticket(ticket, resource)
    async with services.database.alone() as connection:
        signed_in = await sign_ins.account(connection, claims)
        if signed_in is not None:
            return signed_in
        by_token = await api_tokens.account_by_id(connection, claims.credential_id)
    if by_token is None:
        raise Unauthenticated("The sign-in or API token that this ticket was made with has ended.")
    return tokens.viewer_of(by_token)
