"""One TCP connection of the suite to what it tests: sends any bytes, reads frames one by one, with a deadline.

It knows the frame and the codecs and nothing of the protocol's states, so it can send what no implementation would.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

from impwire.codecs import CODECS, FRAME
from impwire.wire import DecodeError, Message

from ..verdicts import CaseFailed, Verdict
from .transcript import Kind, Transcript, describe

#: More than any frame that a target may send; what is longer is not read.
_LONGEST_FRAME = 16 * 1024 * 1024


class Peer:
    """`name` is the actor in the transcript. `timeout` is how long anything that is due may take, in seconds."""

    def __init__(self, name: str, sock: socket.socket, timeout: float, transcript: Transcript) -> None:
        self.name, self._socket, self._timeout, self._transcript = name, sock, timeout, transcript
        self._connection = transcript.new_connection(name)
        self._buffer = bytearray()
        self._ended = False
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _note(self, kind: Kind, text: str, data: bytes = b"") -> None:
        self._transcript.add(self.name, kind, text, data, self._connection)

    # -- sending -------------------------------------------------------------------------------------------------

    def send_raw(self, data: bytes, what: str = "bytes") -> None:
        """Send bytes. That the target has closed already is no failure here: what it says is looked at later."""
        self._note(Kind.SENT, what, data)
        self._socket.settimeout(self._timeout)
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            self._note(Kind.NOTE, "(the target has closed its side already)")
        except TimeoutError:
            raise CaseFailed(Verdict.TIMED_OUT, f"{self.name} could not send: the target does not read") from None

    def end_stream(self) -> None:
        """Say that nothing more will be sent."""
        self._note(Kind.SENT_END, "end of stream")
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._note(Kind.NOTE, "(the connection is gone already)")

    def close(self) -> None:
        self._socket.close()

    def reset(self) -> None:
        """End the connection with a reset."""
        self._note(Kind.SENT_RESET, "reset")
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    # -- receiving -----------------------------------------------------------------------------------------------

    def next_message(self, due: str, timeout: float | None = None) -> Message:
        """The next message. `due` says what is waited for. Raises `CaseFailed` if none comes or it cannot be read."""
        frame = self._next_frame(due, timeout)
        try:
            message = CODECS.decode(frame)
        except DecodeError as error:
            self._note(Kind.RECEIVED, "?", frame)
            raise CaseFailed(
                Verdict.UNREADABLE, f"{self.name} should have got {due}, and got a frame with a fault: {error}"
            ) from None
        self._note(Kind.RECEIVED, describe(message), frame)
        return message

    def skip_to(self, kind: type[Message]) -> None:
        """Pass over messages up to one of a kind, for as long as what is due may take in all."""
        deadline = time.monotonic() + self._timeout
        while not isinstance(self.next_message(kind.NAME, deadline - time.monotonic()), kind):
            pass

    def _next_frame(self, due: str, timeout: float | None) -> bytes:
        deadline = time.monotonic() + (self._timeout if timeout is None else timeout)
        while (frame := self._whole_frame()) is None:
            ending = self._fill(deadline)
            if ending is not None:
                left = f" inside a frame ({self._buffer.hex(' ')})" if self._buffer else ""
                raise CaseFailed(ending, f"{self.name} should have got {due}; {_HAPPENED[ending]}{left}")
        return frame

    def _whole_frame(self) -> bytes | None:
        size = FRAME.prefix_size
        if len(self._buffer) < size:
            return None
        length = int.from_bytes(self._buffer[:size], "big")
        if length > _LONGEST_FRAME:
            raise CaseFailed(
                Verdict.UNREADABLE, f"{self.name} got a frame of {length} bytes: {self._buffer[:32].hex(' ')} …"
            )
        if len(self._buffer) < size + length:
            return None
        frame = bytes(self._buffer[: size + length])
        del self._buffer[: size + length]
        return frame

    def _fill(self, deadline: float) -> Verdict | None:
        """Read once. Returns how the stream has ended, or TIMED_OUT; None if bytes came."""
        if self._ended:
            return Verdict.CLOSED
        left = deadline - time.monotonic()
        if left <= 0:
            return Verdict.TIMED_OUT
        self._socket.settimeout(left)
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return Verdict.TIMED_OUT
        except ConnectionResetError:
            return Verdict.RESET
        if not data:
            self._ended = True
            return Verdict.CLOSED
        self._buffer += data
        return None

    def expect_end(self, wanted: Verdict) -> None:
        """The stream ends now, with CLOSED or RESET, and no further frame comes. Raises `CaseFailed`."""
        due = "the end of the stream" if wanted is Verdict.CLOSED else "a reset"
        deadline = time.monotonic() + self._timeout
        while True:
            frame = self._whole_frame()
            if frame is not None:
                self._note(Kind.RECEIVED, "?", frame)
                raise CaseFailed(
                    Verdict.UNEXPECTED_FRAME, f"{self.name} should have got {due}, and got a frame: {frame.hex(' ')}"
                )
            ending = self._fill(deadline)
            if ending is wanted:
                self._note(Kind.RECEIVED_RESET if ending is Verdict.RESET else Kind.RECEIVED_END, due)
                return
            if ending is not None:
                raise CaseFailed(ending, f"{self.name} should have got {due}; {_HAPPENED[ending]}")


_HAPPENED = {
    Verdict.CLOSED: "the target has closed the connection instead",
    Verdict.RESET: "the target has reset the connection instead",
    Verdict.TIMED_OUT: "nothing came in time",
}


def sent(message: str, frame: bytes) -> str:
    """A frame of ours as the transcript shows it."""
    try:
        return describe(CODECS.decode(frame, unchecked=True))
    except DecodeError:
        return f"{message} (not well-formed)"


def build(message: str, fields: dict[str, Any]) -> bytes:
    """The frame of a message with any fields, allowed or not."""
    codec = CODECS.by_name[message]
    frame: bytes = codec.build(fields, unchecked=True)
    return frame
