"""`impwire` when it is not known which message comes or goes: `decode` and `encode` find the function."""

from __future__ import annotations

from impwire.codecs import decode, encode

from . import Codec, Peer
from .hand_written import read_chat, read_pm, read_roster, read_welcome
from .imp import make_chat, make_pm, make_roster, make_welcome

PEER = Peer(
    "impwire, with dispatch",
    "all",
    {
        "CHAT": Codec(decode, read_chat, make_chat, encode),
        "PM": Codec(decode, read_pm, make_pm, encode),
        "WELCOME": Codec(decode, read_welcome, make_welcome, encode),
        "ROSTER": Codec(decode, read_roster, make_roster, encode),
    },
)
