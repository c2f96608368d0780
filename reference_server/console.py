"""What the operator's commands do (section 17). It acts on the service alone, and speaks through its effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impwire import messages as m
from impwire.codecs import DETAIL_TYPE, TEXT_TYPE

from .bans import Ban, parse_duration, parse_network, parse_target
from .commands import NotUnderstood, help_lines, parse
from .effects import Print, SaveBans, Tell
from .peers import Peer
from .text import escaped

if TYPE_CHECKING:
    from .service import Now, Service

_LONGEST_STOP = 86400


class Console:
    """The commands of the console. A mistake is explained and changes nothing (OP-6)."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def enter(self, line: str, now: Now) -> None:
        """Carry out one line."""
        try:
            entered = parse(line)
            if entered is not None:
                self._service.log("console", escaped(line.strip()))
                getattr(self, f"_{entered.name}")(now, **{_keyword(k): v for k, v in entered.arguments.items()})
        except NotUnderstood as mistake:
            self._print(str(mistake))

    def _print(self, text: str) -> None:
        self._service.add(Print(text))

    def _user(self, name: str) -> Peer:
        peer = self._service.peers.by_name.get(name.lower())
        if peer is None:
            raise NotUnderstood(f"there is no user {escaped(name)}; /who lists them")
        return peer

    def _text(self, text: str) -> str:
        """A text for a NOTICE, held to what the protocol allows (OP-7)."""
        try:
            data = text.encode()
        except UnicodeEncodeError:
            raise NotUnderstood("the text is not UTF-8") from None
        fault = TEXT_TYPE.fault(data)
        if fault is not None:
            raise NotUnderstood(f"the text cannot be sent: {fault[1]}")
        return text

    @staticmethod
    def _reason(text: str) -> str:
        """A reason for the detail of a GOODBYE."""
        fault = DETAIL_TYPE.fault(text.encode(errors="surrogatepass"))
        if fault is not None:
            raise NotUnderstood(f"the reason cannot be sent: {fault[1]}")
        return text

    # -- one method a command ------------------------------------------------------------------------------------

    def _help(self, now: Now) -> None:
        for line in help_lines():
            self._print(line)

    def _who(self, now: Now) -> None:
        peers = list(self._service.peers)
        for peer in peers:
            name = f"{peer.name}#{peer.session_id}" if peer.name else "(no name yet)"
            self._print(f"{name}  {peer.address}  idle {now.clock - peer.heard:.0f} s")
        self._print(f"{len(peers)} connection{'' if len(peers) == 1 else 's'}")

    def _all(self, now: Now, text: str) -> None:
        self._service.notify(self._text(text), now)  # OP-9

    def _pm(self, now: Now, user: str, text: str) -> None:
        peer = self._user(user)
        notice = m.Notice(seq=0, time=now.wall, scope=m.NoticeScope.PRIVATE, text=self._text(text))
        self._service.add(Tell(peer.id, notice))  # OP-9

    def _kick(self, now: Now, user: str, reason: str = "") -> None:
        peer = self._user(user)
        self._service.remove([peer], "KICKED", self._reason(reason), now)  # OP-1
        self._print(f"{peer.name} was removed")

    def _ban(self, now: Now, target: str, duration: str = "", reason: str = "") -> None:
        span = parse_duration(duration)
        if duration and span is None:
            # What looks like no duration is the first word of the reason.
            duration, reason = "", f"{duration} {reason}".strip()
        try:
            canonical = parse_target(target)
        except ValueError as mistake:
            raise NotUnderstood(str(mistake)) from None
        ban = Ban(canonical, self._reason(reason), now.wall, None if span is None else now.wall + span)
        self._service.bans.add(ban)
        self._service.add(SaveBans())  # OP-4
        matched = self._matched(canonical)
        self._service.remove(matched, "BANNED", reason, now)  # OP-2
        until = "for good" if span is None else f"for {duration}"
        self._print(f"{canonical} is banned {until}; {len(matched)} disconnected")

    def _matched(self, target: str) -> list[Peer]:
        network = parse_network(target)
        peers = self._service.peers
        if network is None:
            return [peers.by_name[target]] if target in peers.by_name else []
        return [peer for peer in peers if peer.address.version == network.version and peer.address in network]

    def _unban(self, now: Now, what: str) -> None:
        try:
            target = parse_target(what)
        except ValueError as mistake:
            raise NotUnderstood(str(mistake)) from None
        if self._service.bans.remove(target) is None:
            raise NotUnderstood(f"{target} is not banned; /bans lists the bans")
        self._service.add(SaveBans())
        self._print(f"{target} is no longer banned")  # OP-5

    def _bans(self, now: Now) -> None:
        bans = self._service.bans.all(now.wall)
        for ban in bans:
            left = "for good" if ban.until is None else f"{(ban.until - now.wall) // 1000} s left"
            self._print(f"{ban.target}  {left}{'  ' + escaped(ban.reason) if ban.reason else ''}")
        self._print(f"{len(bans)} ban{'' if len(bans) == 1 else 's'}")

    def _stop(self, now: Now, seconds: str = "0") -> None:
        if not (seconds.isascii() and seconds.isdigit() and int(seconds) <= _LONGEST_STOP):
            raise NotUnderstood(f"{escaped(seconds)} is not a number of seconds up to {_LONGEST_STOP}")
        self._service.stop_at = now.clock + int(seconds)
        if int(seconds):
            self._service.notify(f"The server stops in {int(seconds)} s.", now)  # OP-8
        self._print(f"stopping in {int(seconds)} s" if int(seconds) else "stopping")


def _keyword(argument: str) -> str:
    """`user|address|network` is called target here."""
    return "target" if "|" in argument else argument
