"""The requirements that no session proves, each with the reason.

A requirement that binds both sides has to be proven in both roles. What stands here is what cannot be seen from outside,
or only at a price that no run should pay; a test holds this list against the sessions, so that none is in neither.
"""

from __future__ import annotations

from impwire.tables import Role

_NAGLE = "the delay of a small frame depends on when the other side's system acknowledges, which no program can steer"
_WITHOUT_TLS = "sessions are played without TLS"

UNPROVEN: dict[tuple[str, Role], str] = {
    ("TRANSPORT-2", Role.SERVER): _NAGLE,
    ("TRANSPORT-2", Role.CLIENT): _NAGLE,
    ("TRANSPORT-5", Role.SERVER): _WITHOUT_TLS,
    ("TRANSPORT-5", Role.CLIENT): _WITHOUT_TLS,
    ("TRANSPORT-6", Role.CLIENT): _WITHOUT_TLS,
    ("TIME-7", Role.CLIENT): "no setting shortens the 15 seconds, and every run would have to sit them out",
    ("TIME-9", Role.SERVER): "whatever a server does about it is right",
    ("TIME-10", Role.SERVER): "nothing that a client or the operator may do holds a right server up",
    ("END-9", Role.SERVER): "nothing that a client may send makes a right server fail",
    ("END-11", Role.SERVER): f"{_WITHOUT_TLS}, and a run should not have to exhaust a server",
    ("END-12", Role.SERVER): "nothing that a client or the operator may do makes a right server fail",
    ("CLIENT-12", Role.CLIENT): "the suite starts and kills a client, and cannot interrupt it on every system",
}
