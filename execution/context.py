"""The context of a GraphQL request, which every field receives."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Protocol

import strawberry

from auth.meter import Meter
from auth.viewer import Viewer
from core.clock import now
from core.errors import AppError, Forbidden
from db.queries.users import UserRow
from execution.request_policy import RequestPolicy
from resolvers.caller import Caller, Client
from resolvers.services import Services
from resolvers.sign_ins import Session


class SessionCookies(Protocol):
    """The sign-in cookies of a browser."""

    @property
    def refresh_token(self) -> str | None:
        """The refresh token a believed request carries."""

    @property
    def missing(self) -> str | None:
        """The advice on cookies that a page could send but did not; None where they are not accepted."""

    def require(self) -> None:
        """Forbidden for a page of an origin that is not trusted: it is given no cookies."""

    def set(self, session: Session) -> None:
        """Send the session's tokens as cookies. `require` comes first."""

    def clear(self) -> None:
        """Delete the cookies of a believed request."""


@dataclass
class Context:
    """The request's client, cookies, policy and authentication.

    `authentication`: the viewer and their account (None for a service account), or the reason why there is none.
    `is_query` is true once it is known that the request changes nothing; `meter` holds the points paid and time used.
    `received_at` is the present moment of all of the request's periods.
    """

    services: Services
    client: Client
    cookies: SessionCookies
    authentication: tuple[Viewer, UserRow | None] | AppError
    policy: RequestPolicy
    body_bytes: int = 0
    is_query: bool = False
    received_at: datetime = field(default_factory=now)
    meter: Meter = field(init=False)

    def __post_init__(self) -> None:
        self.meter = Meter(self.services.throttles.query_budget)

    @cached_property
    def caller(self) -> Caller:
        """The signed-in caller; raises Unauthenticated (or Unavailable) when there is none."""
        if isinstance(self.authentication, AppError):
            raise self.authentication
        viewer, _ = self.authentication
        return Caller.of(viewer, self.services, self.meter)

    def adopt(self, session: Session) -> None:
        """Run the rest of the request as the account that has just signed in."""
        self.authentication = (session.viewer, session.user)
        self.forget()

    def forget(self) -> None:
        """Drop all loaded data: after a change it is loaded afresh, and after the request it is not needed."""
        self.__dict__.pop("caller", None)

    def require_sign_in(self) -> None:
        """Raise Unauthenticated without a sign-in, in fields that do not use the viewer otherwise."""
        _ = self.caller

    @property
    def is_signed_in(self) -> bool:
        """True if the request has a valid sign-in or API token."""
        return not isinstance(self.authentication, AppError)

    @property
    def account(self) -> UserRow:
        """The caller's own account. Forbidden for a service account, which is no user."""
        if isinstance(self.authentication, AppError):
            raise self.authentication
        account = self.authentication[1]
        if account is None:
            raise Forbidden("A service account is no user: it has no account of its own to read or change.")
        return account


Info = strawberry.Info[Context, None]
