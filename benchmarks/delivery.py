"""What a delivery costs: one sender, N receivers, and the processor time of the server, beside other servers."""

from __future__ import annotations

from . import delivery_page
from .figures import Conditions, Costs, Point
from .load.fan_out import fan_out
from .load.servers import SERVERS, running
from .options import Options, interleaved

_ROUNDS, _SECONDS, _QUICK_SECONDS = 5, 1.0, 0.02
_RECEIVERS, _QUICK_RECEIVERS, _WINDOWS = (200, 1000, 5000), (20,), (1, 32)


def run(options: Options) -> None:
    """Measure, and tell."""
    servers = options.contenders(*SERVERS)
    found = Costs(Conditions.here(servers))
    rounds = options.rounds or (1 if options.quick else _ROUNDS)
    seconds = options.seconds or (_QUICK_SECONDS if options.quick else _SECONDS)
    for receivers in options.receivers or (_QUICK_RECEIVERS if options.quick else _RECEIVERS):
        for server in interleaved(f"delivery to {receivers}", servers, rounds):
            with running(server) as process:
                spent = fan_out(process, receivers, options.windows or _WINDOWS, seconds)
            for window, one in spent.items():
                found.rounds.setdefault(Point(receivers, window, server.name), []).append(one)
    delivery_page.keep(options, "delivery", found)
