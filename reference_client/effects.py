"""What a `ClientSession` hands out: what it wants done, and what people and programs should know (protocol.txt, section 18).

Plain values. `Send` is for whoever has the socket; `Told`, `Note` and, as the last of all, `End` are for whoever uses
the connection, in the order in which they came about (CLIENT-4).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from impwire import Message


class Send(NamedTuple):
    """Bytes for the server."""

    data: bytes


class Told(NamedTuple):
    """A message that the server has sent.

    `answers` is the request that it answers, if any, and `ticket` what that request was given; None for an event, for
    an answer to what the session has sent by itself (HELLO, a PING for keepalive), and for GOODBYE, which is no reply to
    what it answers. `own_name` is the name that the
    client had before the message. `is_last` is False for a page of the roster behind which the session asks on.
    """

    message: Message
    answers: Message | None = None
    ticket: int | None = None
    own_name: str = ""
    is_last: bool = True


class Note(NamedTuple):
    """Something that people should know beside the messages: a harmless line."""

    line: str


class EndKind(StrEnum):
    """How a connection can come to its end."""

    LEFT = "left"  # GOODBYE with LEFT: in good order.
    GOODBYE = "goodbye"  # GOODBYE with another code.
    NAME_REFUSED = "name refused"  # ERROR in answer to HELLO.
    STUCK = "stuck"  # The server has refused LEAVE, and nobody was left to talk (STATE-6).
    LOST = "lost"  # No GOODBYE (END-6), or no sign of life (TIME-5, TIME-7).
    PROTOCOL = "protocol"  # The server has broken the protocol (STATE-4).
    INTERRUPTED = "interrupted"  # The user did not wait for GOODBYE (CLIENT-12).
    NO_CONNECTION = "no connection"  # There never was one. No session ends so, but a talk can.


class Remedy(StrEnum):
    """What its user may change about a connection that has failed, for programs that know how that is done with them."""

    TLS = "tls"  # Connect with TLS.
    TRUST = "trust"  # Trust the server's certificate, or who has signed it.
    CERTIFICATE = "certificate"  # Show the server a certificate.


class Cause(NamedTuple):
    """Why there is no connection, or no longer: the end of a sentence, and what that proposes, if programs may have a word
    for it."""

    words: str
    remedy: Remedy | None = None


class Ending(NamedTuple):
    """Why a connection has ended.

    `line` is one harmless line for people; after `LEFT`, `GOODBYE` and `NAME_REFUSED` it is the line that the message
    itself shows. `code` is that of GOODBYE or ERROR (an int where this version has no name for it), with its
    `retry_after_ms` and `detail` (as it came, not harmless). `name` is the name last borne, and `welcomed` tells whether
    there was a WELCOME. `unanswered` has the requests that were sent and got no reply, the one that GOODBYE
    answers included; `unsent` those that were not even sent, given up by `interrupt` or still waiting. Both are in order,
    without LEAVE and what the session asks by itself. `remedy` is that of a `Cause`.
    """

    kind: EndKind
    line: str
    code: int | None = None
    retry_after_ms: int = 0
    detail: str = ""
    name: str = ""
    welcomed: bool = False
    unanswered: tuple[Message, ...] = ()
    unsent: tuple[Message, ...] = ()
    remedy: Remedy | None = None


class End(NamedTuple):
    """It is over: close the connection. Nothing comes behind it."""

    ending: Ending


Happening = Told | Note | End
Effect = Send | Happening
