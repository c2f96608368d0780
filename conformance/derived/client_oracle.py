"""What a client owes to a frame of the server: to end the connection, to pass the frame over, or to take it.

A client ends the connection at whatever a server must not send (STATE-4, STATE-7, EXT-7), so, other than for a server,
it does not matter which of several faults it sees first.
"""

from __future__ import annotations

from enum import Enum

from impwire import messages as m
from impwire.codecs import FRAME
from impwire.constructs import Text
from impwire.tables import EVENTS, LEGAL, MAX_FRAME_BEFORE_WELCOME, NUMBERING, Role, Settings, State
from impwire.wire import Message

from .oracle import Fault, Frame
from .walk import text_fault


class Duty(Enum):
    """What a client has to do with a frame."""

    ENDS = "ends the connection"
    PASSES_OVER = "is passed over"
    TAKES = "is taken for what it is"


def duty(data: bytes, state: State, waiting: type[Message] | None = None) -> tuple[Duty, tuple[str, ...]]:
    """The duty of a client, and the requirements that demand it. `data` is a whole frame, or one that has a length that is
    refused; `waiting` is the request under the frame's request_id that has waited longest, if there is one."""
    frame = Frame(data)
    if fault := _length(frame, state):
        return Duty.ENDS, fault.rules
    if frame.record is None and state is not State.CONNECTED and _is_event(frame.type) and not frame.request_id:
        return Duty.PASSES_OVER, ("EXT-12",)
    for check in (_type, _layout, _values, _request_id, _critical):
        if fault := check(frame, state):
            return Duty.ENDS, fault.rules
    if _is_reply(frame) and waiting is None:
        return Duty.ENDS, ("STATE-7", "STATE-4")
    return Duty.TAKES, ("TYPE-1",)


def _is_event(type_: int) -> bool:
    return any(first <= type_ <= last for first, last, _, kind in NUMBERING if kind == "event")


def _is_reply(frame: Frame) -> bool:
    return frame.record not in EVENTS and frame.record not in (m.Ping, m.Goodbye)


def _length(frame: Frame, state: State) -> Fault | None:
    longest = MAX_FRAME_BEFORE_WELCOME if state is State.CONNECTED else Settings().max_frame
    if frame.length < FRAME.header_size - FRAME.prefix_size:
        return Fault(FRAME.malformed, ("FRAME-2", "STATE-4"))
    return Fault(FRAME.too_large, ("FRAME-4", "STATE-4")) if frame.length > longest else None


def _type(frame: Frame, state: State) -> Fault | None:
    if frame.record is None:
        return Fault("", ("EXT-12", "STATE-4") if state is not State.CONNECTED else ("STATE-4",))
    return None if (Role.SERVER, state, frame.record) in LEGAL else Fault("", ("STATE-4",))


def _layout(frame: Frame, state: State) -> Fault | None:
    broken = tuple(rule for rule in frame.body.broken if rule.startswith("FRAME"))
    return Fault(FRAME.malformed, (*broken, "STATE-4")) if frame.body.broken else None


def _values(frame: Frame, state: State) -> Fault | None:
    """The rules of section 5 bind the server too; max_text and max_name do not (TEXT-3)."""
    for item in frame.body.items:
        if isinstance(item.construct, Text):
            code = text_fault(item.construct, item.data, item.construct.maximum)
            if code:
                return Fault(code, (*_TEXT_RULES.get(code, ()), "STATE-4"))
    return None


_TEXT_RULES = {"TEXT_EMPTY": ("TEXT-3",), "TEXT_TOO_LONG": ("TEXT-3",)}


def _request_id(frame: Frame, state: State) -> Fault | None:
    wrong = frame.request_id != 0 if frame.record in EVENTS else frame.request_id == 0 and frame.record is m.Ping
    return Fault(FRAME.malformed, ("STATE-7", "STATE-4")) if wrong else None


def _critical(frame: Frame, state: State) -> Fault | None:
    critical = frame.flags & FRAME.critical_flags or any(tag % 2 for tag, _ in frame.body.extensions)
    return Fault(FRAME.unsupported_critical, ("EXT-7",)) if critical else None
