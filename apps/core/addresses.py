"""RULE: which network addresses a URL that a user has set may reach."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IPv6 ranges that carry an IPv4 address inside, by which a gateway would reach what the IPv4 rule forbids.
_CARRIERS = tuple(
    ip_network(network)
    for network in (
        "::/96",
        "::ffff:0:0/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
    )
)


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Parse networks such as 10.1.0.0/16. Raises ValueError."""
    return tuple(ip_network(text.strip()) for text in texts if text.strip())


def is_public(address: Address) -> bool:
    """Whether this is an ordinary address of the public internet.

    Not so: private, loopback, link-local, carrier-grade NAT, multicast, reserved, unspecified, documentation, and
    IPv6 addresses that stand for an IPv4 one (mapped, NAT64, 6to4, Teredo).
    """
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    if isinstance(address, IPv4Address):
        return True
    return not (address.is_site_local or address.scope_id or any(address in carrier for carrier in _CARRIERS))


def may_reach(text: str, allowed: Iterable[Network]) -> bool:
    """Whether `text`, an address as the resolver gives it, is public or lies in one of `allowed`."""
    address = ip_address(text)
    return is_public(address) or any(address in network for network in allowed if network.version == address.version)
