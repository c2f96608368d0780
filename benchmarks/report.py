"""The tables of the codec benchmark: what is printed, written to `results/codecs.md`, and quoted by README.md."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence

from . import pages
from .pages import processor, table
from .peers import Peer
from .peers.samples import SAMPLES
from .rounds import Measured

RESULTS = pages.RESULTS / "codecs.md"
README = pages.README

_OURS, _BY_HAND, _TWIN, _PROTOBUF = "impwire", "hand-written, same checks", "construct, our twin", "protobuf (C, upb)"

_TITLES = {
    "decode": "Decode",
    "decode and read": "Decode and read every field",
    "encode": "Encode a message that is there",
    "make and encode": "Make a message of its values and encode it",
}

_INTRODUCTION = f"""\
# Codecs

Written by `python -m benchmarks codecs`. µs a message are medians of interleaved rounds, and × is the median of the
ratio to *{_BY_HAND}* in the same round; only ratios mean anything on another machine. The messages
are CHAT and PM with 64 bytes of text, WELCOME, and ROSTER with 100 users. What a competitor checks stands in the first
table. protobuf and msgspec are written in C and have formats of their own; protobuf makes Python values only of the
fields that are read. Our twin is the interpreted construct that `impwire` asks what is wrong with a frame that it
refuses.
"""


def quoted(text: str) -> str:
    """What README.md quotes of the results, or what it has quoted."""
    return pages.quoted("codecs.md", text)


def write(text: str) -> None:
    """Write the results, and the quoted part to README.md."""
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text, encoding="utf-8")
    README.write_text(pages.quoting("codecs.md", README.read_text(encoding="utf-8"), text), encoding="utf-8")


def report(
    peers: Sequence[Peer], measured: Measured, stream: Mapping[str, float], programs: Mapping[str, float]
) -> str:
    """All tables, as Markdown."""
    parts = [
        _INTRODUCTION,
        f"{_machine(peers)}\n",
        "## In short\n",
        pages.quote("codecs.md", _short(peers, measured, stream)),
        "## What was wanted\n",
        _goals(measured, stream, programs, {peer.name for peer in peers}),
    ]
    for number, (action, title) in enumerate(_TITLES.items()):
        parts += [f"## {title}\n", _times(peers, measured, action, checks=not number)]
    return "\n".join(parts)


def _machine(peers: Sequence[Peer]) -> str:
    packages = sorted({peer.package for peer in peers if peer.package})
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages)
    return f"{processor()}; {platform.python_implementation()} {platform.python_version()}; {versions}."


def _short(peers: Sequence[Peer], measured: Measured, stream: Mapping[str, float]) -> str:
    rows = [["CHAT with 64 bytes of text", "decode", "all fields read", "encode"]]
    for peer in peers:
        actions = ("decode", "decode and read", "encode")
        ratios = [measured.ratio((action, "CHAT", peer.name), (action, "CHAT", _BY_HAND)) for action in actions]
        rows.append([peer.name, *[f"{ratio:.2f} ×" for ratio in ratios]])
    return (
        f"{table(rows)}\n"
        f"A stream in pieces of 1460 bytes, with framing, legality in the state and dispatch, costs {stream['chunks']:.2f} ×\n"
        "the bare decoding of its frames.\n"
    )


def _times(peers: Sequence[Peer], measured: Measured, action: str, *, checks: bool) -> str:
    rows = [["µs a message", *(["checks"] if checks else []), *[cell for name in SAMPLES for cell in (name, "×")]]]
    for peer in peers:
        row = [peer.name, *([peer.checks] if checks else [])]
        for message in SAMPLES:
            key, base = (action, message, peer.name), (action, message, _BY_HAND)
            row += [f"{measured.seconds(key) * 1e6:.2f}", f"{measured.ratio(key, base):.2f}"]
        rows.append(row)
    return table(rows)


def _goals(measured: Measured, stream: Mapping[str, float], programs: Mapping[str, float], present: set[str]) -> str:
    rows = [["", "wanted", "found", "holds"]]

    def codec(what: str, wanted: str, bound: float, action: str, base: str) -> None:
        """A row for the ratios of ours to the base or, if they are to be at least `bound`, of the base to ours."""
        if base not in present:
            return
        pairs = [((action, message, _OURS), (action, message, base)) for message in SAMPLES]
        if wanted.startswith("≥"):
            pairs = [(base, ours) for ours, base in pairs]
        # What is shown is judged.
        found = [round(measured.ratio(*pair), 2) for pair in pairs]
        holds = [ratio >= bound if wanted.startswith("≥") else ratio <= bound for ratio in found]
        shown = ", ".join(f"{message} {ratio:.2f}" for message, ratio in zip(SAMPLES, found, strict=True))
        missed = [message for message, good in zip(SAMPLES, holds, strict=True) if not good]
        rows.append([what, wanted, shown, f"not for {', '.join(missed)}" if missed else "yes"])

    def figure(what: str, bound: float, found: float, unit: str) -> None:
        rows.append([what, f"≤ {bound:g} {unit}", f"{found:.2f} {unit}", "yes" if found <= bound else "no"])

    codec("decode, against hand-written", "≤ 1.0 ×", 1.0, "decode", _BY_HAND)
    codec("encode, against hand-written", "≤ 1.1 ×", 1.1, "encode", _BY_HAND)
    codec("decode, faster than our twin", "≥ 25 ×", 25, "decode", _TWIN)
    codec("encode, faster than our twin", "≥ 25 ×", 25, "encode", _TWIN)
    codec("all fields read, against protobuf", "≤ 1.0 ×", 1.0, "decode and read", _PROTOBUF)
    figure("stream in pieces of 1460 bytes, against bare decoding", 1.8, stream["chunks"], "×")
    figure("a byte, in a frame of 200 kB fed bytewise, against one of 50 kB", 1.3, stream["bytewise"], "×")
    figure("a frame, of 10,000 fed at once, against pieces of 1460 bytes", 1.3, stream["at once"], "×")
    figure("generating everything", 1.0, programs["generate"], "s")
    figure("`python -m codegen --check`, as a process", 1.0, programs["generate, process"], "s")
    figure("importing impwire, more than importing construct", 80, programs["import"] * 1000, "ms")
    return table(rows)
