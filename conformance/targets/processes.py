"""Processes of a target, whatever it has started: found, described, and ended.

Every process of a target bears a mark in its environment, the folder that it was given. Children inherit it, also those
that leave its process group. Only Linux shows the environment of processes; elsewhere the process group has to do.

This file is a program, too: it ends what bears the mark of a folder when the suite is gone, however that went.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

MARK = "IMP_CONFORMANCE_TARGET"
_PROC = Path("/proc")
_LISTENING = "0A"
_ROUNDS = 20
#: Where /proc tells the flags of a process, behind its name, and those of one that exits, dumps its core, or is killed.
_FLAGS, _ON_ITS_WAY_OUT = 6, 0x0004 | 0x0200 | 0x0400


def ending(code: int) -> str:
    """How a process has ended, in words: `has ended with exit code 1`, `was ended by SIGSEGV`."""
    if code >= 0:
        return f"has ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"


def marked(folder: str, since: int = 0) -> list[int]:
    """The processes that bear the mark of the folder, or of one in it. `since`: only those of that id or a later one."""
    mark = f"{MARK}={folder}".encode()
    found = []
    for name in os.listdir(_PROC) if _PROC.is_dir() else ():
        if name.isdecimal() and int(name) >= since:
            # A process that has just ended, or that belongs to somebody else, is none of ours.
            with contextlib.suppress(OSError):
                if any(entry.startswith(mark) for entry in (_PROC / name / "environ").read_bytes().split(b"\0")):
                    found.append(int(name))
    return found


def end_marked(folder: str, since: int = 0) -> None:
    """End every process that bears the mark, also those that are started meanwhile."""
    for _ in range(_ROUNDS):
        found = marked(folder, since)
        if not found:
            return
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def clear(folder: str) -> None:
    """End every process that bears the mark of the folder, or of one in it, and remove the folder."""
    end_marked(folder)
    shutil.rmtree(folder, ignore_errors=True)


def clear_at_the_end(folder: str) -> None:
    """See to it that the folder is cleared when this process ends, even if it is killed and can do nothing itself."""
    if not _PROC.is_dir():
        atexit.register(clear, folder)
        return
    # This process alone holds the other end of a pipe. The warden waits for its end, out of the reach of a Ctrl-C.
    warden = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    atexit.register(_clear_without, warden, folder)


def _clear_without(warden: subprocess.Popen[bytes], folder: str) -> None:
    clear(folder)
    warden.kill()
    warden.communicate()


def is_ending(pid: int) -> bool:
    """Whether the process is on its way out: it closes its sockets then, and can be waited for only a moment later."""
    try:
        state = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return bool(int(state[_FLAGS]) & _ON_ITS_WAY_OUT)


def described(pids: Iterable[int]) -> str:
    """The processes with their ids and commands: `1234 (sleep 60)`."""
    return ", ".join(f"{pid} ({_command(pid)})" for pid in pids)


def _command(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()[:80]
    except OSError:
        return "gone"


def listening(pids: Iterable[int]) -> list[str]:
    """The addresses at which the processes listen, as `127.0.0.1:8092` and `[::1]:8092`."""
    sockets = {_socket(entry) for pid in pids for entry in _entries(_PROC / str(pid) / "fd")} - {""}
    found = []
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        with contextlib.suppress(OSError):
            for line in (_PROC / "net" / table).read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTENING and words[9] in sockets:
                    found.append(_address(words[1], family))
    return found


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _socket(entry: Path) -> str:
    """The inode of the socket that a file descriptor is, or nothing."""
    try:
        text = os.readlink(entry)
    except OSError:
        return ""
    return text.removeprefix("socket:[").removesuffix("]") if text.startswith("socket:[") else ""


def _address(text: str, family: socket.AddressFamily) -> str:
    """An address of /proc/net: groups of four bytes in the machine's order, then the port."""
    digits, _, port = text.partition(":")
    groups = [bytes.fromhex(digits[start : start + 8])[::-1] for start in range(0, len(digits), 8)]
    host = socket.inet_ntop(family, b"".join(groups))
    return f"[{host}]:{int(port, 16)}" if family is socket.AF_INET6 else f"{host}:{int(port, 16)}"


if __name__ == "__main__":
    sys.stdin.buffer.read()
    clear(sys.argv[1])
