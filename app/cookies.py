"""The sign-in cookies of browsers: HttpOnly, SameSite=Strict, for our own pages and trusted frontends."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from core.errors import Forbidden
from resolvers.sign_in import Session

_ACCESS = "wb_access"
_REFRESH = "wb_refresh"


@dataclass
class RequestCookies:
    """The cookies a request carries, believed only from origins that may use them, and those its answer sets.

    `secure`: the service is reached over https, so the cookies must be, too.
    """

    request: Request
    response: Response
    believed: bool
    secure: bool

    @property
    def access_token(self) -> str | None:
        """The access token, where the request is believed."""
        return self._read(_ACCESS)

    @property
    def refresh_token(self) -> str | None:
        """The refresh token, where the request is believed."""
        return self._read(_REFRESH)

    def require(self) -> None:
        """Forbidden for a page that is given no cookies."""
        if not self.believed:
            raise Forbidden(
                "Cookies are only set for pages of this service or of an origin in CORS_ORIGINS. "
                "Use `delivery: TOKENS` instead."
            )

    def set(self, session: Session) -> None:
        """Send the session's tokens. `require` comes first: a sign-in must not begin that cannot be delivered."""
        self.require()
        self._write(_ACCESS, session.access_token, session.expires_at)
        self._write(_REFRESH, session.refresh_token, session.refresh_expires_at)

    def clear(self) -> None:
        """Take the cookies of a believed request away, whether or not it still carries both."""
        for name in (_ACCESS, _REFRESH):
            if self.believed:
                self.response.delete_cookie(name, httponly=True, samesite="strict", secure=self.secure)

    def _read(self, name: str) -> str | None:
        return self.request.cookies.get(name) if self.believed else None

    def _write(self, name: str, value: str, expires: datetime) -> None:
        self.response.set_cookie(
            name, value, expires=expires, httponly=True, samesite="strict", secure=self.secure, path="/"
        )
