"""Two versions of a protocol talk: 1.1 adds optional fields, which travel as extension records, and 1.0 ignores them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from codegen.__main__ import main
from tests.fixtures.protocols import generate
from tests.support import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "versions"

PLAIN = bytes.fromhex("0000000b 01 00 0007 0005 48656c6c6f")
FULL = bytes.fromhex(
    "00000022 01 00 0007 0005 48656c6c6f"
    "02 0004 0000002a"  # reply_to
    "04 0006 05 6d65727279"  # mood
    "06 0004 0003 0100"  # place
)
RECORDS = ((2, bytes.fromhex("0000002a")), (4, b"\x05merry"), (6, bytes.fromhex("00030100")))


@contextmanager
def version(file: str, package: str, folder: Path, *edits: tuple[str, str]) -> Iterator[Any]:
    """The codecs of a version under a name of their own, so that several can be there at once."""
    text = (FIXTURES / file).read_text(encoding="utf-8")
    for old, new in (("package: village", f"package: {package}"), *edits):
        assert text.count(old) == 1
        text = text.replace(old, new)
    spec = folder / f"{package}.yaml"
    spec.write_text(text, encoding="utf-8")
    yield from generate(spec, package, folder)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Version 1.0."""
    with version("v1_0.yaml", "village_1_0", tmp_path_factory.mktemp("old")) as codecs:
        yield codecs


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Version 1.1, in which SAY has three optional fields."""
    with version("v1_1.yaml", "village_1_1", tmp_path_factory.mktemp("new")) as codecs:
        yield codecs


@pytest.fixture(scope="module")
def critical(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """What version 1.1 would be with an odd tag for reply_to."""
    folder = tmp_path_factory.mktemp("critical")
    with version("v1_1.yaml", "village_odd", folder, ("type: u32, tag: 2,", "type: u32, tag: 3,")) as codecs:
        yield codecs


def test_old_decoder_reads_a_new_frame_and_keeps_what_it_does_not_know(old: Any, new: Any) -> None:
    m = new.messages
    frame = new.codecs.encode(
        m.Say(ticket=7, text="Hello", reply_to=42, mood="merry", place=m.Place(east=3, north=256))
    )
    assert frame == FULL
    assert old.codecs.decode(frame) == old.messages.Say(ticket=7, text="Hello", extensions=RECORDS)


def test_new_decoder_reads_an_old_frame_and_misses_nothing(old: Any, new: Any) -> None:
    frame = old.codecs.encode(old.messages.Say(ticket=7, text="Hello"))
    assert frame == PLAIN
    message = new.codecs.decode(frame)
    assert message == new.messages.Say(ticket=7, text="Hello", reply_to=None, mood=None, place=None)
    assert (message.reply_to, message.mood, message.place, message.extensions) == (None, None, None, ())


def test_new_decoder_reads_what_a_new_encoder_writes(new: Any) -> None:
    m = new.messages
    message = m.Say(ticket=7, text="Hello", reply_to=42, mood="merry", place=m.Place(east=3, north=256))
    assert new.codecs.decode(new.codecs.encode(message)) == message
    assert new.codecs.decode(FULL) == message


@pytest.mark.parametrize("given", [{"reply_to": 0}, {"mood": ""}, {"reply_to": 1, "mood": "merry"}])
def test_each_optional_field_stands_alone(new: Any, given: dict[str, Any]) -> None:
    message = new.messages.Say(text="Hello", **given)
    assert new.codecs.decode(new.codecs.encode(message)) == message


def test_frame_that_an_old_peer_passes_on_is_whole_again_for_a_new_one(old: Any, new: Any) -> None:
    """What 1.0 keeps in `extensions` it writes as it came."""
    assert old.codecs.encode(old.codecs.decode(FULL)) == FULL
    assert new.codecs.decode(old.codecs.encode(old.codecs.decode(FULL))).reply_to == 42


@pytest.mark.parametrize(
    ("record", "field", "offset", "reason"),
    [
        ("02 0003 00002a", "reply_to", 21, "the extension ends inside this field"),
        ("02 0005 0000002a00", "reply_to", 22, "1 byte of the extension behind the value"),
        ("04 0003 02 4d79", "mood", 19, "U+004D is not allowed here"),
        ("06 0003 0003 01", "place.north", 21, "the extension ends inside this field"),
    ],
)
def test_malformed_value_of_a_record_is_an_error_of_the_new_decoder_alone(
    old: Any, new: Any, record: str, field: str, offset: int, reason: str
) -> None:
    body = PLAIN[4:] + bytes.fromhex(record)
    frame = len(body).to_bytes(4, "big") + body
    with pytest.raises(new.wire.DecodeError) as raised:
        new.codecs.decode(frame)
    error = raised.value
    assert (error.message, error.field, error.offset, error.code) == ("SAY", field, offset, "GARBAGE")
    assert reason in error.reason
    (known,) = old.codecs.decode(frame).extensions
    assert known.tag == bytes.fromhex(record)[0]


def test_record_that_is_cut_short_is_malformed_for_both(old: Any, new: Any) -> None:
    body = PLAIN[4:] + bytes.fromhex("02 0004 0000")
    for peer in (old, new):
        with pytest.raises(peer.wire.DecodeError) as raised:
            peer.codecs.decode(len(body).to_bytes(4, "big") + body)
        assert raised.value.code == "GARBAGE"


def test_optional_field_with_an_odd_tag_is_refused_by_the_old_decoder(old: Any, critical: Any) -> None:
    message = critical.messages.Say(ticket=7, text="Hello", reply_to=42)
    frame = critical.codecs.encode(message)
    assert critical.codecs.decode(frame) == message
    with pytest.raises(old.wire.DecodeError) as raised:
        old.codecs.decode(frame)
    assert raised.value.code == "STRANGE"
    assert raised.value.partial == old.messages.Say(
        ticket=7, text="Hello", extensions=((3, bytes.fromhex("0000002a")),)
    )


def test_diff_calls_optional_fields_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(FIXTURES / "v1_0.yaml"), str(FIXTURES / "v1_1.yaml")]) == 0
    assert capsys.readouterr().out == (
        "harmless\n"
        "  version-changed       protocol: 1.0 became 1.1\n"
        "  optional-field-added  SAY.reply_to: is new, u32 with tag 2\n"
        "  optional-field-added  SAY.mood: is new, mood with tag 4\n"
        "  optional-field-added  SAY.place: is new, place with tag 6\n"
        "  type-added            type mood: is new, a string\n"
        "  type-added            type place: is new, a struct\n"
        "\n"
        "0 break peers on the wire, 0 break sources, 0 change behaviour, 6 harmless\n"
    )


def test_diff_calls_an_odd_tag_a_break(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (FIXTURES / "v1_1.yaml").read_text(encoding="utf-8").replace("type: u32, tag: 2,", "type: u32, tag: 3,")
    (tmp_path / "odd.yaml").write_text(text, encoding="utf-8")
    assert main(["diff", str(FIXTURES / "v1_0.yaml"), str(tmp_path / "odd.yaml")]) == 1
    assert "  critical-field-added  SAY.reply_to: is new, u32 with tag 3\n" in capsys.readouterr().out
