"""The dissector, with the real tshark: what it shows of frames is what the codecs read in them, however TCP has cut them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from codegen.emit.wireshark import wireshark
from codegen.load import load
from codegen.model import Spec
from impwire import codecs, messages, wire
from impwire.codecs import encode
from impwire.messages import MESSAGES, Chat, Ok, Ping, Pong, Say, User
from tests.exports.dissecting import Dissected, Talk, assert_shown, bytewise, capture, dissect, joined, tshark
from tests.fixtures.protocols import SPECS, protocol
from tests.fixtures.random_inputs import Frames, NoValueError, Values
from tests.support import PATIENCE, ROOT, require_program

#: So that every message occurs, and much that is refused.
CASES = (
    *("say/to-all", "pm/delivered", "pm/unknown-recipient", "who/in-its-place", "who/order-of-folded-bytes"),
    *("rename/told-to-all", "leave/goodbye", "operator/speaks-to-all", "operator/private-notice-takes-no-number"),
    *("ext/unknown-type", "ext/odd-extension", "ext/even-extension", "ext/same-tag-twice", "frame/http"),
    *("frame/too-short", "frame/lying-count", "frame/trailing-bytes", "text/not-utf-8", "text/control-characters"),
)
IMP = SimpleNamespace(codecs=codecs, messages=messages, wire=wire)
SEGMENTS: dict[str, Callable[[Talk], Talk]] = {"as it is": lambda talk: talk, "bytewise": bytewise, "joined": joined}


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load(SPECS["impwire"])


@pytest.fixture(scope="module")
def script() -> Path:
    """The dissector that is checked in, which is the one that people use."""
    return ROOT / "spec" / "exports" / "imp.lua"


def direction(spec: Spec, frame: bytes) -> str:
    """The kind of event that a frame is where the suite is the client, by the side that sends such a message."""
    (sender,) = [one.sender for one in spec.messages if one.number == frame[4]] or ["client"]
    return "received" if sender == "server" else "sent"


def agrees(spec: Spec, modules: Any, shown: Dissected, frame: bytes) -> bool:
    """Fails unless the dissector shows what the codec reads in a frame, or both refuse it. Returns whether they do not."""
    # Which side may send a message, and that a tag stands there twice, is nothing that a codec refuses.
    wrong = [fault for fault in shown.faults if not re.search("does not send|same tag", fault.label)]
    message, code = decode_or_code(modules, frame)
    if code:
        assert any(f"[{code}]" in fault.label for fault in wrong), f"{frame.hex()}\n{shown}"
        return False
    assert wrong == [], frame.hex()
    if modules.codecs.encode(message) == frame:  # Not so where a tag comes twice, or optional fields in another order.
        number = next(number for number, record in modules.messages.MESSAGES.items() if record is type(message))
        assert_shown(spec, shown, message, number, len(frame) - spec.frame.prefix_size)
    return True


def decode_or_code(modules: Any, frame: bytes) -> tuple[Any, str]:
    """The message in a frame, or the code with which the codecs refuse it."""
    try:
        return modules.codecs.decode(frame), ""
    except modules.wire.DecodeError as error:
        return None, error.code


# -- a conformance run ---------------------------------------------------------------------------------------------------


class Run(NamedTuple):
    """What the suite has written of a run."""

    capture: Path
    talks: list[Talk]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("run")
    words = [word for case in CASES for word in ("--id", case)]
    reports = ["--pcap", str(folder / "wire.pcapng"), "--report-json", str(folder / "report.json"), "--trace"]
    command = [sys.executable, "-m", "conformance", "server", "--segmentation", "as-is", *words, *reports]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE * 10)
    assert result.returncode == 0, result.stdout + result.stderr
    talks: list[Talk] = []
    for case in json.loads((folder / "report.json").read_text())["cases"]:
        talk: dict[int, Talk] = {}
        for event in case["events"]:
            if event.get("connection"):
                told = talk.setdefault(event["connection"], [])
                if "hex" in event:
                    told.append((event["kind"], bytes.fromhex(event["hex"])))
        talks += talk.values()
    return Run(folder / "wire.pcapng", talks)


def frames_of(talk: Talk, kind: str) -> Iterator[bytes]:
    """The frames of one direction, up to one whose length makes no sense."""
    data = b"".join(piece for of, piece in talk if of == kind)
    while len(data) >= 4 and 6 <= int.from_bytes(data[:4], "big") <= 1 << 20:
        size = 4 + int.from_bytes(data[:4], "big")
        if size <= len(data):
            yield data[:size]
        data = data[size:]


@pytest.mark.parametrize("segments", ["of the suite", *SEGMENTS])
def test_conformance_run_is_shown_as_the_codecs_read_it(
    segments: str, spec: Spec, script: Path, run: Run, tmp_path: Path
) -> None:
    """Frame by frame and field by field, for each direction of each connection."""
    path = run.capture
    if segments in SEGMENTS:
        path = capture(tmp_path / "wire.pcapng", map(SEGMENTS[segments], run.talks))
    shown: dict[tuple[int, str], list[Dissected]] = {}
    for frame in dissect(path, script, "imp"):
        shown.setdefault((frame.stream, frame.source), []).append(frame)
    seen = set()
    for stream, talk in enumerate(run.talks):
        for kind, source in (("sent", "192.0.2.1"), ("received", "198.51.100.1")):
            frames = list(frames_of(talk, kind))
            found = shown.get((stream, source), [])
            assert len(found) >= len(frames), (stream, kind)
            for one, data in zip(found, frames, strict=False):
                agrees(spec, IMP, one, data)
                seen.add(data[4])
            assert all(one.faults for one in found[len(frames) :]), "behind a length that makes no sense"
    assert seen >= set(MESSAGES), "a message that does not occur in the run"


# -- vectors -------------------------------------------------------------------------------------------------------------


def vectors(spec: Spec) -> list[dict[str, Any]]:
    """All that are written by hand, and those that are exported: name and hex, and the code if it is ill-formed."""
    exported = ROOT / "spec" / "exports" / "vectors.json"
    found = json.loads(exported.read_text(encoding="utf-8"))["vectors"]
    written = [{"name": one.name, "hex": one.hex.replace(" ", ""), "code": one.code} for one in spec.vectors]
    return written + [one | {"code": one.get("error", {}).get("code", "")} for one in found]


@pytest.mark.parametrize("segments", SEGMENTS)
def test_valid_vectors_are_shown_as_the_codecs_read_them(
    segments: str, spec: Spec, script: Path, tmp_path: Path
) -> None:
    frames = [bytes.fromhex(one["hex"]) for one in vectors(spec) if not one["code"] and not one.get("decode_only")]
    if segments == "bytewise":  # A packet for each byte takes its time.
        frames = [frame for frame in frames if len(frame) < 120]
    talks = [SEGMENTS[segments]([(direction(spec, frame), frame)]) for frame in frames]
    shown = dissect(capture(tmp_path / "wire.pcapng", talks), script, "imp")
    for one, frame in zip(shown, frames, strict=True):
        assert agrees(spec, IMP, one, frame)
    assert {frame[4] for frame in frames} == set(MESSAGES)


def test_ill_formed_vectors_have_an_expert_info_where_they_are_wrong(spec: Spec, script: Path, tmp_path: Path) -> None:
    """With the code, at the field; where the field is not there at all, its name is in the words."""
    wrong = [one for one in vectors(spec) if one.get("error") and one.get("whole", True)]
    kinds = {"client": "sent", "server": "received"}
    talks = [[(kinds[one["sender"]], bytes.fromhex(one["hex"]))] for one in wrong]
    shown = {frame.stream: frame for frame in reversed(dissect(capture(tmp_path / "w", talks), script, "imp"))}
    for stream, one in enumerate(wrong):
        faults = [fault for fault in shown[stream].faults if f"[{one['code']}]" in fault.label]
        assert faults, (one, shown[stream])
        field = re.sub(r"\[\d+\]", "", one["error"]["field"]).rpartition(".")[2]
        words, place = field.replace("_", " "), f".{field.removesuffix('s')}"
        assert any(words in fault.label.lower() or place in f".{fault.parent}" for fault in faults), (one, faults)


def test_what_vectors_show_without_the_conversation_has_an_expert_info(
    spec: Spec, script: Path, tmp_path: Path
) -> None:
    """Ill-formed by themselves are those that a codec refuses, and those that a client never sends."""
    wrong = [one for one in vectors(spec) if one["code"] and not one.get("error")]
    talks: list[Talk] = [[("sent", bytes.fromhex(one["hex"]))] for one in wrong]
    shown = {frame.stream: frame for frame in dissect(capture(tmp_path / "w", talks), script, "imp")}
    senders = {message.number: message.sender for message in spec.messages}
    for stream, one in enumerate(wrong):
        frame, faults = bytes.fromhex(one["hex"]), shown[stream].faults
        if int.from_bytes(frame[:4], "big") > 1 << 20:
            assert "FRAME_TOO_LARGE" in faults[0].label, one
            continue
        codes = {"MALFORMED"} if len(frame) < 10 else {one["code"]}
        codes.add(decode_or_code(IMP, frame)[1])
        if "" in codes and senders[frame[4]] != "server":
            assert faults == [], one
            continue
        found = {code for fault in faults for code in re.findall(r"\[([A-Z_]+)\]", fault.label)}
        assert codes & found, (one, faults)


# -- the proof proves something ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('seq = { kind = "integer", size = 8 }', 'seq = { kind = "integer", size = 4 }'),
        ('u16 = { kind = "integer", size = 2 }', 'u16 = { kind = "integer", size = 1 }'),
        ('kind = "array", count = 2', 'kind = "array", count = 1'),
        ('{ "flags", size = 1', '{ "flags", size = 2'),
        ("extension = { tag = 1, count = 2", "extension = { tag = 2, count = 1"),
        ('{ "who", "user"', '{ "whom", "user"'),
        ('[2] = { "PRIVATE"', '[2] = { "PUBLIC"'),
        ("big_endian = true", "big_endian = false"),
    ],
)
def test_change_of_the_dissector_alone_is_found(old: str, new: str, spec: Spec, script: Path, tmp_path: Path) -> None:
    """A width, a name, a value or the byte order, in one place of the tables."""
    text = script.read_text(encoding="utf-8")
    assert text.count(old) >= 1, "the tables look otherwise now"
    changed = tmp_path / "changed.lua"
    changed.write_text(text.replace(old, new), encoding="utf-8")
    frames = [bytes.fromhex(one.hex) for one in spec.vectors if one.message]
    path = capture(tmp_path / "wire.pcapng", [[(direction(spec, frame), frame)] for frame in frames])

    def compare(shown: list[Dissected]) -> None:
        for one, frame in zip(shown, frames, strict=True):
            assert agrees(spec, IMP, one, frame)

    compare(dissect(path, script, "imp"))
    shown = dissect(path, changed, "imp")
    with pytest.raises((AssertionError, ValueError)):
        compare(shown)


# -- what people see -----------------------------------------------------------------------------------------------------


def chat(text: str = "Hi!\n\x1b[2J") -> bytes:
    return encode(
        Chat(request_id=0, seq=42, time=1767225600123, who=User(session_id=8, name="bob"), text=text), unchecked=True
    )


def columns(path: Path, script: Path, *options: str) -> list[str]:
    """The info column of every packet with bytes."""
    fields = ["-T", "fields", "-e", "_ws.col.Info", "-Y", "tcp.len > 0"]
    return tshark(path, script, *fields, *options).splitlines()


def test_column_names_all_frames_of_a_packet_and_what_they_say(script: Path, tmp_path: Path) -> None:
    asked = [encode(Say(request_id=7, text="Hello, all!")), encode(Ping(request_id=8, nonce=9))]
    answers = [chat("Hi"), encode(Ok(request_id=7, seq=43, time=1767225600123)), encode(Pong(request_id=8, nonce=9))]
    talk = [("sent", b"".join(asked)), ("received", b"".join(answers)), ("sent", asked[0][:9]), ("sent", asked[0][9:])]
    path = capture(tmp_path / "wire.pcapng", [talk])
    lines = columns(path, script)
    assert lines[:2] == ['SAY text="Hello, all!", PING nonce=9', "CHAT seq=42 who=bob text=Hi, OK seq=43, PONG nonce=9"]
    assert lines[2].endswith("[TCP segment of a reassembled PDU]")
    assert lines[3] == 'SAY text="Hello, all!"'


def test_reply_is_linked_with_its_request_and_the_other_way_round(script: Path, tmp_path: Path) -> None:
    ask = encode(Say(request_id=7, text="Hello"))
    answer = encode(Ok(request_id=7, seq=43, time=1767225600123))
    # The same request_id again, and two requests in one packet: the first reply is for the first.
    talk = [("sent", ask), ("received", answer), ("sent", ask + ask), ("received", answer), ("received", answer)]
    path = capture(tmp_path / "wire.pcapng", [talk, talk[:1]])
    fields = ["-e", "frame.number", "-e", "imp.request_in", "-e", "imp.response_in", "-e", "imp.response_time"]
    lines = tshark(path, script, "-2", "-T", "fields", *fields, "-Y", "imp").splitlines()
    first = 4  # Behind the handshake.
    assert [line.split("\t")[:3] for line in lines[:5]] == [
        [f"{first}", "", f"{first + 1}"],
        [f"{first + 1}", f"{first}", ""],
        [f"{first + 2}", "", f"{first + 3},{first + 4}"],
        [f"{first + 3}", f"{first + 2}", ""],
        [f"{first + 4}", f"{first + 2}", ""],
    ]
    assert lines[1].split("\t")[3].startswith("0.00")
    assert lines[5].split("\t")[1:] == ["", "", ""], "another connection is another conversation"


def test_moments_are_dates_spans_are_readable_and_controls_do_nothing(script: Path, spec: Spec, tmp_path: Path) -> None:
    (welcome,) = [bytes.fromhex(one.hex) for one in spec.vectors if one.name == "welcome/ann"]
    path = capture(tmp_path / "wire.pcapng", [[("received", welcome), ("received", chat())]])
    text = tshark(path, script, "-O", "imp")
    for line in (
        "    Time: 1767225600123 ms since the epoch (2026-01-01 00:00:00.123 UTC)",
        "    Max frame: 16384 bytes",
        "    Ping after: 30000 ms (30 s)",
        "    Who: session_id=8, name=bob",
        "        Session id: 8",
        "    Type: CHAT (0xc0)",
    ):
        assert f"\n{line}\n" in text, text
    assert "\x1b" not in text
    assert columns(path, script)[1] == 'CHAT seq=42 who=bob text="Hi!\\n\\x1b[2J"'
    dated = tshark(
        path, script, "-Y", 'imp.chat.time.date == "2026-01-01 00:00:00.123"', "-T", "fields", "-e", "imp.type"
    )
    assert dated.strip() == "0xc0"


def test_messages_and_fields_can_be_filtered_by_name(script: Path, tmp_path: Path) -> None:
    path = capture(
        tmp_path / "wire.pcapng", [[("sent", encode(Say(request_id=7, text="Hello"))), ("received", chat())]]
    )
    for wanted in ("imp.say", 'imp.say.text == "Hello"', "imp.type == 2", "imp.request_id == 7", "!imp.chat && imp"):
        assert len(tshark(path, script, "-Y", wanted).splitlines()) == 1, wanted
    command = [require_program("tshark"), "-G", "fields", "-X", f"lua_script:{script}"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout
    for name in ("imp.welcome.max_frame", "imp.roster.entries.count", "imp.roster.entries.name", "imp.malformed"):
        assert f"\t{name}\t" in listed, name


# -- where it is asked for, and what it does not wait for ----------------------------------------------------------------


def test_length_beyond_any_frame_is_not_waited_for(script: Path, tmp_path: Path) -> None:
    http, ask = b"GET / HTTP/1.1\r\n\r\n", encode(Say(request_id=7, text="Hello"))
    talk = [
        ("sent", http),
        ("sent", (1 << 20).to_bytes(4, "big")),
        ("received", b"\xff\xff\xff\xff"),
        ("received", chat()),
    ]
    path = capture(tmp_path / "wire.pcapng", [talk, [("sent", http + ask), ("sent", ask)]])
    lines = columns(path, script)
    assert lines[0] == "[length beyond any frame]"
    assert lines[1].endswith("[TCP segment of a reassembled PDU]"), "the greatest frame that there can be"
    assert lines[2] == "[length beyond any frame]"
    assert lines[3].startswith("CHAT")
    assert lines[4:] == ["[length beyond any frame]", "SAY text=Hello"]


def other_port(path: Path) -> Path:
    """The capture with a server at port 4711. Its checksums are not looked at."""
    port, other = (8092).to_bytes(2, "big"), (4711).to_bytes(2, "big")
    path.write_bytes(path.read_bytes().replace(port, other))
    return path


def test_connection_at_another_port_is_known_by_its_hello_or_by_preference(
    script: Path, spec: Spec, tmp_path: Path
) -> None:
    (hello,) = [bytes.fromhex(one.hex) for one in spec.vectors if one.name == "hello/ann"]
    talk = [("sent", hello), ("received", chat())]
    path = other_port(capture(tmp_path / "wire.pcapng", [talk]))
    assert [line.split()[0] for line in columns(path, script)] == ["HELLO", "CHAT"]
    later = other_port(capture(tmp_path / "later.pcapng", [talk[1:]]))
    assert "CHAT" not in columns(later, script)[0]
    for option in (["-o", "imp.ports:4711"], ["-d", "tcp.port==4711,imp"]):
        assert columns(later, script, *option)[0].startswith("CHAT"), option


def test_frame_that_the_capture_has_cut_is_not_called_malformed(script: Path, tmp_path: Path) -> None:
    path = capture(tmp_path / "wire.pcapng", [[("received", chat("Hello")), ("received", chat("Hello"))]])
    cut = tmp_path / "cut.pcapng"
    subprocess.run([require_program("editcap"), "-s", "90", str(path), str(cut)], check=True, timeout=PATIENCE)
    assert tshark(cut, script, "-Y", "imp.malformed || imp.invalid") == ""
    assert "imp" in tshark(cut, script, "-T", "fields", "-e", "frame.protocols")


def test_script_that_is_loaded_twice_is_there_once(script: Path, tmp_path: Path) -> None:
    path = capture(tmp_path / "wire.pcapng", [[("received", chat("Hello"))]])
    assert columns(path, script, "-X", f"lua_script:{script}") == ["CHAT seq=42 who=bob text=Hello"]


# -- other protocols -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("package", "prefix"), [("weather", "wsp_lua"), ("guestbook", "gbp"), ("edge", "edge")])
def test_other_protocols_are_shown_as_their_codecs_read_them(package: str, prefix: str, tmp_path: Path) -> None:
    """Good frames with whatever the types can bear, and frames that are a little wrong. Wireshark has a WSP already."""
    other, rng = load(SPECS[package]), Random(1)
    script = tmp_path / "other.lua"
    script.write_text(wireshark(other), encoding="utf-8")
    with protocol(package, tmp_path) as modules:
        values, wrong = Values(other, modules.messages, rng), Frames(other, rng)
        frames: list[bytes] = []
        for message in other.messages:
            good = []
            for _ in range(8):
                try:
                    good.append(modules.codecs.encode(values.message(message)))
                except (NoValueError, modules.wire.EncodeError):  # A length that does not fit into its field.
                    continue
            good = [frame for frame in good if len(frame) < 3000]
            frames += good + [frame for frame in wrong.wrong(message, good, 30) if whole(other, frame)]
        path = capture(tmp_path / "wire.pcapng", [[("sent", frame)] for frame in frames])
        shown = dissect(path, script, prefix, "-d", f"tcp.port==8092,{prefix}")
        assert len(shown) == len(frames)
        read = 0
        for one, frame in zip(shown, frames, strict=True):
            read += agrees(other, modules, one, frame)
        assert 0 < read < len(frames)


def whole(spec: Spec, frame: bytes) -> bool:
    """Whether the length of a frame is that of its bytes, and its header is there."""
    at = spec.frame.offset("length")
    length = frame[at : spec.frame.prefix_size]
    return (
        len(frame) >= spec.frame.header_size
        and int.from_bytes(length, spec.byte_order) == len(frame) - spec.frame.prefix_size
    )
