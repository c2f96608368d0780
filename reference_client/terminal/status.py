"""The line at the bottom: where one is, and with whom; while a word is being completed, what it may become.

A `Status`, or the candidates, and a width go in; styled fragments come out.
"""

from __future__ import annotations

from typing import NamedTuple

from prompt_toolkit.buffer import CompletionState
from prompt_toolkit.utils import get_cwidth

from .gate import END_OF_ISOLATE, ISOLATE, is_right_to_left, tamed
from .paint import RAW, Fragments
from .rows import columns_of

#: What a newcomer may not know, where there is room for it.
_HINT = "Tab completes, F2 times, Ctrl-D leaves"

#: While the server has still to answer.
_LEAVING = "leaving; Ctrl-C leaves at once"


class Status(NamedTuple):
    """What the status line tells: the names of client and server, the number of users and the latency in seconds, where
    they are known. `trouble` says what is amiss, and is empty while the connection stands. `is_leaving` says more than all
    that: whether the user waits to be gone."""

    name: str
    server: str
    users: int | None = None
    latency: float | None = None
    trouble: str = ""
    is_leaving: bool = False


def status_line(status: Status, width: int) -> Fragments:
    """The status, cut to the width."""
    facts = []
    trouble = _LEAVING if status.is_leaving else status.trouble
    if trouble:
        facts.append(trouble)
    else:
        if status.users is not None:
            facts.append("1 user" if status.users == 1 else f"{status.users} users")
        if status.latency is not None:
            facts.append(_seconds(status.latency))
    # What is known to be short comes first, so that the name of a server can push nothing out.
    left = " | ".join([tamed(status.name), *facts])
    if trouble and columns_of(left) >= width:
        left = trouble  # It says what to do, and everybody knows their own name.
    server = _cut(tamed(status.server), width - columns_of(left) - 5)
    shown: Fragments = [("class:status.trouble" if trouble else "", _cut(f" {left}", width))]
    if server:
        isolate, end = (ISOLATE, END_OF_ISOLATE) if is_right_to_left(server) else ("", "")
        shown += [("", " | "), (RAW, isolate), ("", server), (RAW, end)]
    room = width - sum(columns_of(text) for style, text in shown if style != RAW)
    if room >= len(_HINT) + 3 and not status.is_leaving:
        shown.append(("", f"{_HINT} ".rjust(room)))
    return shown


def _seconds(latency: float) -> str:
    if latency >= 1:
        return f"{latency:.1f} s"
    return f"{latency * 1000:.0f} ms" if latency >= 0.001 else "<1 ms"


def _cut(text: str, width: int) -> str:
    """As much of the text as fits, with an ellipsis if that is not all of it."""
    if columns_of(text) <= width:
        return text
    used, kept = 1, ""
    for character in text:
        used += get_cwidth(character)
        if used > width:
            break
        kept += character
    return kept + "…" if width > 0 else ""


def candidates_line(state: CompletionState, width: int) -> Fragments:
    """What may be completed, so much of it that the chosen one is in sight, and behind it what that does."""
    chosen = state.complete_index
    words = [tamed(candidate.display_text) for candidate in state.completions]
    first = 0
    while chosen is not None and first < chosen and columns_of("  ".join(words[first : chosen + 1])) + 6 > width:
        first += 1
    shown: Fragments = [("", " < " if first else " ")]
    used = columns_of(shown[0][1])
    for index in range(first, len(words)):
        used += columns_of(words[index]) + 2
        if used >= width and index > first:
            shown.append(("", ">"))
            return shown
        shown += [("class:status.chosen" if index == chosen else "", words[index]), ("", "  ")]
    if chosen is not None and state.completions[chosen].display_meta_text:
        shown.append(("", _cut(f"({state.completions[chosen].display_meta_text})", width - used - 1)))
    return shown
