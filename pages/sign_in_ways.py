"""The ways in that the pages offer: a password, single sign-on, a link for a forgotten password."""

import html
from dataclasses import dataclass

from auth.sso.options import SIGN_IN_PATH, SIGN_OUT_PATH
from resolvers.links import PASSWORD_RESET_PATH


@dataclass(frozen=True, slots=True)
class SignInWays:
    """The ways to sign in: the provider of single sign-on, by its name; passwords; mails with links to set new ones."""

    provider: str | None = None
    passwords: bool = True
    password_links: bool = False

    def for_script(self) -> dict[str, object]:
        """Return what a page's script needs to know; null stands for what is not offered."""
        return {
            "passwords": self.passwords,
            "passwordReset": PASSWORD_RESET_PATH if self.passwords and self.password_links else None,
            "provider": self.provider,
            "signIn": SIGN_IN_PATH,
            "signOut": SIGN_OUT_PATH,
        }

    def provider_link(self, return_to: str | None = None) -> str:
        """Return a link that signs in by single sign-on, as markup; `return_to` is the path of a page."""
        address = SIGN_IN_PATH if return_to is None else f"{SIGN_IN_PATH}?returnTo={return_to}"
        name = html.escape(self.provider or "")
        return f'<a id="single-sign-on" class="button" href="{address}">Sign in by {name}</a>'
