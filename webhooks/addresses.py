"""The addresses that messages may be sent to: those of the open internet, and networks that the operator allows."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
_REFUSED = (
    IPv6Network("::/96"),  # IPv4-compatible, deprecated
    IPv6Network("64:ff9b:1::/48"),  # NAT64 of a local network
    IPv6Network("2001::/32"),  # Teredo: whatever address, behind somebody's relay
    IPv6Network("fec0::/10"),  # site-local, deprecated
    IPv4Network("192.0.0.0/24"),  # assignments of protocols
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
)
_LAST_IPV4_BITS = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class AddressRules:
    """The operator's rules: `allowed` networks beside the open internet, and whether http:// is allowed."""

    allowed: tuple[Network, ...] = ()
    allow_http: bool = False

    def permits(self, address: Address) -> bool:
        """True if messages may be sent to this address.

        An IPv6 address that stands for an IPv4 one (mapped, NAT64, 6to4) is as that one.
        """
        real = _embedded(address)
        if any(each in network for each in (address, real) for network in self.allowed):
            return True
        return _is_public(real)


def parsed_address(text: str) -> Address | None:
    """Return the address that a text is; None for a name."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    if any(address in network for network in _REFUSED):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _embedded(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _LAST_IPV4_BITS)
    return address.ipv4_mapped or address.sixtofour or address
