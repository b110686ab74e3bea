"""The page that tells why somebody was not signed in."""

import html

from starlette.responses import Response

from pages.html import BASE_POLICY, EMPTY_ICON, html_page, versioned

_POLICY = {**BASE_POLICY, "script-src": "'none'", "connect-src": "'none'", "style-src": "'self'"}


def sign_in_problem_page(message: str, status: int, again: str, retry_after: int | None = None) -> Response:
    """Return the page with a message, and the address to begin again at. `retry_after` is in seconds."""
    body = f"""\
<main>
<h1>You are not signed in</h1>
<p id="problem">{html.escape(message)}</p>
<p><a href="{html.escape(again)}">Begin again</a></p>
</main>"""
    head = f'<link rel="stylesheet" href="{versioned("notice.css")}">\n{EMPTY_ICON}'
    response = html_page("Sign in · web-behavior", head, body, _POLICY)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
