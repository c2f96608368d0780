"""The server without its sockets, request by request: what reading it, deciding on it and writing what follows cost.

`delivery` and its like measure whole processes. Here one sees in which part a change of theirs comes about.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Hashable
from itertools import count
from typing import Any

from impwire import Connection, Message, Role
from impwire import messages as m
from impwire.codecs import encode
from impwire.tables import PROTOCOL_VERSION, Settings
from reference_server.bans import BanList
from reference_server.clock import Now
from reference_server.effects import Effect, Log, Tell, TellAll
from reference_server.service import Service

from . import pages
from .rounds import Cell, cell, measure

_USERS = 200
_ROUNDS, _SECONDS = 15, 0.02
_PARTS = ("read", "decide", "write")
_NOW = Now(clock=1000.0, wall=1_700_000_000_000)
_ADDRESS = ipaddress.ip_address("127.0.0.1")

_INTRODUCTION = f"""# The server without sockets

`python -m benchmarks service`. One request of one of {_USERS} users, in microseconds: read from bytes (`Connection`), decided on
(`Service.receive`), and written, all effects of it, as frames and lines of the log. What a frame costs each receiver is
in `delivery`.

"""


def run() -> None:
    """Measure, print the table, write it to `results/service.md`."""
    service = _service()
    ids = count(_USERS + 1)
    requests: dict[str, Message] = {
        "SAY of 64 bytes": m.Say(request_id=1, text="x" * 64),
        "PM of 64 bytes": m.Pm(request_id=1, to="user2", text="x" * 64),
        "PING": m.Ping(request_id=1, nonce=1),
        "WHO, a page of all": m.Who(request_id=1, after="", limit=0),
        "RENAME, refused": m.Rename(request_id=1, name="user2"),
    }
    cells: dict[Hashable, Cell] = {}
    for name, request in requests.items():
        cells["read", name] = _reading(request)
        cells["decide", name] = cell("receive(1, request, now)", receive=service.receive, request=request, now=_NOW)
        cells["write", name] = cell("write(effects)", write=_write, effects=service.receive(1, request, _NOW))
    cells["decide", "to come, join and go"] = cell("come_and_go(next(ids))", come_and_go=_visitor(service), ids=ids)
    measured = measure("service", cells, _ROUNDS, _SECONDS)
    rows = [["", *_PARTS]]
    for name in [*requests, "to come, join and go"]:
        found = [(part, name) in cells and measured.seconds((part, name)) for part in _PARTS]
        rows.append([name, *(f"{seconds * 1e6:.2f}" if seconds else "" for seconds in found)])
    text = _INTRODUCTION + pages.table(rows)
    print(text)
    (pages.RESULTS / "service.md").write_text(text, encoding="utf-8")


def _service() -> Service:
    """A service with all users, and every limit that would refuse the load raised."""
    plenty = 1_000_000_000
    settings = Settings(
        rate_burst=plenty, rate_per_second=plenty, connections_per_address=10_000, attempts_per_minute=plenty
    )
    service = Service(settings, "measured", BanList())
    for number in range(1, _USERS + 1):
        _join(service, number)
    return service


def _hello(number: int) -> m.Hello:
    version = PROTOCOL_VERSION
    return m.Hello(request_id=1, min_version=version, max_version=version, capabilities=0, name=f"user{number}")


def _join(service: Service, number: int) -> None:
    service.arrive(number, _ADDRESS, _NOW.clock, _NOW)
    service.receive(number, _hello(number), _NOW)


def _visitor(service: Service) -> Callable[[int], None]:
    def come_and_go(number: int) -> None:
        _join(service, number)
        service.lose(number, "closed", _NOW)

    return come_and_go


def _reading(request: Message) -> Cell:
    """A cell that reads the request as a user's connection does, of a piece that holds 32 of them."""
    connection = Connection(Role.SERVER)
    connection.receive_data(encode(_hello(1)))
    connection.next_event()
    limits: dict[str, Any] = {name: getattr(Settings(), name) for name in Settings.__slots__}
    about: dict[str, Any] = {
        "version": PROTOCOL_VERSION,
        "capabilities": 0,
        "session_id": 1,
        "name": "user1",
        "server_name": "x",
    }
    connection.send(m.Welcome(request_id=1, seq=1, time=1, **about, **limits))
    piece, together = encode(request) * 32, 32

    def read(number: int) -> float:
        began = time.perf_counter()
        for _ in range(-(-number // together)):
            connection.receive_data(piece)
            while connection.next_event() is not None:
                pass
        return (time.perf_counter() - began) * number / (-(-number // together) * together)

    return read


def _write(effects: list[Effect]) -> None:
    """What the edge makes of effects, but for sending it."""
    for effect in effects:
        if isinstance(effect, (Tell, TellAll)):
            encode(effect.message)
        elif isinstance(effect, Log):
            f"{_NOW.wall} {effect.event}: {effect.text}\n".encode()
