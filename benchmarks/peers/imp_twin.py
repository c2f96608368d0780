"""construct, interpreted, with every check: the twins, which say what is wrong where the fast functions refuse."""

from __future__ import annotations

from impwire import twins

from . import Codec, Peer
from .hand_written import read_chat, read_pm, read_roster, read_welcome
from .imp import make_chat, make_pm, make_roster, make_welcome

PEER = Peer(
    "construct, our twin",
    "all",
    {
        "CHAT": Codec(twins.CHAT.parse, read_chat, make_chat, twins.CHAT.build),
        "PM": Codec(twins.PM.parse, read_pm, make_pm, twins.PM.build),
        "WELCOME": Codec(twins.WELCOME.parse, read_welcome, make_welcome, twins.WELCOME.build),
        "ROSTER": Codec(twins.ROSTER.parse, read_roster, make_roster, twins.ROSTER.build),
    },
    package="construct",
)
