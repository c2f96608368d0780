"""What one delivery costs the reference server: its CPU time (user + system) over the CHATs that reached their receivers.

One sender says something and waits until every receiver has heard it, again and again. The load generator is this process;
the figure is the server's own, from /proc.
"""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from impwire.codecs import encode
from impwire.messages import Hello, Say

_RECEIVERS, _MESSAGES = 100, 200


def run() -> None:
    """Measure and print one line."""
    with tempfile.TemporaryDirectory() as folder:
        limits = [
            "--connections-per-address",
            "100000",
            "--rate-burst",
            "1000000000",
            "--rate-per-second",
            "1000000000",
        ]
        files = ["--log", f"{folder}/server.log", "--bans", f"{folder}/bans.json"]
        command = [sys.executable, "-m", "reference_server", "--port", "0", *limits, *files]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                port = int(server.stdout.readline().rpartition(":")[2])
                used = _measure(port, server.pid)
            finally:
                server.terminate()
    deliveries = _RECEIVERS * _MESSAGES
    print(
        f"delivery to {_RECEIVERS} receivers, window 1, 64 bytes: {used / deliveries * 1e6:.1f} us of server CPU each"
    )


def _measure(port: int, pid: int) -> float:
    sender = _user(port, "sender")
    receivers = [_user(port, f"receiver{number}") for number in range(_RECEIVERS)]
    _drain(sender, _RECEIVERS)
    for number, receiver in enumerate(receivers):
        _drain(receiver, _RECEIVERS - 1 - number)
    frame = encode(Say(request_id=1, text="x" * 64))
    before = _cpu_seconds(pid)
    with selectors.DefaultSelector() as selector:
        for receiver in receivers:
            selector.register(receiver, selectors.EVENT_READ)
        for _ in range(_MESSAGES):
            sender.sendall(frame)
            heard = 0
            while heard < _RECEIVERS:
                for key, _ in selector.select():
                    heard += _frames(key.fileobj)
            _drain(sender, 1)
    used = _cpu_seconds(pid) - before
    for sock in [sender, *receivers]:
        sock.close()
    return used


def _user(port: int, name: str) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port))
    hello = Hello(request_id=1, min_version=0x0100, max_version=0x0100, capabilities=0, name=name)
    sock.sendall(encode(hello))
    _drain(sock, 1)
    return sock


def _frames(sock: object) -> int:
    """Read what is there; how many frames it holds. Frames are small and arrive whole on loopback."""
    assert isinstance(sock, socket.socket)
    data, count = sock.recv(65536), 0
    while data:
        size = 4 + int.from_bytes(data[:4], "big")
        while len(data) < size:
            data += sock.recv(65536)
        data, count = data[size:], count + 1
    return count


def _drain(sock: socket.socket, count: int) -> None:
    while count > 0:
        count -= _frames(sock)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
