"""The page and the plot of what the benchmarks of servers have found, and what README.md quotes of it."""

from __future__ import annotations

import sys

from . import pages, plot
from .figures import Conditions, Costs, Crowds, Figures, Latency, Point, load, percentile, save
from .goals import goals
from .load.servers import OURS, SERVERS
from .options import Options
from .pages import table

RESULTS = pages.RESULTS
README = pages.README

_INTRODUCTION = """\
# Delivery

Written by `python -m benchmarks delivery private crowd latency` from [what was found](delivery.json); each of the four can be
run alone. A figure is the median of several rounds, in each of which every server was started anew and measured once, one
behind the other; a × is the median of the ratios within the rounds. Only these mean anything on another machine.

Processor time is what the system has counted for the server's process, user and system, all threads, at the resolution of
its scheduler. What the generator has used is shown beside it, in shares of a core: it is one process, the same for all
servers, that waits by epoll, looks at one message of each kind and then counts bytes.
"""

_HOW = {
    "delivery": """\
One sender, N receivers, 64 bytes of text. The window W is how many messages may be under way that not every receiver has got.
The cost is the processor time over all that was delivered. IMP tells the sender, too, that its message was accepted.
""",
    "private": """\
Pairs of a sender and a receiver, 64 bytes of text, at most 32 messages of each pair under way. IMP: PM, answered by OK and
delivered as WHISPER. MQTT: PUBLISH at QoS 1, answered by PUBACK and delivered at QoS 0. NATS: PUB on a verbose connection,
answered by +OK. Redis: PUBLISH to a channel with one subscriber, answered by their number.
""",
    "crowd": """\
Users join the one room, 100 at a time, and everybody is told of everybody who comes later. Then somebody says 64 bytes, twice
a second. Then nobody says anything, and the server asks everyone every 30 s whether they are still there.
""",
    "latency": """\
One sender, 200 receivers, 100 messages of 64 bytes a second. The time runs from when a message was due, even if it was sent
late, until the generator has read it from the last of the receivers' connections.
""",
}


def keep(options: Options, name: str, part: Costs | Crowds | Latency) -> None:
    """Print what was found and, if everything was measured as it should be, write it to the results and to README.md."""
    print(_section(name, part))
    if not options.standard:
        print("not written to the results, as it was not the whole of it that was measured", file=sys.stderr)
        return
    RESULTS.mkdir(exist_ok=True)
    figures = load(RESULTS / "delivery.json")
    setattr(figures, name, part)
    save(RESULTS / "delivery.json", figures)
    write()


def write() -> None:
    """Make the page, the plot and README.md's quote anew, of the figures that are kept."""
    figures = load(RESULTS / "delivery.json")
    text = page(figures)
    (RESULTS / "delivery.md").write_text(text, encoding="utf-8")
    if figures.delivery:
        (RESULTS / "delivery.svg").write_text(plot.draw(figures.delivery), encoding="utf-8")
    README.write_text(pages.quoting("delivery.md", README.read_text(encoding="utf-8"), text), encoding="utf-8")


def page(figures: Figures) -> str:
    """All of it, as Markdown."""
    parts = [_INTRODUCTION, "## In short\n", pages.quote("delivery.md", _short(figures))]
    if figures.delivery:
        parts.append("![What a delivery costs](delivery.svg)\n")
    parts += ["## What was wanted\n", goals(figures), "## The servers\n", _servers()]
    for name in _HOW:
        part = getattr(figures, name)
        parts.append(_section(name, part) if part else f"{_title(name)}\nNot measured yet.\n")
    return "\n".join(parts)


def _title(name: str) -> str:
    titles = {"delivery": "To all", "private": "To one", "crowd": "A crowd", "latency": "How soon the last one hears"}
    return f"## {titles[name]}\n"


def _servers() -> str:
    rows = [["", "started with other settings than its own"]]
    rows += [[server.name, server.changed] for server in SERVERS.values()]
    return table(rows)


def _section(name: str, part: Costs | Crowds | Latency) -> str:
    parts = [_title(name), _HOW[name], f"{_conditions(part.conditions)}\n"]
    if isinstance(part, Crowds):
        parts.append(_crowds(part))
    elif isinstance(part, Latency):
        parts.append(_latency(part))
    else:
        parts += [_costs(name, part, receivers, window) for receivers, window in _places(part)]
        parts.append(_generator(part))
    return "\n".join(parts)


def _conditions(conditions: Conditions) -> str:
    peers = [f"{name} {version}" for name, version in conditions.versions.items() if not name.startswith(OURS)]
    return f"{'; '.join([conditions.machine, ', '.join(peers)] if peers else [conditions.machine])}."


def _short(figures: Figures) -> str:
    """What README.md quotes: the costs of a delivery, and a line for each of the others."""
    parts = []
    if figures.delivery:
        parts.append(_short_costs(figures.delivery))
    lines = []
    if (private := figures.private) and (ours := _ours(private)):
        lines.append(f"- A private message with its receipt costs {private.median(ours):.1f} µs.")
    if (latency := figures.latency) and OURS in latency.rounds:
        p50, p99 = latency.median(OURS)
        lines.append(
            f"- At 100 messages a second the last of 200 hears after {p50 * 1e3:.1f} ms (p99: {p99 * 1e3:.1f} ms)."
        )
    if figures.crowd and (crowd := figures.crowd.found.get(OURS)):
        lines += [
            f"- {crowd.users:,} users have joined, and have heard of each other, after {crowd.joining:.0f} s, and take"
            f" {crowd.memory / 1024:.1f} KiB each.",
            f"- The last of them has what one says after {percentile(crowd.delays, 0.99) * 1e3:.0f} ms (p99); their silence"
            f" costs {crowd.idle_share * 100:.1f} % of a core.",
        ]
    return "\n".join([*parts, "".join(f"{line}\n" for line in lines)])


def _short_costs(costs: Costs) -> str:
    places = _places(costs)
    rows = [["µs of the server's CPU a delivery", *(f"N = {receivers}, W = {window}" for receivers, window in places)]]
    for server in dict.fromkeys(point.server for point in costs.rounds):
        rows.append([server, *(f"{costs.median(Point(*place, server)):.2f}" for place in places)])
    ratios = []
    for place in places:
        base = costs.cheapest_peer(*place)
        ratios.append(f"{costs.ratio(Point(*place, OURS), base):.2f} ×" if base else "")
    return table([*rows, [f"{OURS}, against the cheapest other", *ratios]])


def _ours(costs: Costs) -> Point | None:
    return next((point for point in costs.rounds if point.server == OURS), None)


def _places(costs: Costs) -> list[tuple[int, int]]:
    """Receivers and window of every table, window by window."""
    return sorted({(point.receivers, point.window) for point in costs.rounds}, key=lambda place: place[::-1])


def _costs(name: str, costs: Costs, receivers: int, window: int) -> str:
    what, unit = ("receivers", "delivery") if name == "delivery" else ("pairs", "message")
    title = f"{receivers} {what}, window {window}"
    rows = [[title, f"µs a {unit}", "from – to", "×", "a second", "server, of a core", "generator, of a core"]]
    base = costs.cheapest_peer(receivers, window)
    for point in costs.rounds:
        if point[:2] != (receivers, window):
            continue
        least, most = costs.spread(point)
        rows.append(
            [
                point.server,
                f"{costs.median(point):.2f}",
                f"{least:.2f} – {most:.2f}",
                f"{costs.ratio(point, base):.2f}" if base else "",
                f"{costs.median(point, lambda spent: spent.units / spent.wall):,.0f}",
                f"{costs.median(point, lambda spent: spent.server / spent.wall):.2f}",
                f"{costs.median(point, lambda spent: spent.generator / spent.wall):.2f}",
            ]
        )
    return table(rows)


def _generator(costs: Costs) -> str:
    """That the generator was not what the servers waited for, or where it was."""
    shares = {point: costs.median(point, lambda spent: spent.generator / spent.wall) for point in costs.rounds}
    busiest = max(costs.rounds, key=lambda point: shares[point])
    return (
        f"The generator was busiest with {busiest.server}, {busiest.receivers} at window {busiest.window}: for"
        f" {shares[busiest] * 100:.0f} % of the time.\n"
    )


def _crowds(crowds: Crowds) -> str:
    found = crowds.found.values()
    rows = [
        ["", *crowds.found],
        ["users", *(f"{crowd.users:,}" for crowd in found)],
        ["all have joined, and heard of all, after", *(f"{crowd.joining:.1f} s" for crowd in found)],
        ["processor time of the server for joining", *(f"{crowd.joining_cpu:.1f} s" for crowd in found)],
        ["memory a connection, once all have joined", *(f"{crowd.memory / 1024:.1f} KiB" for crowd in found)],
        ["memory a connection, in the end", *(f"{crowd.memory_in_the_end / 1024:.1f} KiB" for crowd in found)],
        ["messages to all", *(f"{len(crowd.delays)}" for crowd in found)],
        ["the last user has it after, p50", *(f"{percentile(crowd.delays, 0.5) * 1e3:.0f} ms" for crowd in found)],
        ["the last user has it after, p99", *(f"{percentile(crowd.delays, 0.99) * 1e3:.0f} ms" for crowd in found)],
        ["silence", *(f"{crowd.idle:.0f} s" for crowd in found)],
        ["PINGs answered in silence", *(f"{crowd.probes:,}" for crowd in found)],
        ["processor time in silence", *(f"{crowd.idle_share * 100:.2f} % of a core" for crowd in found)],
    ]
    return table(rows)


def _latency(latency: Latency) -> str:
    rows = [["ms until the last receiver has it", "p50", "p99", "p99, from – to"]]
    for server, rounds in latency.rounds.items():
        p50, p99 = latency.median(server)
        ends = [f"{pick(delays.p99 for delays in rounds) * 1e3:.2f}" for pick in (min, max)]
        rows.append([server, f"{p50 * 1e3:.2f}", f"{p99 * 1e3:.2f}", " – ".join(ends)])
    return table(rows)
