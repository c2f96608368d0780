"""One TCP connection of the suite to what it tests: sends any bytes, reads frames one by one, with a deadline.

It knows the frame and the codecs and nothing of the protocol's states, so it can send what no implementation would.
Frames are cut into segments here, and one that is longer than `limit` is refused at its length.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from impwire.codecs import CODECS, FRAME
from impwire.messages import Welcome
from impwire.tables import MAX_FRAME_BEFORE_WELCOME
from impwire.wire import DecodeError, EncodeError, Message

from ..verdicts import CaseFailed, Difference, Verdict
from .compare import unexpected
from .layout import marks_of
from .segments import Segmentation, pieces
from .transcript import Kind, Transcript, Words, describe

#: Bytes that the transcript's words show of what is no message.
_SHOWN = 16


class Outgoing(NamedTuple):
    """Bytes that are to be sent: the frame of a message, or whatever a case says, of which `message` is empty."""

    message: str
    data: bytes

    def text(self) -> str:
        """What the transcript says of it."""
        try:
            return describe(CODECS.decode(self.data, unchecked=True))
        except DecodeError:
            return f"{self.message} (not well-formed)" if self.message else _beginning(self.data)


class Peer:
    """`name` is the actor in the transcript. `timeout` is how long anything that is due may take, in seconds.

    `drained`: the target goes on to read when it has ended its own stream (END-2). One that does not has reset the connection.
    """

    def __init__(
        self,
        name: str,
        sock: socket.socket,
        timeout: float,
        transcript: Transcript,
        segmentation: Segmentation = Segmentation.AS_IS,
        *,
        drained: bool = False,
    ) -> None:
        self.name, self._socket, self._timeout, self._transcript = name, sock, timeout, transcript
        self._drained = drained
        self._bytewise = segmentation is Segmentation.BYTEWISE
        self._connection = transcript.new_connection(name)
        self._buffer = bytearray()
        self._ended: Verdict | None = None
        #: The system tells of a reset once. If it told the sending side, the receiving side sees a stream that ends well.
        self._was_reset = False
        #: The greatest length that a frame of the target may have now (FRAME-4); a WELCOME that comes sets it.
        self.limit = MAX_FRAME_BEFORE_WELCOME
        #: The bytes of the message that was read last.
        self.frame = b""
        with contextlib.suppress(OSError):  # The target may have reset the connection already.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _note(self, kind: Kind, text: Words, data: bytes = b"") -> None:
        self._transcript.add(self.name, kind, text, data, self._connection)

    # -- sending -------------------------------------------------------------------------------------------------

    def send(self, frames: Sequence[Outgoing], *, bytewise: bool | None = None) -> None:
        """Send frames in one segment or, also if the run is such, byte by byte. That the target has closed already is no
        failure here: what it says is looked at later. Raises `CaseFailed` if it takes no more bytes."""
        bytewise = self._bytewise if bytewise is None else bytewise
        for number, frame in enumerate(frames, 1):
            self._note(Kind.SENT, partial(_cut_words, frame, number, len(frames), bytewise), frame.data)
        data = b"".join(frame.data for frame in frames)
        self._socket.settimeout(self._timeout)
        try:
            for piece in pieces(data) if bytewise else (data,):
                self._socket.sendall(piece)
        except TimeoutError:
            found = Difference("frame", "a target that reads", f"one that took no bytes for {self._timeout:g} s")
            text = f"{self.name} could not send: the target does not read"
            raise CaseFailed(Verdict.TIMED_OUT, text, differences=(found,)) from None
        except OSError as error:
            kinds = (ConnectionResetError, BrokenPipeError) if self._drained else ConnectionResetError
            self._was_reset = isinstance(error, kinds)
            self._note(Kind.NOTE, "(the target has closed its side already)")

    def send_raw(self, data: bytes) -> None:
        """Send bytes as `send` does."""
        self.send([Outgoing("", data)])

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
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    # -- receiving -----------------------------------------------------------------------------------------------

    def next_message(self, due: str, timeout: float | None = None) -> Message:
        """The next message. `due` says what is waited for. Raises `CaseFailed` if none comes or it cannot be read."""
        frame = self.frame = self._next_frame(due, timeout)
        try:
            message = CODECS.decode(frame)
        except DecodeError as error:
            self._note(Kind.RECEIVED, f"{Outgoing('a frame', frame).text()}: {error.reason}", frame)
            raise self._unreadable(due, error, frame) from None
        self._note(Kind.RECEIVED, partial(describe, message), frame)
        if isinstance(message, Welcome):
            self.limit = message.max_frame
        return message

    def _unreadable(self, due: str, error: DecodeError, frame: bytes) -> CaseFailed:
        text = f"{self.name} should have got {due}, and got a frame with a fault: {error}"
        marks = marks_of(frame, [error.field]) if error.field else ()
        if not marks and error.offset is not None and error.offset < len(frame):
            marks = ((error.offset, error.offset + 1),)
        found = Difference(error.field or "frame", "a well-formed message", error.reason)
        return CaseFailed(Verdict.UNREADABLE, text, differences=(found,), frame=frame, marks=marks)

    def next_message_by(self, due: str, deadline: float) -> Message:
        """One of several messages that have to come by the deadline in all. Raises `CaseFailed`.

        A target that never stops talking is listened to a while longer, since it may be the suite that is slow, and then
        no more.
        """
        left = deadline - time.monotonic()
        if left < -self._timeout:
            raise self._missing(
                due, Verdict.TIMED_OUT, "so much else came instead that it is not waited for any longer"
            )
        return self.next_message(due, left)

    def skip_to(self, kind: type[Message]) -> None:
        """Pass over messages up to one of a kind, for as long as what is due may take in all."""
        deadline = time.monotonic() + self._timeout
        while not isinstance(self.next_message_by(kind.NAME, deadline), kind):
            pass

    def _next_frame(self, due: str, timeout: float | None) -> bytes:
        deadline = time.monotonic() + (self._timeout if timeout is None else timeout)
        while (frame := self._whole_frame(due)) is None:
            ending = self._fill(deadline)
            if ending is not None:
                raise self._missing(due, ending)
        return frame

    def _missing(self, due: str, ending: Verdict, happened: str = "") -> CaseFailed:
        """The failure of a frame that did not come, or not as a whole."""
        part = bytes(self._buffer)
        happened = happened or _HAPPENED[ending] + (" inside a frame" if part else "")
        if part:
            self._note(Kind.RECEIVED, "part of a frame", part)
        if ending in _ENDS:
            self._note(_ENDS[ending], _END_WORDS[ending])
        text = f"{self.name} should have got {due}; {happened}" + (f" ({part.hex(' ')})" if part else "")
        return CaseFailed(ending, text, differences=(Difference("frame", due, happened),), frame=part)

    def _whole_frame(self, due: str) -> bytes | None:
        size = FRAME.prefix_size
        if len(self._buffer) < size:
            return None
        length = int.from_bytes(self._buffer[:size], "big")
        if length > self.limit:
            part = bytes(self._buffer)
            self._note(Kind.RECEIVED, "the beginning of a frame that is too long", part)
            text = f"{self.name} should have got {due}, and got a frame with a length of {length}, above {self.limit}"
            found = Difference(FRAME.name_of("length"), f"at most {self.limit}", str(length), "FRAME-4")
            raise CaseFailed(Verdict.UNREADABLE, text, differences=(found,), frame=part, marks=((0, size),))
        if len(self._buffer) < size + length:
            return None
        frame = bytes(self._buffer[: size + length])
        del self._buffer[: size + length]
        return frame

    def _fill(self, deadline: float) -> Verdict | None:
        """Read once. Returns how the stream has ended, or TIMED_OUT; None if bytes came.

        What is there already is read even if the deadline is over: it came while the suite itself was kept waiting.
        """
        if self._ended is not None:
            return self._ended
        left = deadline - time.monotonic()
        self._socket.settimeout(max(left, 0))
        try:
            data = self._socket.recv(65536)
        except (TimeoutError, BlockingIOError):
            return Verdict.TIMED_OUT
        except OSError:
            self._ended = Verdict.RESET
        else:
            self._buffer += data
            self._ended = None if data else Verdict.RESET if self._was_reset or self._is_cut() else Verdict.CLOSED
        return self._ended

    def _is_cut(self) -> bool:
        """Whether a reset has come behind the end of the stream, where that tells something."""
        return self._drained and self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0

    def expect_end(self, wanted: Verdict) -> None:
        """The stream ends now, with CLOSED or RESET, and no further frame comes. Raises `CaseFailed`."""
        due = _END_WORDS[wanted]
        deadline = time.monotonic() + self._timeout
        while True:
            frame = self._whole_frame(due)
            if frame is not None:
                text = Outgoing("a frame", frame).text()
                self._note(Kind.RECEIVED, text, frame)
                raise unexpected(self.name, due, text, frame)
            ending = self._fill(deadline)
            if ending is wanted and not self._buffer:
                self._note(_ENDS[ending], due)
                return
            if ending is not None:
                raise self._missing(due, ending)
            if time.monotonic() > deadline:
                raise self._missing(due, Verdict.TIMED_OUT)


_HAPPENED = {
    Verdict.CLOSED: "the target has closed the connection",
    Verdict.RESET: "the target has reset the connection",
    Verdict.TIMED_OUT: "nothing came in time",
}
_ENDS = {Verdict.CLOSED: Kind.RECEIVED_END, Verdict.RESET: Kind.RECEIVED_RESET}
_END_WORDS = {Verdict.CLOSED: "the end of the stream", Verdict.RESET: "a reset"}


def _beginning(data: bytes) -> str:
    """The bytes in hex; of many the first, and how many there are."""
    more = f" … of {len(data)}" if len(data) > _SHOWN else ""
    return f"bytes {data[:_SHOWN].hex(' ')}".rstrip() + more


def _cut_words(frame: Outgoing, number: int, count: int, bytewise: bool) -> str:
    """What the transcript says of a frame that was sent, and of how it was cut."""
    joined = f" ({number} of {count} in one segment)" if count > 1 else ""
    return frame.text() + (" (byte by byte)" if bytewise and len(frame.data) > 1 else joined)


def build(message: str, fields: dict[str, Any]) -> bytes:
    """The frame of a message with any fields, allowed or not."""
    codec = CODECS.by_name[message]
    try:
        return codec.encode(codec.record(**fields))
    except (EncodeError, TypeError):  # A value is not allowed, or it is one that messages do not have.
        frame: bytes = codec.build(fields, unchecked=True)
        return frame
