"""What a GraphQL request carries into the fields."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import strawberry

from auth.viewer import Viewer
from core.errors import AppError
from db.queries.user import UserRow
from resolvers.batches import Batches
from resolvers.caller import Caller, Client
from resolvers.services import Services
from resolvers.sign_in import Session
from schema.documents.gate import Gate


class SessionCookies(Protocol):
    """The sign-in cookies of a browser."""

    @property
    def refresh_token(self) -> str | None:
        """The refresh token a believed request carries."""

    def require(self) -> None:
        """Forbidden for a page of an origin that is not trusted: it is given no cookies."""

    def set(self, session: Session) -> None:
        """Send the session's tokens as cookies. `require` comes first."""

    def clear(self) -> None:
        """Take the cookies of a believed request away."""


@dataclass
class Context:
    """The request's client, cookies and sign-in: who it is, or why it is nobody; and what it must pass.

    `is_query` is true once it is known that the request changes nothing.
    """

    services: Services
    client: Client
    cookies: SessionCookies
    authentication: tuple[Viewer, UserRow] | AppError
    gate: Gate
    body_bytes: int = 0
    is_query: bool = False

    @cached_property
    def caller(self) -> Caller:
        """The signed-in caller; raises Unauthenticated (or Unavailable) when there is none."""
        if isinstance(self.authentication, AppError):
            raise self.authentication
        viewer, _ = self.authentication
        return Caller(viewer, self.services, Batches(self.services.database, viewer.readable))

    def adopt(self, session: Session) -> None:
        """Speak, for the rest of the request, for whoever has just signed in."""
        self.authentication = (session.viewer, session.user)
        self.forget()

    def forget(self) -> None:
        """Let go of all that was loaded: after a change it is loaded afresh, and at the end it is needed no more."""
        self.__dict__.pop("caller", None)

    def require_sign_in(self) -> None:
        """Refuse strangers, in fields that need the viewer for nothing else."""
        _ = self.caller

    @property
    def is_signed_in(self) -> bool:
        """Whether the request speaks for anybody."""
        return not isinstance(self.authentication, AppError)

    @property
    def account(self) -> UserRow:
        """The caller's own account."""
        if isinstance(self.authentication, AppError):
            raise self.authentication
        return self.authentication[1]


Info = strawberry.Info[Context, None]
