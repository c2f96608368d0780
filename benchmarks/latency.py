"""How long the last of many receivers waits for what one says at a steady pace, beside other servers."""

from __future__ import annotations

from . import delivery_page
from .figures import Conditions, Delays, Latency, percentile
from .load.fan_out import latencies
from .load.servers import OURS, PEERS, running
from .options import Options, interleaved

_ROUNDS, _SECONDS, _QUICK_SECONDS = 7, 10.0, 0.3
_RECEIVERS, _QUICK_RECEIVERS, _PER_SECOND = 200, 20, 100


def run(options: Options) -> None:
    """Measure, and tell."""
    servers = options.contenders(OURS, *PEERS)
    found = Latency(Conditions.here(servers))
    rounds = options.rounds or (1 if options.quick else _ROUNDS)
    seconds = options.seconds or (_QUICK_SECONDS if options.quick else _SECONDS)
    receivers = options.receivers[0] if options.receivers else _QUICK_RECEIVERS if options.quick else _RECEIVERS
    for server in interleaved(f"latency at {_PER_SECOND} messages a second", servers, rounds):
        with running(server) as process:
            delays = latencies(process, receivers, _PER_SECOND, max(1, int(seconds * _PER_SECOND)))
        found.rounds.setdefault(server.name, []).append(Delays(percentile(delays, 0.5), percentile(delays, 0.99)))
    delivery_page.keep(options, "latency", found)
