"""The benchmarks: that what is measured side by side does the same, and that what is quoted is what was measured.

Nothing here takes a time.
"""

from __future__ import annotations

import dataclasses
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import codecs, peers, report, stream
from benchmarks.peers import hand_written, imp
from benchmarks.peers.samples import SAMPLES
from benchmarks.rounds import Measured, measure
from codegen.load import load
from impwire import Extension, State, WireError
from tests.support import ROOT

TYPES = {0x03: "PM", 0x80: "WELCOME", 0x82: "ROSTER", 0xC0: "CHAT"}
#: The vectors of these four messages, the well-formed and the ill-formed ones, by name.
VECTORS = {
    vector.name: bytes.fromhex(vector.hex)
    for vector in load(ROOT / "spec" / "imp.yaml").vectors
    if int(vector.hex[8:10] or "0", 16) in TYPES
}


# -- the competitors -----------------------------------------------------------------------------------------------------


def test_every_competitor_is_here_and_all_agree_on_the_values() -> None:
    found, absent = peers.load()
    assert absent == []
    assert len(found) == len(peers.MODULES)
    codecs.check(found)


def test_competitor_without_its_package_is_left_out_with_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msgspec", None)
    monkeypatch.delitem(sys.modules, "benchmarks.peers.msgpack", raising=False)
    found, absent = peers.load()
    assert len(found) == len(peers.MODULES) - 1
    assert len(absent) == 1
    assert absent[0].startswith("msgpack is left out: ")


def test_competitor_that_writes_other_bytes_is_noticed() -> None:
    other = dict(hand_written.PEER.codecs)
    other["PM"] = dataclasses.replace(
        other["PM"], encode=lambda pm: hand_written.encode_pm(dataclasses.replace(pm, extensions=((2, b""),)))
    )
    with pytest.raises(AssertionError, match="writes PM as other bytes"):
        codecs.check([imp.PEER, dataclasses.replace(hand_written.PEER, codecs=other)])


# -- the same checks -----------------------------------------------------------------------------------------------------


def _verdict(codec: peers.Codec, frame: bytes) -> Any:
    """The fields that a decoder finds and the frame that they give again, or None if it refuses."""
    try:
        message = codec.decode(frame)
    except (ValueError, WireError):
        return None
    return codec.read(message), message.extensions, codec.encode(message)


def _mutations(frame: bytes) -> Iterator[bytes]:
    """The frame cut, prolonged and changed in one byte, with the length as it was and as it then is."""
    changed = [frame[:end] for end in range(10, len(frame))]
    changed += [frame + more for more in (b"\x02", b"\x02\0\0", b"\x03\0\0", b"\x02\0\x01a\x02\0\x01b", b"\x02\0\x02a")]
    for at, byte in enumerate(frame):
        for other in {0x00, 0x01, 0x0A, 0x19, 0x1F, 0x2D, 0x41, 0x7F, 0x80, 0xC2, 0xFF, byte ^ 1} - {byte}:
            changed.append(frame[:at] + bytes([other]) + frame[at + 1 :])
    for one in changed:
        yield one
        yield (len(one) - 4).to_bytes(4, "big") + one[4:]


@pytest.mark.parametrize("vector", list(VECTORS))
def test_decoder_by_hand_accepts_and_refuses_what_ours_does(vector: str) -> None:
    frame = VECTORS[vector]
    name = TYPES[frame[4]]
    by_hand, ours = hand_written.PEER.codecs[name], imp.PEER.codecs[name]
    for data in (frame, *_mutations(frame)):
        assert _verdict(by_hand, data) == _verdict(ours, data), data.hex(" ")


def test_vectors_of_both_kinds_were_compared() -> None:
    verdicts = [_verdict(imp.PEER.codecs[TYPES[frame[4]]], frame) for frame in VECTORS.values()]
    assert sum(verdict is None for verdict in verdicts) >= 10
    assert sum(verdict is not None for verdict in verdicts) >= 10


_NUMBERS = (0, 1, True, 0xFF, 0x100, 0xFFFF, 0x10000, 1 << 32, (1 << 64) - 1, 1 << 64, -1, 1.0, "1", None)
_STRINGS = (
    *("a", "aB-_9", "", "9a", "_a", "a b", "\x1b", "a\n", "\x7f", "\x85", "\xa0", "\xe9", "\U0001f642", "\ud800"),
    *("a" * 24, "a" * 25, "a" * 64, "a" * 65, "a" * 4096, "a" * 4097, "\xe9" * 2049, b"a", None, 1),
)
_EXTENSIONS = (
    *((), ((2, b""),), ((3, b"a"), (2, b"b")), ((2, b"a"), (2, b"b")), ((256, b""),), ((-1, b""),)),
    *(((2, "a"),), ((2, bytes(65535)),), ((2, bytes(65536)),), (2,), ((2,),), None),
)


def _other_values(field: str, value: object) -> tuple[Any, ...]:
    if field == "extensions":
        return _EXTENSIONS
    if isinstance(value, bool):
        return (True, False, 2, "", None)
    return _STRINGS if isinstance(value, str) else _NUMBERS


def _written(codec: peers.Codec, message: Any) -> bytes | None:
    try:
        return codec.encode(message)
    except (ValueError, WireError):
        return None


@pytest.mark.parametrize("name", list(SAMPLES))
def test_encoder_by_hand_accepts_and_refuses_what_ours_does(name: str) -> None:
    by_hand, ours = hand_written.PEER.codecs[name], imp.PEER.codecs[name]
    outcomes = []
    for field in dataclasses.fields(by_hand.make(*SAMPLES[name])):
        for number in range(max(len(_NUMBERS), len(_STRINGS))):
            one, other = by_hand.make(*SAMPLES[name]), ours.make(*SAMPLES[name])
            one_holder, other_holder, attribute = one, other, field.name
            if field.name in ("who", "entries"):
                one_holder, other_holder = (
                    message.who if field.name == "who" else message.entries[number % 7] for message in (one, other)
                )
                attribute = ("session_id", "name")[number % 2]
            values = _other_values(attribute, getattr(one_holder, attribute))
            value = values[number % len(values)]
            for holder in (one_holder, other_holder):
                setattr(holder, attribute, value)
            if attribute == "extensions" and value and all(isinstance(e, tuple) and len(e) == 2 for e in value):
                other_holder.extensions = tuple(Extension(*extension) for extension in value)
            outcome = _written(by_hand, one)
            assert outcome == _written(ours, other), f"{attribute} = {value!r}"
            outcomes.append(outcome)
    assert None in outcomes


@pytest.mark.parametrize("count", [0, 4096, 4097])
def test_encoders_agree_on_how_many_users_a_roster_has(count: int) -> None:
    values = (9, 0, ((1, "a"),) * count, True)
    by_hand, ours = hand_written.PEER.codecs["ROSTER"], imp.PEER.codecs["ROSTER"]
    outcome = _written(ours, ours.make(*values))
    assert (outcome is None) == (count > 4096)
    assert _written(by_hand, by_hand.make(*values)) == outcome


# -- measuring and telling -----------------------------------------------------------------------------------------------


def test_rounds_are_interleaved_and_ratios_are_taken_within_a_round() -> None:
    ran: list[str] = []
    slowness = iter([1.0] * 2 + [1.0] * 2 + [100.0] * 2 + [10.0] * 2)

    def run(name: str, seconds: float) -> Any:
        def cell(number: int) -> float:
            ran.append(name)
            return number * seconds * next(slowness)

        return cell

    measured = measure("test", {"one": run("one", 1.0), "two": run("two", 3.0)}, rounds=3)
    assert ran[:2] == ["one", "two"]  # Warming up.
    assert sorted(ran[2:4]) == sorted(ran[4:6]) == sorted(ran[6:8]) == ["one", "two"]
    assert measured.ratio("two", "one") == 3.0
    assert measured.seconds("one") == 10.0
    assert measured.difference("two", "one") == 20.0


def _report() -> str:
    times: Any = defaultdict(lambda: [1e-6])
    figures: Any = defaultdict(lambda: 1.0)
    return report.report(peers.load()[0], Measured(times), figures, figures)


def test_report_has_every_competitor_in_every_table() -> None:
    text = _report()
    for peer in peers.load()[0]:
        assert text.count(f"| {peer.name} ") == 1 + len(codecs.STATEMENTS)


def test_readme_gets_the_quoted_part_and_keeps_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, results = tmp_path / "README.md", tmp_path / "results" / "codecs.md"
    monkeypatch.setattr(report, "README", page)
    monkeypatch.setattr(report, "RESULTS", results)
    before = (ROOT / "README.md").read_text(encoding="utf-8")
    old, new = report.quoted(before), report.quoted(_report())
    page.write_text(before, encoding="utf-8")
    report.write(_report())
    assert page.read_text(encoding="utf-8") == before.replace(old, new)
    assert report.quoted(results.read_text(encoding="utf-8")) == new


def test_readme_quotes_the_results() -> None:
    quoted = report.quoted(report.README.read_text(encoding="utf-8"))
    assert "impwire" in quoted
    assert quoted == report.quoted(report.RESULTS.read_text(encoding="utf-8"))


def test_stream_is_fed_to_an_active_client() -> None:
    assert stream.active_client().state is State.ACTIVE
