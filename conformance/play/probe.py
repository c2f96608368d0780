"""Between two cases on one server: waits until nobody is left from the earlier one."""

from __future__ import annotations

import time

from impwire import messages as m
from impwire.tables import PROTOCOL_VERSION

from ..targets import RunningServer
from ..verdicts import CaseFailed
from .peer import Peer, build
from .transcript import Transcript


def settle(server: RunningServer, timeout: float) -> None:
    """Wait until nobody is left from earlier cases: a newcomer sees who is there, and waits for each one's LEFT.

    Raises `CaseFailed` if somebody stays.
    """
    if not server.unsettled:
        return
    transcript = Transcript()
    peer = Peer("probe", server.connect(timeout), timeout, transcript)
    try:
        version = PROTOCOL_VERSION
        hello = {
            "request_id": 1,
            "min_version": version,
            "max_version": version,
            "capabilities": 0,
            "name": "imp-probe",
        }
        peer.send_raw(build("HELLO", hello) + build("WHO", {"request_id": 2, "after": "", "limit": 0}))
        others: set[int] = set()
        deadline = time.monotonic() + timeout
        while not isinstance(message := peer.next_message("ROSTER", deadline - time.monotonic()), m.Roster):
            if isinstance(message, m.Left):
                others.add(message.who.session_id)
        left = others
        waiting = {user.session_id: user.name for user in message.entries if user.name != "imp-probe"}
        while missing := {name for session_id, name in waiting.items() if session_id not in left}:
            message = peer.next_message(f"LEFT of {', '.join(sorted(missing))}", deadline - time.monotonic())
            if isinstance(message, m.Left):
                left.add(message.who.session_id)
        peer.send_raw(build("LEAVE", {"request_id": 3}))
        peer.skip_to(m.Goodbye)
        server.unsettled = server.program is None
    except CaseFailed as failed:
        raise CaseFailed(
            failed.verdict,
            f"the server is not free for this case: {failed}; the suite needs it to itself\n{transcript}",
        ) from None
    finally:
        peer.close()
