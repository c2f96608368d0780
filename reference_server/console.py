"""What the operator's commands do (section 17): to connections and bans, through the same outbox as requests."""

from __future__ import annotations

from impwire import messages as m
from impwire.codecs import DETAIL_TYPE, TEXT_TYPE

from .bans import MOST, Ban, BanList, TooManyBans, parse_duration, parse_network, parse_target
from .clock import Now
from .commands import NotUnderstood, help_lines, parse
from .effects import Print, SaveBans
from .outbox import Outbox, label
from .peers import Peer, Peers
from .text import escaped

_LONGEST_STOP = 86400


class Console:
    """The commands of the console. A mistake is explained and changes nothing (OP-6). `max_text` is in bytes."""

    def __init__(self, peers: Peers, bans: BanList, out: Outbox, max_text: int) -> None:
        self._peers, self._banlist, self._out, self._max_text = peers, bans, out, max_text
        #: When /stop takes effect, in seconds of the clock; None if nobody has asked for it.
        self.stop_at: float | None = None

    def enter(self, line: str, now: Now) -> None:
        """Carry out one line."""
        try:
            entered = parse(line)
            if entered is not None:
                self._out.log("console", escaped(line.strip()))
                getattr(self, f"_{entered.name}")(now, **{_keyword(k): v for k, v in entered.arguments.items()})
        except NotUnderstood as mistake:
            self._print(str(mistake))

    def _print(self, text: str) -> None:
        self._out.put(Print(text))

    def _user(self, name: str) -> Peer:
        peer = self._peers.by_name.get(name.lower())
        if peer is None:
            raise NotUnderstood(f"there is no user {escaped(name)}; /who lists them")
        return peer

    def _speak(self, text: str, now: Now) -> None:
        """A NOTICE to everyone (NOTICE-1, NOTICE-2)."""
        self._out.publish(m.Notice(seq=0, time=now.wall, scope=m.NoticeScope.ALL, text=text))

    def _text(self, text: str) -> str:
        """A text for a NOTICE, held to what the protocol and this server's max_text allow (OP-7, TEXT-3)."""
        try:
            data = text.encode()
        except UnicodeEncodeError:
            raise NotUnderstood("the text is not UTF-8") from None
        if len(data) > self._max_text:
            raise NotUnderstood(f"the text has {len(data)} bytes; max_text is {self._max_text}")
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
        # OP-11, as for _who and _bans.
        for line in help_lines():
            self._print(line)

    def _who(self, now: Now) -> None:
        rows = [(label(peer), str(peer.address), f"idle {now.clock - peer.heard:.0f} s") for peer in self._peers]
        self._print_table(rows, "connection")

    def _all(self, now: Now, text: str) -> None:
        self._speak(self._text(text), now)  # OP-9

    def _pm(self, now: Now, user: str, text: str) -> None:
        peer = self._user(user)
        notice = m.Notice(seq=0, time=now.wall, scope=m.NoticeScope.PRIVATE, text=self._text(text))
        self._out.tell(peer, notice)  # OP-9

    def _kick(self, now: Now, user: str, reason: str = "") -> None:
        peer = self._user(user)
        self._out.end_all([peer], "KICKED", self._reason(reason), now)  # OP-1
        self._print(f"{peer.name} was removed")

    def _ban(self, now: Now, target: str, duration: str = "", reason: str = "") -> None:
        span = parse_duration(duration)
        if duration[:1].isdigit() and span is None:
            raise NotUnderstood(f"{escaped(duration)} is no duration such as 90s, 10m, 2h or 7d")  # OP-4
        if span is None:
            # What does not begin with a digit is the first word of the reason.
            duration, reason = "", f"{duration} {reason}".strip()
        try:
            canonical = parse_target(target)
        except ValueError as mistake:
            raise NotUnderstood(str(mistake)) from None
        time = self._banlist.time(now)
        ban = Ban(canonical, self._reason(reason), time, None if span is None else time + span)
        try:
            self._banlist.add(ban)
        except TooManyBans:
            raise NotUnderstood(f"there are {MOST} bans already; lift one with /unban, or ban a network") from None
        self._out.put(SaveBans())  # OP-4
        matched = self._matched(canonical)
        self._out.end_all(matched, "BANNED", reason, now)  # OP-2
        until = "for good" if span is None else f"for {duration}"
        self._print(f"{canonical} is banned {until}; {len(matched)} disconnected")

    def _matched(self, target: str) -> list[Peer]:
        network = parse_network(target)
        if network is None:
            return [self._peers.by_name[target]] if target in self._peers.by_name else []
        return [peer for peer in self._peers if peer.address.version == network.version and peer.address in network]

    def _unban(self, now: Now, what: str) -> None:
        try:
            target = parse_target(what)
        except ValueError as mistake:
            raise NotUnderstood(str(mistake)) from None
        if self._banlist.remove(target) is None:
            raise NotUnderstood(f"{target} is not banned; /bans lists the bans")
        self._out.put(SaveBans())
        self._print(f"{target} is no longer banned")  # OP-5

    def _bans(self, now: Now) -> None:
        time = self._banlist.time(now)
        rows = [
            (
                ban.target,
                "for good" if ban.until is None else f"{(ban.until - time) // 1000} s left",
                escaped(ban.reason) if ban.reason else "",
            )
            for ban in self._banlist.all(time)
        ]
        self._print_table(rows, "ban")

    def _print_table(self, rows: list[tuple[str, str, str]], what: str) -> None:
        """A line a row, the columns below each other, and how many there are."""
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            self._print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        self._print(f"{len(rows)} {what}{'' if len(rows) == 1 else 's'}")

    def _stop(self, now: Now, seconds: str = "0") -> None:
        # The length comes first: int() refuses what is longer than thousands of digits.
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 9 and int(seconds) <= _LONGEST_STOP):
            raise NotUnderstood(f"{escaped(seconds)} is not a number of seconds up to {_LONGEST_STOP}")
        instead = "" if self.stop_at is None else f" instead of in {max(0.0, self.stop_at - now.clock):.0f} s"
        self.stop_at = now.clock + int(seconds)
        if int(seconds):
            self._speak(f"The server stops in {int(seconds)} s.", now)  # OP-8
        self._print(f"stopping in {int(seconds)} s{instead}" if int(seconds) else f"stopping now{instead}")


def _keyword(argument: str) -> str:
    """`user|address|network` is called target here."""
    return "target" if "|" in argument else argument
