"""Between two cases on one server: waits until nobody is left from the earlier one."""

from __future__ import annotations

import time

from impwire import messages as m
from impwire.tables import PROTOCOL_VERSION

from ..targets import RunningServer
from ..verdicts import CaseFailed
from .peer import Peer, build
from .transcript import Transcript

#: As long as every server takes a name, whatever its max_name.
_NAME = "imp-test"


class Refused(Exception):
    """The server has taken as many connections from this address as it takes in a minute."""


def settle(server: RunningServer, timeout: float, source: str = "") -> None:
    """Wait until nobody is left from earlier cases: a newcomer sees who is there, and waits for each one's LEFT.

    Raises `CaseFailed` if somebody stays, `Refused` if the server lets nobody in.
    """
    if not server.unsettled:
        return
    transcript = Transcript()
    peer = Peer("probe", server.connect(timeout, source=source), timeout, transcript)
    try:
        _wait_for_all(peer, time.monotonic() + timeout)
        peer.send_raw(build("LEAVE", {"request_id": 3}))
        peer.skip_to(m.Goodbye)
        server.unsettled = server.program is None
    except CaseFailed as failed:
        story = "\n".join(f"{event.actor} {event.kind} {event.text}" for event in transcript.events)
        text = f"the server is not free for this case: {failed}; the suite needs it to itself\n{story}"
        raise CaseFailed(failed.verdict, text) from None
    finally:
        peer.close()


def say_hello(peer: Peer) -> None:
    """Ask to be let in, under a name that no case uses."""
    hello = {"min_version": PROTOCOL_VERSION, "max_version": PROTOCOL_VERSION, "capabilities": 0, "name": _NAME}
    peer.send_raw(build("HELLO", {"request_id": 1, **hello}))


def _wait_for_all(peer: Peer, deadline: float) -> None:
    say_hello(peer)
    welcome = peer.next_message_by("WELCOME", deadline)
    if isinstance(welcome, m.Goodbye) and welcome.code == m.GoodbyeCode.TOO_MANY_ATTEMPTS:
        raise Refused
    peer.send_raw(build("WHO", {"request_id": 2, "after": "", "limit": 0}))
    left: set[int] = set()
    while not isinstance(message := peer.next_message_by("ROSTER", deadline), m.Roster):
        if isinstance(message, m.Left):
            left.add(message.who.session_id)
    waiting = {user.session_id: user.name for user in message.entries if user.name != _NAME}
    while missing := {name for session_id, name in waiting.items() if session_id not in left}:
        message = peer.next_message_by(f"LEFT of {', '.join(sorted(missing))}", deadline)
        if isinstance(message, m.Left):
            left.add(message.who.session_id)
