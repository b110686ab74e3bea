"""The routes of single sign-on: to the provider, back from it, and out.

    browser ── GET /auth/sso/login ──► provider ── GET /auth/sso/callback ──► the page it came from, signed in
    page ──── POST /auth/sso/logout ──► the address where to sign out of the provider, too

They are for browsers: what goes wrong on the first two is told by a page.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.sso.attempts import SignInAttempt
from auth.sso.identity import Callback
from auth.sso.options import CALLBACK_PATH, SIGN_IN_PATH, SIGN_OUT_PATH
from core.errors import AppError, InvalidInput, RetryLater, SignInRefused
from db.timeout import database_timeout
from pages.sign_in_problem import sign_in_problem_page
from resolvers import sign_ins, single_sign_on
from resolvers.services import Services
from web.answers import Json, success
from web.clients import client_of
from web.cookies import RequestCookies
from web.origins import Origins
from web.sso_cookies import (
    forget_attempt,
    forget_id_token,
    keep_attempt,
    keep_id_token,
    read_attempt,
    read_id_token,
)

_USUAL_PAGE = "/graphql"
_LONGEST_RETURN = 2000
_SEE_OTHER = 303
_ANEW = "prompt=login"

router = APIRouter(include_in_schema=False)  # for browsers, and described in docs/single-sign-on.md

Route = Callable[[Request], Awaitable[Response]]


def _told_by_a_page(route: Route) -> Route:
    """Return the route with its expected errors as pages."""

    @wraps(route)
    async def told(request: Request) -> Response:
        try:
            return await route(request)
        except AppError as error:
            retry_after = error.retry_after if isinstance(error, RetryLater) else None
            # Whoever was refused may be somebody else, too: the provider would not ask, and they be refused again.
            again = f"{SIGN_IN_PATH}?{_ANEW}" if isinstance(error, SignInRefused) else SIGN_IN_PATH
            return sign_in_problem_page(error.message, error.status, again, retry_after)

    return told


@router.get(SIGN_IN_PATH)
@_told_by_a_page
async def login(request: Request) -> Response:
    """Lead a browser to the provider, and let it keep what it needs to come back."""
    services: Services = request.app.state.services
    attempt = SignInAttempt.to(_return_address(request))
    anew = request.query_params.get("prompt") == "login"
    response = _led_to(await single_sign_on.begin(services, client_of(request), attempt, anew=anew))
    keep_attempt(request, response, single_sign_on.of(services).attempts, attempt)
    return response


@router.get(CALLBACK_PATH)
@_told_by_a_page
async def callback(request: Request) -> Response:
    """Sign a browser in that comes back from the provider, by the cookies of the sign-in with a password."""
    services: Services = request.app.state.services
    parameters = request.query_params
    answer = Callback(*(parameters.get(name) for name in ("state", "code", "error", "iss")))
    attempt = read_attempt(request, single_sign_on.of(services).attempts, answer.state)
    session, id_token = await single_sign_on.complete(services, client_of(request), answer, attempt)
    assert attempt is not None  # noqa: S101 - without one, nobody is signed in
    response = _led_to(attempt.return_to)
    forget_attempt(response, attempt)
    # `state` has shown that this browser began the sign-in, as `Origin` does where a password is sent.
    _cookies(request, response, believed=True).set(session)
    keep_id_token(request, response, id_token, session.refresh_expires_at)
    return response


@router.post(SIGN_OUT_PATH)
async def logout(request: Request) -> Json:
    """End the browser's sign-in; answer with the address where to sign out of the provider, null if there is none."""
    services: Services = request.app.state.services
    single_sign_on.of(services)
    origins: Origins = request.app.state.origins
    headers = request.headers
    believed = origins.may_use_cookies(headers.get("origin"), headers.get("host"))
    cookies = _cookies(request, Response(), believed=believed)
    cookies.require()
    with database_timeout():
        by_sso = await sign_ins.end_by_cookies(
            services, client_of(request), cookies.access_token, cookies.refresh_token
        )
    url = await single_sign_on.sign_out_url(services, read_id_token(request)) if by_sso else None
    response = success({"url": url})
    _cookies(request, response, believed=True).clear()
    forget_id_token(response)
    return response


def _led_to(address: str) -> Response:
    return RedirectResponse(address, _SEE_OTHER)


def _cookies(request: Request, response: Response, *, believed: bool) -> RequestCookies:
    secure = request.app.state.origins.own.startswith("https://")
    return RequestCookies(request, response, believed=believed, secure=secure)


def _return_address(request: Request) -> str:
    """Return where to go after signing in: a page of this service, or of a frontend that is trusted. InvalidInput."""
    address = request.query_params.get("returnTo", _USUAL_PAGE)
    origins: Origins = request.app.state.origins
    is_path = address.startswith("/") and not address.startswith("//")
    if _is_plain(address) and (is_path or _origin(address) in {origins.own, *origins.trusted}):
        return address
    raise InvalidInput(
        "`returnTo` must be a path of this service, like /graphql, or an address of a frontend in CORS_ORIGINS.",
        "returnTo",
    )


def _is_plain(address: str) -> bool:
    """True if browsers read the address as we do: without space, backslashes or control characters."""
    plain = address.isascii() and address.isprintable() and not set(" \\") & set(address)
    return plain and len(address) <= _LONGEST_RETURN


def _origin(address: str) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}"
