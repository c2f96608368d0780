"""`impwire`: one generated function a message, without dispatch."""

from __future__ import annotations

from impwire import codecs
from impwire.messages import Chat, Pm, Roster, User, Welcome

from . import Codec, Peer
from .hand_written import read_chat, read_pm, read_roster, read_welcome


def make_chat(request_id: int, flags: int, seq: int, time: int, session_id: int, name: str, text: str) -> Chat:
    who = User(session_id=session_id, name=name)
    return Chat(request_id=request_id, flags=flags, seq=seq, time=time, who=who, text=text)


def make_pm(request_id: int, flags: int, to: str, text: str) -> Pm:
    return Pm(request_id=request_id, flags=flags, to=to, text=text)


def make_roster(request_id: int, flags: int, entries: tuple[tuple[int, str], ...], more: bool) -> Roster:
    users = tuple([User(session_id=session_id, name=name) for session_id, name in entries])
    return Roster(request_id=request_id, flags=flags, entries=users, more=more)


def make_welcome(
    request_id: int,
    flags: int,
    version: int,
    capabilities: int,
    session_id: int,
    name: str,
    server_name: str,
    seq: int,
    time: int,
    max_frame: int,
    max_text: int,
    max_name: int,
    send_queue: int,
    hello_tries: int,
    rate_burst: int,
    rate_per_second: int,
    flood_strikes: int,
    max_connections: int,
    connections_per_address: int,
    attempts_per_minute: int,
    handshake_timeout: int,
    frame_timeout: int,
    ping_after: int,
    pong_timeout: int,
    close_drain: int,
) -> Welcome:
    return Welcome(
        request_id=request_id,
        flags=flags,
        version=version,
        capabilities=capabilities,
        session_id=session_id,
        name=name,
        server_name=server_name,
        seq=seq,
        time=time,
        max_frame=max_frame,
        max_text=max_text,
        max_name=max_name,
        send_queue=send_queue,
        hello_tries=hello_tries,
        rate_burst=rate_burst,
        rate_per_second=rate_per_second,
        flood_strikes=flood_strikes,
        max_connections=max_connections,
        connections_per_address=connections_per_address,
        attempts_per_minute=attempts_per_minute,
        handshake_timeout=handshake_timeout,
        frame_timeout=frame_timeout,
        ping_after=ping_after,
        pong_timeout=pong_timeout,
        close_drain=close_drain,
    )


PEER = Peer(
    "impwire",
    "all",
    {
        "CHAT": Codec(codecs.decode_chat, read_chat, make_chat, codecs.encode_chat),
        "PM": Codec(codecs.decode_pm, read_pm, make_pm, codecs.encode_pm),
        "WELCOME": Codec(codecs.decode_welcome, read_welcome, make_welcome, codecs.encode_welcome),
        "ROSTER": Codec(codecs.decode_roster, read_roster, make_roster, codecs.encode_roster),
    },
)
