"""The cookies of single sign-on: a browser's attempts to sign in, and the id token to sign out at the provider with.

An attempt comes back in a navigation that another site begins, which `SameSite=Strict` would keep its cookie out of.
Each tab's attempt has a cookie of its own, by its `state`.
"""

import re
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from auth.sso.attempts import ATTEMPT_LIFETIME, AttemptSigner, SignInAttempt
from auth.sso.options import SIGN_OUT_PATH

_FOLDER = "/auth/sso"
_ID_TOKEN = "wb_id_token"  # noqa: S105 - the cookie's name
_PREFIX = "wb_sso_"
_NAME_CHARACTERS = 16
_STATE = re.compile(r"[\w-]{43}", re.ASCII)
_MOST_ATTEMPTS = 8
_LONGEST = 3500
"""In characters: browsers keep 4 KiB of a cookie, its name and attributes included."""


def keep_attempt(request: Request, response: Response, signer: AttemptSigner, attempt: SignInAttempt) -> None:
    """Let the browser keep an attempt; of many it forgets the oldest, since all are sent with each request."""
    older = [name for name in request.cookies if name.startswith(_PREFIX)]
    for name in older[: max(0, len(older) - _MOST_ATTEMPTS + 1)]:
        response.delete_cookie(name, path=_FOLDER)
    response.set_cookie(
        _name(attempt.state),
        signer.sign(attempt),
        max_age=int(ATTEMPT_LIFETIME.total_seconds()),
        path=_FOLDER,
        httponly=True,
        samesite="lax",
        secure=_is_secure(request),
    )


def read_attempt(request: Request, signer: AttemptSigner, state: str | None) -> SignInAttempt | None:
    """Return the browser's attempt with this state; None if it has none, or no more."""
    if state is None or not _STATE.fullmatch(state):
        return None
    return signer.read(request.cookies.get(_name(state), ""), state)


def forget_attempt(response: Response, attempt: SignInAttempt) -> None:
    """Let the browser forget an attempt that has been answered: its answer is not accepted twice."""
    response.delete_cookie(_name(attempt.state), path=_FOLDER)


def keep_id_token(request: Request, response: Response, id_token: str, expires: datetime) -> None:
    """Let the browser keep an id token, unless it is too long: the provider then asks before it signs somebody out."""
    if len(id_token) <= _LONGEST:
        response.set_cookie(
            _ID_TOKEN,
            id_token,
            expires=expires,
            path=SIGN_OUT_PATH,
            httponly=True,
            samesite="strict",
            secure=_is_secure(request),
        )


def read_id_token(request: Request) -> str | None:
    """Return the id token that the browser keeps."""
    return request.cookies.get(_ID_TOKEN)


def forget_id_token(response: Response) -> None:
    """Let the browser forget the id token."""
    response.delete_cookie(_ID_TOKEN, path=SIGN_OUT_PATH)


def _name(state: str) -> str:
    return _PREFIX + state[:_NAME_CHARACTERS]


def _is_secure(request: Request) -> bool:
    return bool(request.app.state.origins.own.startswith("https://"))
