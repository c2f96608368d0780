"""What crosses the wire, as tshark sees it, is what the document says."""

from __future__ import annotations

import select
import subprocess
from pathlib import Path

from impwire import messages as m
from impwire.codecs import decode
from tests.support import PATIENCE, ServerProcess, require_program


def test_capture_of_a_session_holds_the_bytes_of_the_document(server: ServerProcess, tmp_path: Path) -> None:
    """The frames of a session on loopback, byte by byte, against sections 4 and 12."""
    capture = tmp_path / "session.pcap"
    tshark = subprocess.Popen(
        [require_program("tshark"), "-i", "lo", "-f", f"tcp port {server.port}", "-w", str(capture), "-l", "-P"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert tshark.stdout is not None
        assert tshark.stderr is not None
        for line in tshark.stderr:
            if "Capturing on" in line:
                break
        else:
            raise AssertionError("tshark does not capture; it needs the right to")
        # "Capturing on" comes a little before the first packet is taken: knock until one is seen.
        while not _knock(server, tshark):
            pass
        ann = server.user("ann")
        chat_seq = ann.ask(m.Say, text="Hello, all!").seq  # type: ignore[attr-defined]
        ann.ask(m.Leave)
        client_port = ann.socket.getsockname()[1]
        ann.socket.close()
        # The last packets have been taken when a later one is shown.
        for line in tshark.stdout:
            if f"{client_port} " in line and "FIN" in line and f" {server.port} {_ARROW} {client_port} " in line:
                break
        _knock(server, tshark)
    finally:
        tshark.terminate()
        tshark.communicate(timeout=PATIENCE)
    sent = _stream(capture, f"tcp.dstport == {server.port} && tcp.srcport == {client_port}")
    assert sent[:26] == bytes.fromhex("00000016 01 00 00000001 494d5031 0100 0100 00000000 03 616e6e".replace(" ", ""))
    assert sent[26:49] == bytes.fromhex("00000013 02 00 00000002 000b 48656c6c6f2c20616c6c21".replace(" ", ""))
    assert sent[49:] == bytes.fromhex("00000006 06 00 00000003".replace(" ", ""))
    received = _stream(capture, f"tcp.srcport == {server.port} && tcp.dstport == {client_port}")
    length = 4 + int.from_bytes(received[:4], "big")
    welcome = decode(received[:length])
    assert isinstance(welcome, m.Welcome)
    assert welcome.name == "ann"
    ok = received[length : length + 26]
    assert ok[:10] == bytes.fromhex("00000016 81 00 00000002".replace(" ", ""))
    assert int.from_bytes(ok[10:18], "big") == chat_seq
    assert received[length + 26 :] == bytes.fromhex("0000000c 84 00 00000003 80 00000000 00".replace(" ", ""))


_ARROW = "\u2192"


def _knock(server: ServerProcess, tshark: subprocess.Popen[str]) -> bool:
    """Make a connection, and tell whether tshark has shown a packet by now."""
    server.user().socket.close()
    assert tshark.stdout is not None
    return bool(select.select([tshark.stdout], [], [], 0.05)[0])


def _stream(capture: Path, wanted: str) -> bytes:
    """The payload of all packets that a display filter selects, in order."""
    fields = ["-T", "fields", "-e", "tcp.payload"]
    command = [require_program("tshark"), "-r", str(capture), "-Y", f"({wanted}) && tcp.len > 0", *fields]
    result = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
    return bytes.fromhex("".join(result.stdout.split()))
