"""The reference client of the Instant Messenger Protocol, as a program and as a library.

    async with reference_client.connect("ann", "chat.example.org") as client:
        await client.say("hi")
        async for event in client:
            print(event)

`client` tells more about the library. What is exported here is loaded when it is first used: a program that is interrupted
while it begins can then still say so.
"""

from __future__ import annotations

TYPE_CHECKING = False  # That of `typing`, which takes longer to load than all that is needed here.
if TYPE_CHECKING:
    from .client import Client, Event, connect
    from .dial import CannotConnect
    from .effects import Ending, EndKind, Remedy
    from .errors import (
        ClientError,
        ConnectionEnded,
        InvalidRequest,
        NameRefused,
        NotConnected,
        RequestRefused,
        RosterIncomplete,
        TooManyEvents,
    )

__all__ = [
    "CannotConnect",
    "Client",
    "ClientError",
    "ConnectionEnded",
    "EndKind",
    "Ending",
    "Event",
    "InvalidRequest",
    "NameRefused",
    "NotConnected",
    "Remedy",
    "RequestRefused",
    "RosterIncomplete",
    "TooManyEvents",
    "connect",
]

_MODULES = {
    "client": ("Client", "Event", "connect"),
    "dial": ("CannotConnect",),
    "effects": ("EndKind", "Ending", "Remedy"),
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = next((module for module, names in _MODULES.items() if name in names), "errors")
    from importlib import import_module

    return getattr(import_module(f".{module}", __name__), name)
