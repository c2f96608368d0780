"""A protocol unlike the project's own is generated, imported and spoken: the generator knows no protocol in particular."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.protocols import protocol
from tests.support import ROOT


@pytest.fixture(scope="module")
def weather(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The toy protocol: little-endian, with a fixed word in front of each frame."""
    with protocol("weather", tmp_path_factory.mktemp("toy")) as modules:
        yield modules


@pytest.fixture(scope="module")
def guestbook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The small spec that has one of everything."""
    with protocol("guestbook", tmp_path_factory.mktemp("guestbook")) as modules:
        yield modules


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The spec that says whatever can be said of types and fields."""
    with protocol("edge", tmp_path_factory.mktemp("edge")) as modules:
        yield modules


# -- bytes worked out by hand --------------------------------------------------------------------------------------------


def test_little_endian_header_and_fixed_field_are_written_as_the_spec_says(weather: Any) -> None:
    frame = bytes.fromhex("efbe 02 0a00 0807060504030201 2c01")
    assert weather.codecs.encode(weather.messages.Ask(after=300)) == frame
    assert weather.codecs.decode(frame) == weather.messages.Ask(after=300)


def test_message_without_fields_is_a_header_alone(weather: Any) -> None:
    frame = bytes.fromhex("efbec70000")
    assert weather.codecs.encode(weather.messages.Beat()) == frame
    assert weather.codecs.decode(frame) == weather.messages.Beat()


def test_nested_arrays_of_structs_are_written_inside_out(weather: Any) -> None:
    m = weather.messages
    station = m.Station(label="ab", place=m.Place(east=1, north=2), samples=(3, 4))
    report = m.Report(sky=m.Sky.FOG, alarms=m.Alarms.HEATER, grid=((), (station,)), image=b"\xff", night=True)
    body = (
        "0201 0002"  # sky, alarms
        "02 0000 0100"  # two rows, of none and of one station
        "53 026162 01000000 0200000000000000 02 0300 0400"  # the station
        "0100 ff 01"  # image, night
    ).replace(" ", "")
    frame = bytes.fromhex(f"efbe01{len(body) // 2:02x}00{body}")
    assert weather.codecs.encode(report) == frame
    assert weather.codecs.decode(frame) == report


# -- what is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "field", "reason", "code"),
    [
        ("efbd c7 0000", "sync", "0xbdef is not 0xbeef", "malformed"),
        ("efbe 02 0a00 0807060504030202 2c01", "salt", "0x202030405060708 is not 0x102030405060708", "malformed"),
        ("efbe 64 0300 03 0000", "door", "3 is none of SHUT, OPEN", "malformed"),
        ("efbe 64 6800 01 6500" + "61" * 101, "note", "101 bytes are more than 100", "too_long"),
        ("efbe c7 0100 00", "", "1 byte behind the last field", "malformed"),
        ("efbe 02 0900 0807060504030201 2c", "after", "the frame ends inside this field", "malformed"),
        ("efbe 01 0e00 0000 0000 01 0100 54 00 00000000 00", "grid[0][0].mark", "0x54 is not 0x53", "malformed"),
        ("efbe 01 0500 0000 0000 04", "grid", "4 items are more than 3", "malformed"),
        ("efbe 01 0a00 0000 0000 00 2d01 0000 00", "image", "301 bytes are more than 300", "malformed"),
        ("efbe 01 0800 0000 0000 00 0000 02", "night", "2 is neither 0 nor 1", "malformed"),
    ],
)
def test_frame_that_breaks_a_rule_is_refused_with_field_and_code(
    weather: Any, frame: str, field: str, reason: str, code: str
) -> None:
    data = bytes.fromhex(frame)
    with pytest.raises(weather.wire.DecodeError) as raised:
        weather.codecs.decode(data)
    assert (raised.value.field, raised.value.reason, raised.value.code) == (field, reason, code)


def test_string_without_a_rule_for_characters_holds_any(weather: Any) -> None:
    assert weather.codecs.decode(bytes.fromhex("efbe 64 0600 01 0300 616200")).note == "ab\0"


def test_number_of_no_message_has_the_word_for_it(weather: Any) -> None:
    with pytest.raises(weather.wire.DecodeError) as raised:
        weather.codecs.decode(bytes.fromhex("efbe630000"))
    assert raised.value.code == "unknown_type"


def test_value_that_the_type_does_not_bear_is_refused(weather: Any) -> None:
    with pytest.raises(weather.wire.EncodeError, match="10001 is not from 0 to 10000"):
        weather.codecs.CELSIUS_TYPE.build(10001)


# -- tables --------------------------------------------------------------------------------------------------------------


def test_bits_have_names_to_combine(weather: Any) -> None:
    alarms = weather.messages.Alarms
    assert (alarms.BATTERY, alarms.HEATER, alarms.BATTERY | alarms.HEATER) == (0x0001, 0x0200, 0x0201)


def test_tables_of_the_toy_say_what_the_spec_says(weather: Any) -> None:
    t, m = weather.tables, weather.messages
    assert t.LEGAL == {
        (t.Role.CLIENT, t.State.OPEN, m.Report): t.State.OPEN,
        (t.Role.CLIENT, t.State.OPEN, m.Ask): t.State.OPEN,
        (t.Role.SERVER, t.State.OPEN, m.Answer): t.State.OPEN,
        (t.Role.SERVER, t.State.OPEN, m.Beat): t.State.OPEN,
    }
    assert t.REPLIES == {m.Ask: (m.Answer,)}
    assert t.EVENTS == (m.Report, m.Beat)
    assert t.NUMBERING == ((1, 99, "client", ""), (100, 199, "server", ""))
    assert (t.LIMITS, t.TIMERS, t.CLIENT_COMMANDS, t.CONSOLE_COMMANDS, t.DISPLAY) == ({}, {}, {}, {}, ())
    assert not hasattr(t, "FAILURES")


def test_tables_of_the_guestbook_say_what_the_spec_says(guestbook: Any) -> None:
    t, m = guestbook.tables, guestbook.messages
    assert t.LEGAL[t.Role.SERVER, t.State.WAITING, m.Opened] is t.State.INSIDE
    assert t.LEGAL[t.Role.SERVER, t.State.INSIDE, m.Shut] is t.State.GONE
    assert t.LEGAL[t.Role.CLIENT, t.State.INSIDE, m.Knock] is t.State.INSIDE
    assert t.EVENTS == (m.Written,)
    assert t.LIMITS["max_line"] == t.Limit(200, 10, 900, "bytes", "The longest line")
    assert t.TIMERS["patience"].unit == "ms"
    assert t.Settings().patience == 5000
    assert (t.PORT, t.COLOURS) == (7007, ("red", "green"))
    assert t.FAILURES["STRANGE"] == t.Failure(
        m.RefusalCode.STRANGE, False, True, "what was that", "Nobody knows what this is."
    )
    assert t.FAILURES["RUDE"].fatal
    assert t.CLIENT_COMMANDS["write"].sends == ("WRITE", {"page": "{page}", "line": "{line}"})
    assert t.CONSOLE_COMMANDS["shut"].arguments == (t.Argument("why", "line", True, True),)
    assert t.DISPLAY[0] == t.DisplayLine(m.Page, m.Write, {}, "You have written {request.line}", "output")
    assert t.SECTIONS["OPEN"] == "4.1"
    assert t.REQUIREMENTS["OPEN-1"].section == "4.1"
    assert t.REQUIREMENTS["BOOK-2"] == t.Requirement("SHOULD", "client", "2", "A guest SHOULD write neatly.")


def test_vectors_of_the_guestbook_are_what_its_codecs_say(guestbook: Any) -> None:
    m, wire = guestbook.messages, guestbook.wire
    asks = m.Open(ticket=1, name="ann", abilities=m.Abilities.PICTURES)
    knocks = m.Knock(ticket=2, flags=0x80, extensions=(wire.Extension(2, b"\xff"),))
    assert guestbook.codecs.encode(asks).hex() == "0000000c01000001474203616e6e0001"
    assert guestbook.codecs.encode(knocks).hex() == "0000000840800002020001ff"


def test_extension_is_held_to_the_type_of_its_value(guestbook: Any) -> None:
    m, wire = guestbook.messages, guestbook.wire
    with pytest.raises(wire.EncodeError, match="1001 bytes are more than 1000"):
        guestbook.codecs.encode(m.Knock(extensions=(wire.Extension(2, bytes(1001)),)))


# -- the files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", ["weather", "guestbook", "edge"])
def test_generated_code_needs_neither_formatter_nor_linter(package: str, request: pytest.FixtureRequest) -> None:
    """What is generated is read by people: ruff finds nothing to do in it."""
    folder = request.getfixturevalue(package).folder
    shutil.copy(ROOT / "pyproject.toml", folder)
    for command in (["format", "--check", "--diff"], ["check"]):
        run = [sys.executable, "-m", "ruff", *command, "--no-cache", str(folder / package)]
        result = subprocess.run(run, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("package", ["weather", "edge"])
def test_generated_code_is_well_typed(package: str, request: pytest.FixtureRequest) -> None:
    """Whatever the spec says, and however its fields are called."""
    folder = request.getfixturevalue(package).folder
    run = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(folder / "cache")]
    result = subprocess.run([*run, "-p", package], cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_document_of_a_spec_without_chapters_describes_frames_types_states_and_messages(weather: Any) -> None:
    text = (weather.folder / "weather.txt").read_text(encoding="utf-8")
    for line in ("1.  Frames", "2.  Data types", "3.  States", "4.  Messages", "4.2.  ASK"):
        assert f"\n{line}\n" in text
    assert "\n   sync    u16   Where a frame begins; always 0xbeef\n" in text
    assert "\n      0x200  HEATER   The heater has failed\n" in text
    assert "\n      mark     u8       always 0x53\n         An S.\n" in text
