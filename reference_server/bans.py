"""Who is kept out: names, addresses and networks, for good or for a time (section 17).

Pure: the wall clock comes in as milliseconds since the epoch, and what is to be stored goes out as plain values.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from impwire.codecs import DETAIL_TYPE, NAME_TYPE

from .addresses import Address, Network
from .text import escaped

_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> int | None:
    """Milliseconds of `90s`, `10m`, `2h` or `7d`; None for anything else, and for nothing at all."""
    match = _DURATION.fullmatch(text)
    if match is None or int(match[1]) == 0:
        return None
    return int(match[1]) * _SECONDS[match[2]] * 1000


def parse_target(text: str) -> str:
    """The canonical form of what a ban is made for: a folded name, an address or a network. Raises ValueError."""
    network = parse_network(text)
    if network is not None:
        return str(network.network_address) if network.num_addresses == 1 else str(network)
    if NAME_TYPE.fault(text.encode(errors="surrogateescape")) is not None:
        raise ValueError(f"{escaped(text)} is neither a name nor an address nor a network")
    return text.lower()


def parse_network(text: str) -> Network | None:
    """The network of an address or network; None if the text is neither. Mapped IPv4 addresses are taken for IPv4."""
    try:
        # The scope of an IPv6 address (%eth0) is no part of what connections are compared by.
        network = ipaddress.ip_network(re.sub("%[^/]*", "", text), strict=False)
    except ValueError:
        return None
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= 96:
        return ipaddress.ip_network((mapped, network.prefixlen - 96))
    return network


@dataclass(frozen=True)
class Ban:
    """`until` is None for a ban for good; times are milliseconds since the epoch."""

    target: str
    reason: str
    made: int
    until: int | None

    def active(self, wall: int) -> bool:
        return self.until is None or wall < self.until


class BanList:
    """All bans that have not ended. One target has one ban; a later one replaces it."""

    def __init__(self, bans: Iterable[Ban] = ()) -> None:
        self._bans = {ban.target: ban for ban in bans}

    def add(self, ban: Ban) -> None:
        self._bans[ban.target] = ban

    def remove(self, target: str) -> Ban | None:
        """Lift the ban; returns it, or None if there was none."""
        return self._bans.pop(target, None)

    def all(self, wall: int) -> list[Ban]:
        """The bans in force, in the order in which they were made."""
        self._bans = {target: ban for target, ban in self._bans.items() if ban.active(wall)}
        return list(self._bans.values())

    def of_name(self, folded: str, wall: int) -> Ban | None:
        """The ban on a folded name, or None."""
        ban = self._bans.get(folded)
        return ban if ban is not None and ban.active(wall) else None

    def of_address(self, address: Address, wall: int) -> Ban | None:
        """The first ban whose address or network holds the address, or None."""
        for ban in self._bans.values():
            network = parse_network(ban.target)
            if network is not None and ban.active(wall) and address.version == network.version and address in network:
                return ban
        return None

    def to_plain(self, wall: int) -> list[dict[str, Any]]:
        """The bans in force, for a file."""
        return [asdict(ban) for ban in self.all(wall)]


def ban_from_plain(value: Any) -> Ban:
    """The reverse of `to_plain` for one ban. Raises ValueError that says what is wrong."""
    if not isinstance(value, dict) or set(value) != {"target", "reason", "made", "until"}:
        raise ValueError("a ban has target, reason, made and until")
    target, reason, made, until = value["target"], value["reason"], value["made"], value["until"]
    if not isinstance(target, str) or parse_target(target) != target:
        raise ValueError(f"target {target!r} is neither a folded name nor an address nor a network")
    whole = type(made) is int and (until is None or type(until) is int)
    if not isinstance(reason, str) or not whole:
        raise ValueError(f"the ban on {target} has a reason or time of the wrong type")
    fault = DETAIL_TYPE.fault(reason.encode(errors="surrogatepass"))
    if fault is not None:
        raise ValueError(f"the reason of the ban on {target} cannot be sent: {fault[1]}")
    return Ban(target, reason, made, until)
