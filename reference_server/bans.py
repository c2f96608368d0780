"""Who is kept out: names, addresses and networks, for good or for a time (section 17).

Pure: the time comes in, and what is to be stored goes out as plain values.

The invariant: a duration is a duration. The times of bans are of a clock that shows the wall's time as it was when first
looked at, and from then on neither jumps nor stops (OP-4); `BanList.time` reads it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from impwire.codecs import DETAIL_TYPE, NAME_TYPE

from .addresses import Address, Network
from .clock import Now
from .text import escaped

#: There are no more bans than this at one time, and so the file and the time that a change takes are bounded.
MOST = 10_000

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
        return canonical(network)
    if NAME_TYPE.fault(text.encode(errors="surrogateescape")) is not None:
        raise ValueError(f"{escaped(text)} is neither a name nor an address nor a network")
    return text.lower()


def canonical(network: Network) -> str:
    """The one way to write a network; an address alone is written without its length."""
    return str(network.network_address) if network.num_addresses == 1 else str(network)


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
    """`until` is None for a ban for good; times are milliseconds since the epoch by `BanList.time`."""

    target: str
    reason: str
    made: int
    until: int | None

    def active(self, time: int) -> bool:
        return self.until is None or time < self.until


class TooManyBans(Exception):
    """There is no room for one more."""


class BanList:
    """All bans that have not ended. One target has one ban; a later one replaces it.

    Looking an address up takes one step for each length of prefix that is banned, however many bans there are.
    """

    def __init__(self, bans: Iterable[Ban] = ()) -> None:
        self._bans: dict[str, Ban] = {}
        # The versions and lengths of the networks that are banned, and perhaps of some that were; the longest first.
        self._prefixes: list[tuple[int, int]] = []
        self._began: Now | None = None
        for ban in bans:
            self._put(ban)

    def time(self, now: Now) -> int:
        """The time of bans, in milliseconds since the epoch."""
        began = self._began = self._began or now
        return began.wall + int((now.clock - began.clock) * 1000)

    def add(self, ban: Ban) -> None:
        """Put a ban in force. Raises `TooManyBans`; nothing has changed then."""
        if len(self._bans) >= MOST and ban.target not in self._bans and len(self.all(ban.made)) >= MOST:
            raise TooManyBans
        self._put(ban)

    def _put(self, ban: Ban) -> None:
        self._bans[ban.target] = ban
        network = parse_network(ban.target)
        if network is not None and (network.version, network.prefixlen) not in self._prefixes:
            self._prefixes.append((network.version, network.prefixlen))
            self._prefixes.sort(reverse=True)

    def remove(self, target: str) -> Ban | None:
        """Lift the ban; returns it, or None if there was none."""
        return self._bans.pop(target, None)

    def all(self, time: int) -> list[Ban]:
        """The bans in force, in the order in which they were made."""
        self._bans = {target: ban for target, ban in self._bans.items() if ban.active(time)}
        return list(self._bans.values())

    def targets(self) -> list[str]:
        """What is banned, or was until a short while ago. Any thread may ask: the copy is made in one step."""
        return list(self._bans)

    def of_name(self, folded: str, time: int) -> Ban | None:
        """The ban on a folded name, or None."""
        ban = self._bans.get(folded)
        return ban if ban is not None and ban.active(time) else None

    def of_address(self, address: Address, time: int) -> Ban | None:
        """The ban with the smallest network that holds the address, or None (OP-10)."""
        for version, length in self._prefixes:
            if version == address.version:
                # OP-10: a network is known by its canonical form, so what holds the address is found by its name.
                ban = self._bans.get(canonical(ipaddress.ip_network((address, length), strict=False)))
                if ban is not None and ban.active(time):
                    return ban
        return None


def to_plain(ban: Ban) -> dict[str, Any]:
    """A ban for a file."""
    return {"target": ban.target, "reason": ban.reason, "made": ban.made, "until": ban.until}


def ban_from_plain(value: Any) -> Ban:
    """The reverse of `to_plain`. Raises ValueError that says what is wrong."""
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
