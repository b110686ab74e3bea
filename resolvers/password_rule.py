"""Whether passwords are accepted at all."""

from auth.sso.options import SIGN_IN_PATH
from core.errors import PasswordsNotAccepted
from resolvers.services import Services


def require_passwords(services: Services) -> None:
    """Return unless single sign-on is the only way in. PasswordsNotAccepted."""
    sso = services.single_sign_on
    if sso is not None and sso.options.only:
        raise PasswordsNotAccepted(
            f"Passwords are not accepted here. Sign in by {sso.options.name}, at {SIGN_IN_PATH}."
        )
