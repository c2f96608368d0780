"""What was wanted of the reference server, beside what was found. What is shown, with its digits, is what is judged."""

from __future__ import annotations

from .figures import Costs, Crowds, Figures, Latency, Point, percentile
from .load.servers import OURS
from .pages import table

_FEW, _MANY, _WINDOW = 200, 5000, 32


def goals(figures: Figures) -> str:
    """A row for each goal, with whether it is reached; none for what was not measured."""
    rows = [["", "wanted", "found", ""]]
    if figures.delivery:
        rows += _delivery(figures.delivery)
    if figures.private:
        rows += _private(figures.private)
    if figures.crowd:
        rows += _crowd(figures.crowd)
    if figures.latency:
        rows += _latency(figures.latency)
    return table(rows)


def _row(what: str, bound: float, found: float, unit: str, digits: int) -> list[str]:
    shown = f"{found:.{digits}f}"
    return [what, f"≤ {bound:g} {unit}", f"{shown} {unit}", "reached" if float(shown) <= bound else "not reached"]


def _delivery(costs: Costs) -> list[list[str]]:
    rows = []
    for point in sorted(
        (point for point in costs.rounds if point.server == OURS), key=lambda p: (p.window, p.receivers)
    ):
        base = costs.cheapest_peer(point.receivers, point.window)
        if base:
            what = f"a delivery to {point.receivers}, window {point.window}, against {base.server}"
            rows.append(_row(what, 1, costs.ratio(point, base), "×", 2))
    few, many = (Point(receivers, _WINDOW, OURS) for receivers in (_FEW, _MANY))
    if few in costs.rounds and many in costs.rounds:
        what = f"a delivery to {_MANY}, against one to {_FEW}, window {_WINDOW}"
        rows.append(_row(what, 1.5, costs.ratio(many, few), "×", 2))
    return rows


def _private(costs: Costs) -> list[list[str]]:
    return [
        _row("a private message with its receipt", 12, costs.median(point), "µs", 1)
        for point in costs.rounds
        if point.server == OURS
    ]


def _crowd(crowds: Crowds) -> list[list[str]]:
    crowd = crowds.found[OURS]
    who = f"{crowd.users:,} users"
    return [
        _row(f"{who} have joined and heard of each other", 60, crowd.joining, "s", 1),
        _row("memory a connection, once all have joined", 10, crowd.memory / 1024, "KiB", 1),
        _row("memory a connection, in the end", 10, crowd.memory_in_the_end / 1024, "KiB", 1),
        _row(f"the last of {who} has what one says, p99", 250, percentile(crowd.delays, 0.99) * 1e3, "ms", 0),
        _row(f"{who} who are silent, of a core", 3, crowd.idle_share * 100, "%", 2),
    ]


def _latency(latency: Latency) -> list[list[str]]:
    if OURS not in latency.rounds or "mosquitto" not in latency.rounds:
        return []
    return [_row("until the last of 200 has it, p99, against mosquitto", 1, latency.ratio(OURS, "mosquitto"), "×", 2)]
