"""IP addresses as the protocol sees them (LIM-3)."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_address(text: str) -> Address:
    """The address, with an IPv4 address that is mapped into IPv6 taken for what it is. Raises ValueError."""
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def limit_key(address: Address) -> str:
    """What counts as one address for the limits: an IPv4 address, or the first 64 bits of an IPv6 address."""
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
