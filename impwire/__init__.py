"""The Instant Messenger Protocol for Python: messages, codecs and a connection without input or output.

    connection = Connection(Role.CLIENT)
    data = connection.send(Hello(request_id=1, min_version=0x0100, max_version=0x0100, capabilities=0, name="ann"))
    connection.receive_data(...)
    while (event := connection.next_event()) is not None: ...

The messages stand in `impwire.messages`, their codecs in `impwire.codecs`, and the tables of protocol.txt (limits,
states, failures, commands, requirements) in `impwire.tables`. All three are generated from the specification.
"""

from .connection import (
    Connection,
    Event,
    LocalProtocolError,
    ProtocolError,
    Received,
    Refused,
    RemoteProtocolError,
)
from .framing import FrameDecoder
from .tables import Role, State
from .wire import DecodeError, EncodeError, Extension, FramingError, Message, WireError

__all__ = [
    "Connection",
    "DecodeError",
    "EncodeError",
    "Event",
    "Extension",
    "FrameDecoder",
    "FramingError",
    "LocalProtocolError",
    "Message",
    "ProtocolError",
    "Received",
    "Refused",
    "RemoteProtocolError",
    "Role",
    "State",
    "WireError",
]
