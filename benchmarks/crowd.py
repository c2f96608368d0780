"""A crowd of 10,000 users: how long it takes to gather, what it holds in memory, how soon all hear, what silence costs."""

from __future__ import annotations

import sys

from . import delivery_page
from .figures import Conditions, Crowds
from .load.crowd import crowd
from .load.processes import raise_descriptor_limit
from .load.servers import OURS, running
from .options import Options, interleaved

_USERS, _QUICK_USERS = 10_000, 50
#: How many users are on their way in at once. Fewer than the least backlog that systems allow.
_AT_ONCE = 100
_MESSAGES, _PER_SECOND = 100, 2.0
#: Two rounds of keepalive, so that each user is asked twice: it comes after 30 s of silence.
_IDLE, _QUICK_IDLE = 60.0, 0.5
#: What else a server or the generator needs descriptors for.
_RESERVED = 100


def run(options: Options) -> None:
    """Measure, and tell."""
    servers = options.contenders(OURS)
    found = Crowds(Conditions.here(servers))
    users = options.receivers[0] if options.receivers else _QUICK_USERS if options.quick else _USERS
    most = raise_descriptor_limit() - _RESERVED
    if users > most:
        print(f"crowd: {most} users instead of {users}: `ulimit -Hn` allows no more descriptors", file=sys.stderr)
        options.absent.append(f"{users - most} users")
        users = most
    for server in interleaved(f"a crowd of {users}", servers, 1):
        with running(server) as process:
            messages, pace = (5, 20.0) if options.quick else (_MESSAGES, _PER_SECOND)
            idle = options.seconds or (_QUICK_IDLE if options.quick else _IDLE)
            found.found[server.name] = crowd(process, users, _AT_ONCE, messages, pace, idle)
    delivery_page.keep(options, "crowd", found)
