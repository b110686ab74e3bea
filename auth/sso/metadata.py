"""The metadata of a provider, which it publishes below its issuer URL (OpenID Connect Discovery 1.0)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auth.sso.endpoint import unavailable
from core.web_addresses import is_safe_address

_BASIC = "client_secret_basic"
_POST = "client_secret_post"


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """The addresses of a provider. `posts_secret`: it takes the client's secret in the form, and not as a header.

    `names_itself`: its answers say who gives them (`iss`, RFC 9207).
    """

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    posts_secret: bool
    names_itself: bool


def metadata_url(issuer: str) -> str:
    """Return the address of an issuer's metadata."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def read_metadata(issuer: str, published: Mapping[str, Any]) -> ProviderMetadata:
    """Return the metadata that an issuer publishes. ProviderUnavailable if it is another's, or lacks an address."""
    if published.get("issuer") != issuer:
        raise unavailable("its metadata names another issuer: OIDC_ISSUER must be spelt exactly as `issuer` there")
    methods = published.get("token_endpoint_auth_methods_supported", [_BASIC])
    return ProviderMetadata(
        authorization_endpoint=_required(issuer, published, "authorization_endpoint"),
        token_endpoint=_required(issuer, published, "token_endpoint"),
        jwks_uri=_required(issuer, published, "jwks_uri"),
        userinfo_endpoint=_address(issuer, published, "userinfo_endpoint"),
        end_session_endpoint=_address(issuer, published, "end_session_endpoint"),
        posts_secret=isinstance(methods, list) and _BASIC not in methods and _POST in methods,
        names_itself=published.get("authorization_response_iss_parameter_supported") is True,
    )


def _required(issuer: str, published: Mapping[str, Any], name: str) -> str:
    address = _address(issuer, published, name)
    if address is None:
        raise unavailable(f"its metadata has no {name}")
    return address


def _address(issuer: str, published: Mapping[str, Any], name: str) -> str | None:
    address = published.get(name)
    if address is None:
        return None
    # A provider with an https address must not lead anybody, or our secret, to a plain one.
    if not isinstance(address, str) or not is_safe_address(address) or _is_downgrade(issuer, address):
        raise unavailable(f"its {name} is no https address")
    return address


def _is_downgrade(issuer: str, address: str) -> bool:
    return issuer.startswith("https:") and not address.startswith("https:")
