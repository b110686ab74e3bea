"""The pages that links in mails lead to: accept an invitation, choose a new password, confirm a mail address.

The token is the fragment of the address, which browsers send to nobody: the page's script takes it from there. What
the scripts ask is in ``pages/operations``; it is asked by its SHA-256, as trusted documents are, so that the pages also
work where nothing but trusted documents is answered.
"""

import html
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from starlette.responses import Response

from pages.html import BASE_POLICY, EMPTY_ICON, html_page, json_in_html, versioned
from pages.sign_in_ways import SignInWays
from resolvers.links import INVITATION_PATH

_OPERATIONS_DIRECTORY = Path(__file__).parent / "operations"
_POLICY = MappingProxyType({**BASE_POLICY, "style-src": "'self'"})

_NEW_SECRET = 'type="password" autocomplete="new-password" minlength="12" maxlength="256" required'  # noqa: S105 - markup
_USERNAME = 'type="text" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="255" required'

_INVITED = """\
<h1>Invitation</h1>
<section id="invited" hidden>
<p>You are invited to become a <strong id="role"></strong> of <strong id="organization"></strong>.</p>
<section id="as-viewer" hidden>
<p>You are signed in as <strong id="viewer"></strong>.</p>
<form id="accept"><button type="submit">Accept the invitation</button></form>
</section>
<section id="as-stranger" hidden>
{ways}
</section>
</section>
<section id="done" hidden>
<p>You are a <strong id="done-role"></strong> of <strong id="done-organization"></strong> now. Your username is
<strong id="username"></strong>: you sign in with it.</p>
</section>"""
_BY_PASSWORD = f"""\
<h2>With a new account</h2>
<form id="new-account">
<label>Username <input name="username" {_USERNAME}></label>
<p class="hint">Four digits are put behind it.</p>
<label>Password <input name="password" {_NEW_SECRET}></label>
<p class="hint">At least 12 characters.</p>
<button type="submit">Make the account and accept</button>
</form>
<h2>With the account that you have</h2>
<form id="sign-in">
<label>Username <input name="username" {_USERNAME}></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button type="submit">Sign in and accept</button>
</form>"""
_NO_PASSWORDS = """\
<h1>New password</h1>
<p>Passwords are not accepted here.</p>
<p>{link}</p>"""
_PASSWORD_RESET = f"""\
<h1>New password</h1>
<form id="request" hidden>
<p>You are sent a link, if your account has a confirmed mail address.</p>
<label>Username <input name="username" {_USERNAME}></label>
<button type="submit">Send me a link</button>
</form>
<section id="requested" hidden>
<p>If there is such an account, and it has a confirmed mail address, a link is on its way to it. It holds for an
hour.</p>
</section>
<form id="reset" hidden>
<label>New password <input name="password" {_NEW_SECRET}></label>
<p class="hint">At least 12 characters.</p>
<label>The same again <input name="again" {_NEW_SECRET}></label>
<button type="submit">Set the password</button>
</form>
<section id="done" hidden>
<p>The password of <strong id="username"></strong> is set. Wherever you were signed in, you no longer are.</p>
</section>"""
_EMAIL_CONFIRMATION = """\
<h1>Mail address</h1>
<form id="confirm" hidden>
<p>Confirm that this mail address is yours.</p>
<button type="submit">Confirm</button>
</form>
<section id="done" hidden>
<p>The account <strong id="username"></strong> has the mail address <strong id="email"></strong> now.</p>
</section>"""


@cache
def page_operations() -> Mapping[str, str]:
    """Return the operations of the pages' scripts, by the names of their files."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(_OPERATIONS_DIRECTORY.glob("*.graphql"))}


def invitation_page(home: str | None, ways: SignInWays) -> Response:
    """Return the page of an invitation; `home` is the address of the page to sign in on, if there is one."""
    offered = []
    if ways.provider:
        offered.append(f"<h2>By {html.escape(ways.provider)}</h2>\n<p>{ways.provider_link(INVITATION_PATH)}</p>")
    if ways.passwords:
        offered.append(_BY_PASSWORD)
    return _page("Invitation", "invitation.js", _INVITED.format(ways="\n".join(offered)), home)


def password_reset_page(home: str | None, ways: SignInWays) -> Response:
    """Return the page of a forgotten password: with a token it sets a new one, without one it asks for a link."""
    if not ways.passwords:
        return _page("New password", None, _NO_PASSWORDS.format(link=ways.provider_link()), home)
    return _page("New password", "password-reset.js", _PASSWORD_RESET, home)


def email_confirmation_page(home: str | None, _ways: SignInWays) -> Response:
    """Return the page that confirms a mail address."""
    return _page("Mail address", "email-confirmation.js", _EMAIL_CONFIRMATION, home)


def _page(title: str, script: str | None, content: str, home: str | None) -> Response:
    ids = {name: f"sha256:{sha256(text.encode()).hexdigest()}" for name, text in page_operations().items()}
    onward = "" if home is None else f'<p id="onward" hidden><a href="{home}">Sign in</a></p>'
    scripts = (
        ""
        if script is None
        else f"""\
<noscript>
<p>This page needs JavaScript: the link's token is sent by a script, so that it stands in no log.</p>
</noscript>
<script type="application/json" id="documents">{json_in_html(ids)}</script>
<script type="module" src="{versioned(f"links/{script}")}"></script>"""
    )
    body = f"""\
<header class="bar">web-behavior</header>
<main>
{content}
{onward}
<p id="problem" role="alert" hidden></p>
{scripts}
</main>"""
    head = f'<link rel="stylesheet" href="{versioned("links/links.css")}">\n{EMPTY_ICON}'
    return html_page(f"{title} · web-behavior", head, body, _POLICY)
