"""What a private message and its receipt cost the server, beside the same exchange with other servers."""

from __future__ import annotations

from . import delivery_page
from .figures import Conditions, Costs, Point
from .load.pairs import pairs
from .load.servers import OURS, PEERS, running
from .options import Options, interleaved

_ROUNDS, _SECONDS, _QUICK_SECONDS = 5, 1.0, 0.02
_PAIRS, _QUICK_PAIRS, _WINDOW = 100, 5, 32


def run(options: Options) -> None:
    """Measure, and tell."""
    servers = options.contenders(OURS, *PEERS)
    found = Costs(Conditions.here(servers))
    rounds = options.rounds or (1 if options.quick else _ROUNDS)
    seconds = options.seconds or (_QUICK_SECONDS if options.quick else _SECONDS)
    for number in options.receivers or [_QUICK_PAIRS if options.quick else _PAIRS]:
        for window in options.windows or [_WINDOW]:
            for server in interleaved(f"private messages of {number} pairs", servers, rounds):
                with running(server) as process:
                    spent = pairs(process, number, window, seconds)
                found.rounds.setdefault(Point(number, window, server.name), []).append(spent)
    delivery_page.keep(options, "private", found)
