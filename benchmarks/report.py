"""The tables of the codec benchmark: what is printed, written to `results/codecs.md`, and quoted by README.md."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from .peers import Peer
from .peers.samples import SAMPLES
from .rounds import Measured

_ROOT = Path(__file__).parent.parent
RESULTS = _ROOT / "benchmarks" / "results" / "codecs.md"
README = _ROOT / "README.md"

_QUOTE = re.compile(r"(<!-- quoted: benchmarks/results/codecs.md -->\n)(.*?)(<!-- end of the quote -->\n)", re.S)

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
    found = _QUOTE.search(text)
    if found is None:
        raise ValueError("the marks of the quoted part are missing")
    return found[2]


def write(text: str) -> None:
    """Write the results, and the quoted part to README.md."""
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text, encoding="utf-8")
    page, part = README.read_text(encoding="utf-8"), quoted(text)
    quoted(page)
    README.write_text(_QUOTE.sub(lambda found: found[1] + part + found[3], page), encoding="utf-8")


def report(
    peers: Sequence[Peer], measured: Measured, stream: Mapping[str, float], programs: Mapping[str, float]
) -> str:
    """All tables, as Markdown."""
    parts = [
        _INTRODUCTION,
        f"{_machine(peers)}\n",
        "## In short\n",
        f"<!-- quoted: benchmarks/results/codecs.md -->\n{_short(peers, measured, stream)}<!-- end of the quote -->\n",
        "## What was wanted\n",
        _goals(measured, stream, programs, {peer.name for peer in peers}),
    ]
    for number, (action, title) in enumerate(_TITLES.items()):
        parts += [f"## {title}\n", _times(peers, measured, action, checks=not number)]
    return "\n".join(parts)


def _machine(peers: Sequence[Peer]) -> str:
    packages = sorted({peer.package for peer in peers if peer.package})
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages)
    return f"{_processor()}; {platform.python_implementation()} {platform.python_version()}; {versions}."


def _processor() -> str:
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*: (.+)$", facts, re.M)
    return found[1] if found else platform.machine()


def _short(peers: Sequence[Peer], measured: Measured, stream: Mapping[str, float]) -> str:
    rows = [["CHAT with 64 bytes of text", "decode", "all fields read", "encode"]]
    for peer in peers:
        actions = ("decode", "decode and read", "encode")
        ratios = [measured.ratio((action, "CHAT", peer.name), (action, "CHAT", _BY_HAND)) for action in actions]
        rows.append([peer.name, *[f"{ratio:.2f} ×" for ratio in ratios]])
    return (
        f"{_table(rows)}\n"
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
    return _table(rows)


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
    return _table(rows)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Markdown that also reads well as it is; columns of numbers stand to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    numeric = [all(row[column][:1].isdigit() for row in rows[1:]) for column in range(len(widths))]
    lines = [
        "| " + " | ".join(c.rjust(w) if n else c.ljust(w) for c, w, n in zip(row, widths, numeric, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (w + 1) + (":" if n else "-") for w, n in zip(widths, numeric, strict=True)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"
