"""How the suite plays: the same bytes in other segments, failures in their parts, and targets that do anything at all."""

from __future__ import annotations

import shlex
import socket
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from conformance.language import Case, load_cases
from conformance.language.values import Scope
from conformance.play.compare import differences, shown
from conformance.play.layout import field_ranges, marks_of
from conformance.play.needs import connections_at_once, connections_made
from conformance.play.peer import Outgoing, Peer, build
from conformance.play.segments import joined, joins_for_client, pieces, scripted, segmentations_of
from conformance.play.server_role import ServerPlay
from conformance.play.transcript import Event, Kind, Transcript
from conformance.pool import Held, Pool
from conformance.runner import Runner
from conformance.runs import Run, Segmentation
from conformance.targets import ClientTarget, RunningServer, ServerTarget, TargetWarning
from conformance.verdicts import CaseFailed, Failure, Verdict
from impwire.codecs import CODECS
from impwire.tables import PROTOCOL_VERSION, Role, Settings
from tests.support import ServerProcess

ROOT = Path(__file__).parent.parent
AS_IS, BYTEWISE, JOINED = Segmentation


@pytest.fixture
def case(tmp_path: Path) -> Callable[..., Case]:
    """A case, given its steps one a line."""

    def make(steps: str, **keys: Any) -> Case:
        lines = [f"- {line}" for line in textwrap.dedent(steps).strip().splitlines()]
        values = {"id": "test/case", "title": "A test", "proves": "[SAY-1]", **keys}
        head = "".join(f"{key.rstrip('_')}: {value}\n" for key, value in values.items())
        text = head + "steps:\n" + textwrap.indent("\n".join(lines), "  ")
        file = tmp_path / "case.yaml"
        file.write_text("cases:\n  -\n" + textwrap.indent(text, "    ") + "\n")
        return load_cases([file])[0]

    return make


# -- what leaves together ----------------------------------------------------------------------------------------

SAY, OK = "[ann, sends, SAY, {text: hi}]", "[ann, receives, OK]"


@pytest.mark.parametrize(
    ("steps", "together"),
    [
        ([SAY, OK, SAY, OK], [[1, 3, "end"]]),
        ([SAY, "[bob, receives, CHAT]", OK, SAY, OK, "[bob, receives, CHAT]"], [[1, 4, "end"]]),
        ([SAY, OK, "[ann, receives nothing]", SAY, OK], [[1, 3, 4, "end"]]),
        # Somebody else acts between them, or would see what it must not have seen yet.
        ([SAY, OK, "[bob, sends, WHO]", "[bob, receives, ROSTER]", SAY, OK], [[5, "end"]]),
        ([SAY, OK, "[bob, receives nothing]", SAY, OK], [[4, "end"]]),
        ([SAY, OK, "[console, types, /who]", SAY, OK], [[4, "end"]]),
        # The later frame needs what the earlier reply tells.
        (
            [SAY, "[ann, receives, OK, {seq: $n}]", "[ann, sends, PING, {nonce: $n}]", "[ann, receives, PONG]"],
            [[3, "end"]],
        ),
        (["[ann, sends, PM, {to: $bob.name, text: hi}]", OK, "[bob, receives, WHISPER, {who: $ann}]"], [[1, "end"]]),
        # A fence of bob's does not overtake what ann's fence proves.
        ([SAY, OK, "[bob, receives, CHAT]", "[bob, receives nothing]"], [[1, "end"]]),
        # What stands behind LEAVE is never read.
        ([SAY, OK, "[ann, sends, LEAVE]", "[ann, receives, GOODBYE]", "[ann, is closed]"], [[1, 3]]),
        ([SAY, OK, "[ann, receives, PING]", "[ann, sends, PONG]"], []),
    ],
)
def test_frames_are_joined_where_that_changes_nothing(
    case: Callable[..., Case], steps: list[str], together: list[list[int | str]]
) -> None:
    script = case("\n".join(["[ann, joins]", "[bob, joins]", *steps]))
    end = scripted(script).index(next(step for step in scripted(script) if step.place == "the end of the case"))
    found = [[first, *riders] for first, riders in joined(script).items() if scripted(script)[first].actor == "ann"]
    # Steps are counted from the first behind those that join.
    assert [["end" if index == end else index - 1 for index in group] for group in found] == together


@pytest.mark.parametrize(
    ("steps", "settings"),
    [
        ("[ann, joins]\n[ann, sends, WHO]\n[ann, receives, ROSTER]", "{frame_timeout: 200}"),
        ("[ann, joins]\n[ann, sends, WHO]\n[ann, receives, ROSTER]", "{rate_burst: 2}"),
        ("[ann, joins]\n[ann, sends, WHO]\n[ann, receives, ROSTER, {}, {within: 100}]", "{}"),
        ("[ann, connects]\n[ann, sends, HELLO]\n[ann, receives, WELCOME]\n[ann, leaves]", "{}"),
    ],
)
def test_nothing_is_joined_before_welcome_or_where_time_counts(
    case: Callable[..., Case], steps: str, settings: str
) -> None:
    script = case(steps, with_=settings)
    assert joined(script) == {}
    assert segmentations_of(script) == (AS_IS, BYTEWISE)


def test_only_segmentations_that_make_a_difference_are_played(case: Callable[..., Case]) -> None:
    assert segmentations_of(case("[ann, joins]\n[ann, sends, WHO]\n[ann, receives, ROSTER]")) == tuple(Segmentation)
    assert segmentations_of(case("[ann, joins]\n[bob, joins]")) == (AS_IS, BYTEWISE)
    silent = case("[ann, connects]\n[ann, receives, GOODBYE]\n[ann, is closed]")
    assert segmentations_of(silent) == (AS_IS,), "the suite sends nothing"
    cut = case("[ann, connects]\n[ann, sends raw, ['0000', '0005']]\n[ann, receives, GOODBYE]\n[ann, is closed]")
    assert JOINED in segmentations_of(cut)


def test_frames_to_a_client_are_joined_until_it_has_to_act(case: Callable[..., Case]) -> None:
    two = case(
        "[ann, joins]\n[bob, joins]\n[ann, receives, CHAT, {who: $bob, text: one}]\n[ann, receives, CHAT, {who: $bob, text: two}]",
        client="ann",
    )
    assert joins_for_client(two, "ann")
    turns = case(f"[ann, joins]\n{SAY}\n{OK}\n{SAY}\n{OK}", client="ann")
    assert not joins_for_client(turns, "ann")


@pytest.mark.parametrize("size", [0, 1, 26, 400, 401, 460, 461, 16384])
def test_pieces_are_the_data_and_the_ends_are_single_bytes(size: int) -> None:
    data = bytes(index % 251 for index in range(size))
    cut = list(pieces(data))
    assert b"".join(cut) == data
    assert {len(piece) for piece in cut[:200] + cut[-200:]} <= {1}
    assert max(map(len, cut), default=1) <= 61
    assert len(cut) <= 400 + size // 61 + 1


# -- the same bytes in other segments ----------------------------------------------------------------------------


class RecordingSocket(socket.socket):
    """Notes what is sent at once."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.segments: list[bytes] = []

    def sendall(self, data: Any, flags: int = 0) -> None:
        self.segments.append(bytes(data))
        super().sendall(data, flags)


class Address:
    """A server that runs already, whose connections are noted."""

    def __init__(self, port: int) -> None:
        self.host, self.program = "192.0.2.1", None
        self.unsettled = False
        self.sockets: list[RecordingSocket] = []
        self._port = port

    def connect(self, timeout: float, receive_buffer: int = 0, source: str = "") -> socket.socket:
        sock = RecordingSocket(socket.AF_INET)
        sock.connect(("127.0.0.1", self._port))
        self.sockets.append(sock)
        return sock

    def check_alive(self) -> None:
        """Nobody knows."""


def play(
    script: Case, port: int, segmentation: Segmentation = AS_IS, timeout: float = 5.0
) -> tuple[list[list[bytes]], tuple[Event, ...]]:
    """What was sent on each connection, segment by segment, and what happened. Raises `CaseFailed`."""
    address, transcript = Address(port), Transcript()
    ServerPlay(script, cast(RunningServer, address), timeout, transcript, segmentation).play()
    return [sock.segments for sock in address.sockets], transcript.events


SCRIPT = """
    [ann, joins]
    [bob, joins]
    [ann, sends, SAY, {text: one}]
    [ann, receives, OK, {request_id: $request}]
    [bob, receives, CHAT, {text: one}]
    [ann, sends, SAY, {text: ''}]
    [ann, receives, ERROR, {request_id: $request, code: TEXT_EMPTY}]
    [ann, sends, WHO, {}]
    [ann, receives, ROSTER, {request_id: $request}]
    [bob, receives nothing]
"""


def test_bytes_are_the_same_in_every_segmentation(server: ServerProcess, case: Callable[..., Case]) -> None:
    script = case(SCRIPT)
    played = {kind: play(script, server.port, kind) for kind in Segmentation}
    streams = {kind: [b"".join(segments) for segments in sent] for kind, (sent, _) in played.items()}
    assert streams[AS_IS] == streams[BYTEWISE] == streams[JOINED]
    ann = {kind: sent[0] for kind, (sent, _) in played.items()}
    assert [CODECS.decode(frame, unchecked=True).NAME for frame in ann[AS_IS]] == [
        "HELLO",
        "SAY",
        "SAY",
        "WHO",
        "PING",
        "LEAVE",
    ]
    assert {len(segment) for segment in ann[BYTEWISE]} == {1}
    hello, together, leave = ann[JOINED]
    assert together == b"".join(ann[AS_IS][1:5])
    assert (hello, leave) == (ann[AS_IS][0], ann[AS_IS][5])


def test_transcript_shows_frames_however_they_were_cut(server: ServerProcess, case: Callable[..., Case]) -> None:
    script = case(SCRIPT)
    events = {kind: play(script, server.port, kind)[1] for kind in Segmentation}
    frames = {
        kind: [event.data for event in found if event.kind is Kind.SENT and event.actor == "ann"]
        for kind, found in events.items()
    }
    assert frames[AS_IS] == frames[BYTEWISE] == frames[JOINED]
    texts = {kind: "\n".join(event.text for event in found) for kind, found in events.items()}
    assert "byte" not in texts[AS_IS]
    assert "SAY text='one' request_id=2 (byte by byte)" in texts[BYTEWISE]
    assert "SAY text='one' request_id=2 (1 of 4 in one segment)" in texts[JOINED]


def test_frames_to_a_client_leave_in_one_segment_and_are_shown_in_order(case: Callable[..., Case]) -> None:
    steps = """
        [ann, joins]
        [bob, joins]
        [ann, receives, CHAT, {who: $bob, text: one}]
        [ann, receives, NOTICE, {text: two}]
        [ann, sends, SAY, {text: three}]
        [ann, receives, CHAT, {who: $bob, text: four}]
        [ann, receives, OK, {}]
    """
    script = case(steps, client="ann", server="false")
    target = ClientTarget.of(
        {"spawn": f"{shlex.quote(sys.executable)} -m reference_client {{name}} --host {{host}} --port {{port}}"}
    )
    runner = Runner(None, target, 10.0)
    result = runner.run(Run(script, Role.CLIENT, "ann", JOINED))
    runner.close()
    assert result.verdict is Verdict.PASSED, result.text
    sent = [event.text.split(" ", 1)[0] + event.text[-23:] for event in result.events if event.kind is Kind.SENT]
    assert [text for text in sent if "segment" in text] == [
        *(
            f"{name} ({number} of 4 in one segment)"[: len(name)] + f" ({number} of 4 in one segment)"[-23:]
            for number, name in enumerate(["WELCOME", "JOINED", "CHAT", "NOTICE"], 1)
        ),
        *(f"{name}" + f" ({number} of 2 in one segment)"[-23:] for number, name in enumerate(["CHAT", "OK"], 1)),
    ]


@pytest.mark.parametrize(
    ("typed", "output", "error", "verdict"),
    [
        ("[ann, types, hi]", "Not sent: hi", "h:1: Not done: that name is taken.", Verdict.PASSED),
        ("", "Not sent: hi", "Not done: that name is taken.", Verdict.WRONG_OUTPUT),
        ("[ann, types, hi]", "Not sent: hi", "Not done: that name is taken. Sorry!", Verdict.WRONG_OUTPUT),
    ],
)
def test_client_that_is_refused_says_why_and_may_say_what_it_has_not_sent(
    case: Callable[..., Case], typed: str, output: str, error: str, verdict: Verdict
) -> None:
    """CLIENT-7, CLIENT-13."""
    steps = ["[ann, connects]", typed, "[ann, sends, HELLO, {name: ann}]", "[ann, receives, ERROR, {code: NAME_TAKEN}]"]
    script = case("\n".join(filter(None, [*steps, "[ann, exits, 3]"])), client="ann", server="false")
    client = [sys.executable, str(ROOT / "tests/fixtures/bad_client.py"), "gives up", "{host}", "{port}", "{name}"]
    runner = Runner(None, ClientTarget.of({"spawn": shlex.join([*client, output, error])}), 10.0)
    result = runner.run(Run(script, Role.CLIENT, "ann", AS_IS))
    runner.close()
    assert result.verdict is verdict, result.text


# -- failures in their parts -------------------------------------------------------------------------------------


def frame_of(name: str, **fields: Any) -> bytes:
    return build(name, {"request_id": 0, **fields})


ANN, BOB = {"session_id": 5, "name": "ann"}, {"session_id": 6, "name": "bob"}


def test_every_field_of_every_frame_has_its_place() -> None:
    for frame in (
        frame_of("CHAT", seq=1, time=2, who=ANN, text="hi"),
        frame_of("ROSTER", entries=[ANN, BOB], more=False, extensions=[(2, b"ab"), (4, b"")]),
        frame_of("ERROR", code="TEXT_EMPTY", request_type=2, retry_after_ms=0, detail=""),
        frame_of("LEAVE"),
    ):
        ranges = field_ranges(frame)
        outer = sorted(place for name, place in ranges.items() if "." not in name and "[" not in name)
        assert [start for start, _ in outer] == [0, *(end for _, end in outer[:-1])], "no gap and no overlap"
        assert outer[-1][1] == len(frame)
    chat = frame_of("CHAT", seq=1, time=2, who=ANN, text="hi")
    assert chat[slice(*field_ranges(chat)["who.name"])] == b"\x03ann"
    roster = frame_of("ROSTER", entries=[ANN, BOB], more=False, extensions=[(2, b"ab"), (4, b"")])
    assert roster[slice(*field_ranges(roster)["entries[1].name"])] == b"\x03bob"
    assert roster[slice(*field_ranges(roster)["extensions[0]"])] == b"\x02\x00\x02ab"


@pytest.mark.parametrize("size", range(27))
def test_frame_that_breaks_off_has_the_fields_up_to_there(size: int) -> None:
    frame = frame_of("CHAT", seq=1, time=2, who=ANN, text="hi")[:size]
    assert all(0 <= start <= end <= size for start, end in field_ranges(frame).values())


def test_lying_lengths_and_unknown_types_are_no_trouble() -> None:
    roster = bytearray(frame_of("ROSTER", entries=[ANN], more=False))
    roster[10:12] = b"\xff\xff"
    assert field_ranges(bytes(roster))["entries[0]"] == (12, 24)
    unknown = bytes.fromhex("00000008 7f 00 00000001 abcd")
    assert field_ranges(unknown)["body"] == (10, 12)


def test_difference_is_told_field_by_field_and_marked() -> None:
    scope = Scope()
    scope.variables["ann"] = 5
    roster = frame_of("ROSTER", entries=[ANN, BOB], more=True)
    fields = {"entries": [{"session_id": "$ann"}, {"name": "cid"}], "more": False}
    found = differences(scope, fields, CODECS.decode(roster), roster)
    assert [tuple(difference) for difference in found] == [
        ("entries[1].name", "'cid'", "'bob'", ""),
        ("more", "False", "True", ""),
    ]
    assert [roster[slice(*mark)] for mark in marks_of(roster, [difference.field for difference in found])] == [
        b"\x03bob",
        b"\x01",
    ]


def test_long_values_are_shown_in_one_line_of_bounded_length() -> None:
    assert len(shown("x\n" * 5000)) < 300
    assert "\n" not in shown("x\ny")


def failure(script: Case, port: int, timeout: float = 5.0) -> tuple[Verdict, Failure]:
    with pytest.raises(CaseFailed) as raised:
        play(script, port, timeout=timeout)
    return raised.value.verdict, raised.value.failure


def test_failure_has_its_frame_marks_and_rule(server: ServerProcess, case: Callable[..., Case]) -> None:
    verdict, found = failure(case(f"[ann, joins]\n{SAY}\n[ann, receives, OK, {{seq: {{at least: 900}}}}]"), server.port)
    assert verdict is Verdict.WRONG_REPLY
    assert [(item.field, item.expected, item.found) for item in found.differences] == [("seq", "at least 900", "2")]
    assert [found.frame[slice(*mark)] for mark in found.marks] == [(2).to_bytes(8, "big")]
    assert found.step == "ann receives OK {'seq': {'at least': 900}}"
    assert found.place.endswith("case.yaml:9")


def test_failure_of_another_message_names_both_types(server: ServerProcess, case: Callable[..., Case]) -> None:
    _, found = failure(case("[ann, joins]\n[ann, sends, SAY, {text: ''}]\n[ann, receives, OK]"), server.port)
    assert [tuple(item)[:3] for item in found.differences] == [("type", "OK (0x81)", "ERROR (0x83)")]
    assert [found.frame[slice(*mark)] for mark in found.marks] == [b"\x83"]


def test_failure_of_nothing_says_what_was_due(server: ServerProcess, case: Callable[..., Case]) -> None:
    verdict, found = failure(case("[ann, joins]\n[ann, receives, OK, {seq: 7}]"), server.port, 0.3)
    assert verdict is Verdict.TIMED_OUT
    assert [tuple(item)[:3] for item in found.differences] == [("frame", "OK {'seq': 7}", "nothing came in time")]
    assert (found.frame, found.marks) == (b"", ())


# -- targets that do anything at all -----------------------------------------------------------------------------


@contextmanager
def serving(act: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that treats its first connection in some way; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                sock, _ = listener.accept()
                with sock:
                    act(sock)
            except OSError:
                return

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def endlessly(data: bytes, pause: float = 0.0) -> Callable[[socket.socket], None]:
    def act(sock: socket.socket) -> None:
        while True:
            sock.sendall(data)
            if pause:
                # A pause between two bytes, which nobody waits for.
                time.sleep(pause)

    return act


def once(data: bytes, *, reset: bool = False, wait: bool = False) -> Callable[[socket.socket], None]:
    def act(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(data)
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        while wait and sock.recv(4096):
            pass

    return act


@pytest.mark.parametrize(
    ("act", "verdict"),
    [
        (endlessly(frame_of("NOTICE", seq=0, time=0, scope="PRIVATE", text="more")), Verdict.WRONG_REPLY),
        (endlessly(b"\0"), Verdict.UNREADABLE),
        (endlessly(b"\0\0\0\x14", pause=0.01), Verdict.UNREADABLE),
        (endlessly(b"\xff" * 5000), Verdict.UNREADABLE),
        (once(b"\0\0\x02\x01" + bytes(513), wait=True), Verdict.UNREADABLE),
        (once(b"\0\0\0\x14\x80", wait=True), Verdict.TIMED_OUT),
        (once(b"\0\0\0\x14\x80"), Verdict.CLOSED),
        (once(b""), Verdict.CLOSED),
        (once(b"", reset=True), Verdict.RESET),
        (once(b"", wait=True), Verdict.TIMED_OUT),
        (once(frame_of("PONG", nonce=0)[:-1], wait=True), Verdict.TIMED_OUT),
    ],
    ids=[
        "floods",
        "zeros",
        "trickles",
        "noise",
        "too-long",
        "part",
        "ends-in-frame",
        "ends",
        "resets",
        "silent",
        "short",
    ],
)
def test_target_that_misbehaves_costs_its_case_and_no_more(
    case: Callable[..., Case], act: Callable[[socket.socket], None], verdict: Verdict
) -> None:
    with serving(act) as port:
        found, parts = failure(case("[ann, joins]"), port, 0.3 if verdict is Verdict.TIMED_OUT else 5.0)
    assert found is verdict
    assert parts.step == "ann joins"


def welcomes_and_floods(sock: socket.socket) -> None:
    """A good WELCOME, and then words of the operator without end."""
    sock.recv(4096)
    limits = {name: getattr(Settings(), name) for name in Settings.__slots__}
    user = {"version": PROTOCOL_VERSION, "capabilities": 0, "session_id": 1, "name": "ann", "server_name": "x"}
    sock.sendall(build("WELCOME", {"request_id": 1, **limits, **user, "seq": 1, "time": 0}))
    endlessly(frame_of("NOTICE", seq=0, time=0, scope="PRIVATE", text="more"))(sock)


@pytest.mark.parametrize(
    "step", ["[ann, reads until, CHAT, {}]", "[ann, floods, WHO, {}, until, GOODBYE, {}]", "[ann, is closed]"]
)
def test_target_that_never_stops_talking_costs_its_case_and_no_more(
    case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr("conformance.play.server_role._FLOOD_SECONDS", 0.1)
    with serving(welcomes_and_floods) as port:
        verdict, _ = failure(case(f"[ann, joins]\n{step}"), port, 0.5)
    assert verdict in (Verdict.TIMED_OUT, Verdict.UNEXPECTED_FRAME)


def test_target_that_never_reads_costs_its_case_and_no_more(case: Callable[..., Case]) -> None:
    steps = "[ann, connects]\n[ann, sends raw, [{repeat: '00', times: 30000000}]]\n[ann, is closed]"
    release = threading.Event()
    with serving(lambda sock: cast(None, release.wait(20))) as port:
        verdict, parts = failure(case(steps), port, 0.3)
        release.set()
    assert verdict is Verdict.TIMED_OUT
    assert "does not read" in parts.text


def test_limit_of_frames_is_that_of_welcome(server: ServerProcess, case: Callable[..., Case]) -> None:
    """A ROSTER of more than 512 bytes is good once WELCOME has come."""
    joins = "\n".join(f"[{'u' * 20}{letter}, joins]" for letter in "abcdefghijklmno")
    play(
        case(f"{joins}\n[{'u' * 20}a, sends, WHO, {{}}]\n[{'u' * 20}a, receives, ROSTER, {{more: false}}]"), server.port
    )


def test_what_has_come_in_time_is_read_however_late() -> None:
    """The suite may be kept waiting for a processor; that is not the target's fault."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(frame_of("PONG", nonce=7))
        peer = Peer("ann", ours, 5.0, Transcript())
        assert peer.next_message("PONG", -1.0).NAME == "PONG"
        with pytest.raises(CaseFailed) as raised:
            peer.next_message("PONG", -1.0)
    assert raised.value.verdict is Verdict.TIMED_OUT


def test_sent_frames_stay_in_the_transcript_when_the_target_has_gone() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    transcript = Transcript()
    with ours:
        Peer("ann", ours, 5.0, transcript).send([Outgoing("LEAVE", frame_of("LEAVE")), Outgoing("", b"\1")])
    assert [(event.kind, event.data) for event in transcript.events[1:]] == [
        (Kind.SENT, frame_of("LEAVE")),
        (Kind.SENT, b"\1"),
        (Kind.NOTE, b""),
    ]


def test_transcript_of_a_flood_is_bounded_and_keeps_both_ends() -> None:
    transcript = Transcript()
    for number in range(30_000):
        transcript.add("ann", Kind.RECEIVED, str(number))
    texts = [event.text for event in transcript.events]
    assert (texts[0], texts[4999], texts[5001], texts[-1]) == ("0", "4999", "25000", "29999")
    assert texts[5000] == "(20000 events are left out here)"


# -- limits of the server ----------------------------------------------------------------------------------------


def test_connections_of_a_case_are_counted_by_address(case: Callable[..., Case]) -> None:
    script = case("[ann, joins]\n[bob, joins]\n[ann, leaves]\n[ann, joins]\n[cid, connects]\n[cid, drops]")
    assert (connections_made(script), connections_at_once(script)) == (4, 3)


def _results(runner: Runner, script: Case, times: int) -> list[tuple[Verdict, str]]:
    run = Run(script, Role.SERVER)
    found = []
    for _ in range(times):
        runner.prepare(run)
        result = runner.run(run)
        found.append((result.verdict, result.text))
    runner.close()
    return found


def reference(*arguments: str) -> str:
    """A command without settings, so that the server has these limits in every case."""
    words = [sys.executable, "-m", "reference_server", "--host", "{host}", "--port", "{port}", *arguments]
    return shlex.join([*words, "--log", "{dir}/log", "--bans", "{dir}/bans"])


def test_server_is_replaced_before_it_has_had_too_many_attempts(case: Callable[..., Case]) -> None:
    runner = Runner(ServerTarget.of({"spawn": reference("--attempts-per-minute", "12")}), None, 5.0)
    found = _results(runner, case("[ann, joins]\n[bob, joins]"), 12)
    assert found == [(Verdict.PASSED, "")] * 12


def test_server_that_runs_already_is_spoken_to_from_another_address(
    start_server: Callable[..., ServerProcess], case: Callable[..., Case]
) -> None:
    running = start_server("--attempts-per-minute", "8")
    for _ in range(6):
        running.user().socket.close()  # As if the suite had run just before.
    runner = Runner(ServerTarget.of({"connect": f"127.0.0.1:{running.port}"}), None, 5.0)
    found = _results(runner, case("[ann, joins]\n[bob, joins]"), 8)
    assert found == [(Verdict.PASSED, "")] * 8


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_server_elsewhere_is_waited_for_and_the_limit_is_named(
    case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("conformance.pool.time", clock)
    monkeypatch.setattr("conformance.pool._another", lambda host, number: "")
    pool = Pool(ServerTarget.of({"connect": "192.0.2.1:8092"}), 5.0)
    held = Held(cast(RunningServer, Address(8092)), {}, attempts_per_minute=20)
    for _ in range(2):
        clock.now += 10
        held.sources[""].add(10)
    with pytest.warns(TargetWarning, match="attempts_per_minute, 20, is less than the suite needs"):
        pool._find_source(held, case("[ann, joins]"))
    assert clock.now == 1070.0, "a minute after the first of them"


def test_case_that_needs_more_connections_than_the_server_allows_is_skipped(case: Callable[..., Case]) -> None:
    runner = Runner(ServerTarget.of({"spawn": reference("--connections-per-address", "2")}), None, 5.0)
    ((verdict, text),) = _results(runner, case("[ann, joins]\n[bob, joins]\n[cid, joins]"), 1)
    assert verdict is Verdict.SKIPPED
    assert text == "needs 3 connections at once, and the server's connections_per_address is 2; raise it"


def test_server_that_dies_between_two_cases_is_told_with_the_case_before(case: Callable[..., Case]) -> None:
    runner = Runner(ServerTarget.of({"spawn": reference()}), None, 5.0)
    run = Run(case("[ann, joins]"), Role.SERVER)
    assert runner.run(run).verdict is Verdict.PASSED
    assert runner._pool is not None
    ((_, held),) = runner._pool._held.items()
    assert held.server.program is not None
    held.server.program.process.kill()
    held.server.program.process.wait()
    result = runner.run(run)
    assert result.verdict is Verdict.CRASHED
    assert "between two cases, after test/case" in result.text
    assert runner.run(run).verdict is Verdict.PASSED, "it costs one case"
    runner.close()
