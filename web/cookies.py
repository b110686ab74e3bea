"""The sign-in cookies of browsers: HttpOnly, SameSite=Strict, for the service's own pages and trusted frontends."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from core.errors import Forbidden
from resolvers.sign_ins import Session

_ACCESS = "wb_access"
_REFRESH = "wb_refresh"


@dataclass
class RequestCookies:
    """The cookies of a request, accepted only from origins that may use them, and those that its answer sets.

    `secure`: the service is reached over https, so the cookies are Secure.
    """

    request: Request
    response: Response
    believed: bool
    secure: bool

    @property
    def missing(self) -> str | None:
        """Return what to do about cookies that a page could send but did not; None where they are not accepted."""
        if not self.believed or self.request.headers.get("origin") is None:
            return None
        return (
            "This request came without the sign-in cookies. If the page is of another origin than the service, it must "
            "be of the same site (`admin.example.com` and `api.example.com`; others use `delivery: TOKENS`), and send "
            'every request with `credentials: "include"`, `login` too: without it the browser neither keeps nor sends '
            "cookies. If it does, sign in by `login` with `delivery: COOKIE`, or renew the session by `refreshSession`."
        )

    @property
    def access_token(self) -> str | None:
        """The access token, if cookies of the request are accepted."""
        return self._read(_ACCESS)

    @property
    def refresh_token(self) -> str | None:
        """The refresh token, if cookies of the request are accepted."""
        return self._read(_REFRESH)

    def require(self) -> None:
        """Raise Forbidden unless the page may use cookies."""
        if not self.believed:
            raise Forbidden(
                "Cookies are only set for pages of this service or of an origin in CORS_ORIGINS. "
                "Use `delivery: TOKENS` instead."
            )

    def set(self, session: Session) -> None:
        """Set the session's tokens. Call `require` before the sign-in begins, since its tokens must be deliverable."""
        self.require()
        self._write(_ACCESS, session.access_token, session.expires_at)
        self._write(_REFRESH, session.refresh_token, session.refresh_expires_at)

    def clear(self) -> None:
        """Delete the cookies of an accepted request, whether or not it carries both."""
        for name in (_ACCESS, _REFRESH):
            if self.believed:
                self.response.delete_cookie(name, httponly=True, samesite="strict", secure=self.secure)

    def _read(self, name: str) -> str | None:
        return self.request.cookies.get(name) if self.believed else None

    def _write(self, name: str, value: str, expires: datetime) -> None:
        self.response.set_cookie(
            name, value, expires=expires, httponly=True, samesite="strict", secure=self.secure, path="/"
        )
