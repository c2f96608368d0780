"""The recorder: what it has recorded plays again, to the server and to the client it was recorded from."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from conformance.language import load_cases
from impwire import messages as m
from tests.recording import Recorder, Relayed, accept, hello, play, port_of, read_frames, request, steps_of
from tests.support import PATIENCE, Person, ServerProcess


def test_chat_of_reference_programs_plays_again_to_both(
    server: ServerProcess, start_person: Callable[[int, str], Person], tmp_path: Path
) -> None:
    """Recorded between server and clients that are processes of their own, and ended as a person ends it."""
    out = tmp_path / "chat.yaml"
    recorder = Recorder(server.port, out)
    ann, bob = start_person(recorder.port, "ann"), start_person(recorder.port, "bob")
    ann.sees('"bob" has joined the server.')
    ann.types("hi, all: $5?")
    ann.sees("ann: hi, all: $5?")
    bob.sees("ann: hi, all: $5?")
    bob.types("/pm ann yes")
    bob.sees("To ann: yes")
    ann.sees("From bob: yes")
    bob.types("/rename rob")
    bob.sees('You are now "rob".')
    ann.sees('"bob" is now "rob".')
    ann.types("/who")
    ann.sees("Users here: ann, rob")
    bob.types("/leave")
    bob.sees("You have left.")
    ann.sees('"rob" has left the server.')
    ann.types("/leave")
    ann.sees("You have left.")
    for person in (ann, bob):
        assert person.process.wait(PATIENCE) == 0
    code, output, errors = recorder.end()
    assert (code, output) == (0, ""), errors
    assert "bob <- OK seq=4" in errors
    assert f"{out}: 18 steps; to play it: python -m conformance server --connect 127.0.0.1:{server.port}" in errors
    assert steps_of(out.read_text())[:5] == [
        "[ann, joins]",
        "[bob, joins]",
        "[ann, sends, SAY, {text: 'hi, all: $5?'}]",
        "[ann, receives, OK, {seq: $seq1, time: $time1}]",
        "[bob, receives, CHAT, {seq: $seq1, time: $time1, who: $ann, text: 'hi, all: $5?'}]",
    ]
    again = play(tmp_path, "server", "--connect", f"127.0.0.1:{server.port}", "--cases", str(out))
    assert {case["verdict"] for case in again.values()} == {"passed"}
    assert "server recorded/chat" in again
    (case,) = load_cases([out])
    assert case.clients == ("ann",)
    of_client = play(tmp_path, "client", "--cases", str(out), "--segmentation", "as-is")
    assert of_client["client recorded/chat@ann"]["verdict"] == "passed"


def test_silent_client_is_a_step(server: ServerProcess, relayed: Callable[[int], Relayed], tmp_path: Path) -> None:
    relay = relayed(server.port)
    with closing(relay.connect()) as silent, closing(relay.connect()) as other:
        other.sendall(request("PING", 1, nonce=5))
        read_frames(other, 1)
        _, text = relay.case(tmp_path)
        assert silent.recv(1) == b""
    assert sorted(steps_of(text)) == [
        "[anon1, connects]",
        "[anon2, connects]",
        "[anon2, receives, PONG, {nonce: 5}]",
        "[anon2, sends, PING, {nonce: 5}]",
    ]


def test_frame_of_the_server_that_cannot_be_read_ends_what_is_expected_of_it(
    relayed: Callable[[int], Relayed], plain_server: socket.socket, tmp_path: Path
) -> None:
    relay = relayed(port_of(plain_server))
    with closing(relay.connect()) as client, closing(accept(plain_server)) as server:
        client.sendall(request("PING", 1, nonce=5))
        read_frames(server, 1)
        server.sendall(bytes.fromhex("00000006 41 00 00000001"))
        assert len(client.recv(100)) == 10
        _, text = relay.case(tmp_path)
    assert steps_of(text) == [
        "[anon1, connects]",
        "[anon1, sends, PING, {nonce: 5}]",
        "# the server has sent what cannot be read: 00 00 00 06 41 00 00 00 00 01",
        "[anon1, vanishes]",
    ]


def test_what_the_operator_did_is_typed_again_and_told(server: ServerProcess, tmp_path: Path) -> None:
    out = tmp_path / "case.yaml"
    recorder = Recorder(server.port, out, "--once", "--quiet", "--id", "my/kick", "--proves", "op-1", "--title", "Out!")
    with socket.create_connection(("127.0.0.1", recorder.port), timeout=PATIENCE) as ann:
        ann.sendall(hello(1, "ann"))
        read_frames(ann, 1)
        server.enter("/all hear, hear")
        read_frames(ann, 1)
        server.enter("/pm ann you too")
        read_frames(ann, 1)
        server.enter("/kick ann being rude")
        read_frames(ann, 1)
        assert ann.recv(1) == b""
    code, _, errors = recorder.finish()
    assert code == 0
    case = load_cases([out])[0]
    assert (case.id, case.title, case.proves) == ("my/kick", "Out!", ("OP-1",))
    assert [step.text for step in case.steps if step.actor == "console"] == [
        "/all hear, hear",
        "/pm ann you too",
        "/kick ann being rude",
    ]
    assert errors.count("warning: step") == 3
    assert "--spawn COMMAND" in errors
    runs = play(tmp_path, "server", "--cases", str(out))
    assert {run["verdict"] for run in runs.values()} == {"passed"}


def test_timer_that_was_waited_for_is_asked_for(
    tmp_path: Path, relayed: Callable[[int], Relayed], start_server: Callable[..., ServerProcess]
) -> None:
    """Only the settings that mattered are in the case: another one that is not the default is not."""
    server = start_server("--handshake-timeout", "300", "--max-text", "100")
    relay = relayed(server.port)
    with closing(relay.connect()) as slow:
        (goodbye,) = read_frames(slow, 1)
        assert isinstance(goodbye, m.Goodbye)
        assert slow.recv(1) == b""
    case, text = relay.case(tmp_path)
    assert case.settings == {"handshake_timeout": 1000}
    assert steps_of(text) == [
        "[anon1, connects]",
        "# a timer of the server has run out",
        "[anon1, receives, GOODBYE, {code: HANDSHAKE_TIMEOUT, request_id: 0}]",
        "[anon1, is closed]",
    ]
