"""Settings of single sign-on by OpenID Connect."""

from datetime import timedelta
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from auth.sso.groups import GroupRules, parsed_place
from auth.tokens import REFRESH_LIFETIME
from core.web_addresses import is_safe_address

_LONGEST_HOURS = REFRESH_LIFETIME / timedelta(hours=1)
_NAME_CHARACTERS = 40


class SingleSignOnSettings(BaseSettings):
    """Settings of single sign-on; without `oidc_issuer` there is none."""

    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_name: str = Field(default="SSO", max_length=_NAME_CHARACTERS)
    oidc_scopes: str = "openid profile"
    oidc_username_claim: str = "preferred_username"
    oidc_groups_claim: str = "groups"
    oidc_groups: dict[str, str] = {}
    oidc_group_prefix: str | None = None
    sso_only: bool = False
    sso_session_hours: float = Field(default=12, gt=0, le=_LONGEST_HOURS)

    @field_validator("oidc_issuer")
    @classmethod
    def _safe_issuer(cls, value: str | None) -> str | None:
        if value is not None and not (is_safe_address(value) and not set("?#") & set(value)):
            raise ValueError(
                "must be the https:// address of the provider, spelt as the `issuer` in its metadata "
                "(http:// on this machine alone)."
            )
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _for_identity(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("must hold openid: without it the provider says nothing of who somebody is.")
        return " ".join(value.split())

    @field_validator("oidc_groups")
    @classmethod
    def _known_roles(cls, value: dict[str, str]) -> dict[str, str]:
        for group, place in value.items():
            try:
                parsed_place(place)
            except ValueError as error:
                raise ValueError(f"the value of {group!r} {error}") from error
        return value

    @model_validator(mode="after")
    def _somebody_to_ask(self) -> Self:
        if self.oidc_issuer is not None and self.oidc_client_id is None:
            raise ValueError("OIDC_ISSUER is set, but not as whom to ask there: OIDC_CLIENT_ID.")
        if self.sso_only and self.oidc_issuer is None:
            raise ValueError("SSO_ONLY is set, but no provider: OIDC_ISSUER. Nobody could sign in.")
        return self

    @property
    def group_rules(self) -> GroupRules:
        """The groups that stand for memberships."""
        return GroupRules(self.oidc_groups_claim, self.oidc_groups, self.oidc_group_prefix)
