"""One connection of the suite: what it waits for, it does not wait for longer than it was told."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from conformance.play.peer import Outgoing, Peer, build
from conformance.play.transcript import Transcript
from conformance.verdicts import CaseFailed, Verdict
from impwire.messages import Goodbye, Notice


def _pair() -> tuple[socket.socket, socket.socket]:
    """Two ends of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        return ours, listener.accept()[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "bytes"),
        (bytes(range(16)), "bytes 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"),
        (b"\xff" * 70_000, "bytes" + " ff" * 16 + " … of 70000"),
        (build("LEAVE", {"request_id": 7}), "LEAVE request_id=7"),
    ],
)
def test_bytes_that_are_no_message_are_shown_in_part(data: bytes, words: str) -> None:
    assert Outgoing("", data).text() == words


def test_target_that_never_stops_talking_is_not_listened_to_for_ever() -> None:
    ours, theirs = _pair()
    notice = build("NOTICE", {"seq": 0, "time": 0, "scope": "PRIVATE", "text": "and another thing", "request_id": 0})

    def talk() -> None:
        try:
            while True:
                theirs.sendall(notice)
        except OSError:
            return

    talker = threading.Thread(target=talk)
    talker.start()
    with pytest.raises(CaseFailed) as raised:
        Peer("ann", ours, 0.2, Transcript()).skip_to(Goodbye)
    ours.close()
    talker.join()
    theirs.close()
    assert raised.value.verdict is Verdict.TIMED_OUT


def test_message_that_is_there_already_is_found() -> None:
    ours, theirs = _pair()
    frame = build("NOTICE", {"seq": 1, "time": 0, "scope": "ALL", "text": "hi", "request_id": 0})
    theirs.sendall(frame * 3)
    peer = Peer("ann", ours, 5.0, Transcript())
    peer.skip_to(Notice)
    assert isinstance(peer.next_message("NOTICE"), Notice)
    ours.close()
    theirs.close()


def test_reset_that_the_sending_side_has_met_is_still_no_end_in_good_order() -> None:
    ours, theirs = _pair()
    peer = Peer("ann", ours, 5.0, Transcript())
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()
    peer.send_raw(b"\0")
    with pytest.raises(CaseFailed) as raised:
        peer.expect_end(Verdict.CLOSED)
    peer.close()
    assert raised.value.verdict is Verdict.RESET
