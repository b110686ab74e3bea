"""The configuration of the provider of single sign-on."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from auth.sso.groups import GroupRules

SIGN_IN_PATH = "/auth/sso/login"
CALLBACK_PATH = "/auth/sso/callback"
SIGN_OUT_PATH = "/auth/sso/logout"


@dataclass(frozen=True, slots=True)
class SsoOptions:
    """The provider, and what its people may do here.

    `name`: what people call the provider. `public_url`: the address of this service. `scopes`: those that are asked
    for, separated by spaces. `session`: how long a sign-in lasts. `only`: whether passwords are refused.
    """

    issuer: str
    client_id: str
    client_secret: SecretStr | None
    name: str
    public_url: str
    scopes: str
    username_claim: str
    groups: GroupRules
    session: timedelta
    only: bool

    @property
    def callback_url(self) -> str:
        """The address to which the provider sends people back."""
        return f"{self.public_url}{CALLBACK_PATH}"

    @property
    def signed_out_url(self) -> str:
        """The address to which the provider sends people after they have signed out there."""
        return f"{self.public_url}/"
