"""What the library raises. The text of each error is one line for people, without anything that acts on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from impwire import Message
    from impwire.messages import Error, User

    from .effects import Ending


class ClientError(Exception):
    """The base of all of them."""


class InvalidRequest(ClientError, ValueError):
    """What was asked for cannot be sent, and nothing was sent (TEXT-5). The caller's fault.

    `code` names the error that the server would answer with, such as TEXT_TOO_LONG.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class NotConnected(ClientError):
    """Nothing was sent, since the connection is not open for requests: not yet, or you are leaving."""


class TooManyEvents(ClientError):
    """So many events wait that nobody takes: iterate over the client.

    Raised by a request, nothing was sent. It also ends a connection on which far more events come while a reply is owed.
    """


class RequestRefused(ClientError):
    """The server has answered a request with ERROR: nothing of it was done, and the connection goes on.

    `code` is an ErrorCode, or an int that this version has no name for (ERROR-3); `detail` is for people and may be empty,
    as it came; `retry_after_ms` is 0 where the server gives no advice; `request` is the message that was refused.
    """

    def __init__(self, text: str, error: Error, request: Message) -> None:
        super().__init__(text)
        self.code: int = error.code
        self.detail, self.retry_after_ms, self.request = error.detail, error.retry_after_ms, request


class RosterIncomplete(ClientError):
    """The list of users was not read to its end: you are leaving, or the server does not go on with it. `users` are those
    that were told of."""

    def __init__(self, text: str, users: tuple[User, ...]) -> None:
        super().__init__(text)
        self.users = users


class ConnectionEnded(ClientError):
    """The connection has ended. `ending` tells why; its kind is LEFT if you have left and then ask for something.

    For a request that was under way: only `ending.unanswered` and `ending.unsent` tell what may have become of it.
    """

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.line)
        self.ending = ending


class NameRefused(ConnectionEnded):
    """The server has refused the name, and the connection is over. `ending.code` tells why, such as NAME_TAKEN."""
