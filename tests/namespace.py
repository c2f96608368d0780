"""Two machines in one: network namespaces with a cable between them that can be pulled. Needs root and iproute2."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import require_program

_CLONE_NEWNET = 0x40000000
#: The addresses at both ends of the cable.
SERVER, CLIENT = "10.77.0.1", "10.77.0.2"


class Cable:
    """A namespace for the server, one for a client, and the cable; made by `cable`."""

    def __init__(self, holders: dict[str, subprocess.Popen[bytes]]) -> None:
        self._holders = holders

    def command(self, where: str, *command: str) -> list[str]:
        """A command that runs in the namespace of that address."""
        return ["nsenter", f"--net={self._path(where)}", "--", *command]

    @contextmanager
    def at(self, where: str) -> Iterator[None]:
        """Sockets that this thread makes meanwhile are at that end."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(self._path(where), os.O_RDONLY)
        try:
            _enter(there)
            yield
        finally:
            _enter(before)
            os.close(before)
            os.close(there)

    def pull(self) -> None:
        """From now on nothing gets through, and neither side is told."""
        self.run(CLIENT, "link", "set", "cable1", "down")

    def plug(self) -> None:
        """Everything gets through again."""
        self.run(CLIENT, "link", "set", "cable1", "up")

    def run(self, where: str, *arguments: str) -> None:
        """`ip` with these arguments, in the namespace of that address."""
        subprocess.run(self.command(where, "ip", *arguments), check=True, capture_output=True)

    def _path(self, where: str) -> str:
        return f"/proc/{self._holders[where].pid}/ns/net"


@contextmanager
def cable() -> Iterator[Cable]:
    """The two namespaces; they are gone afterwards. Skips the test where they cannot be made."""
    if os.geteuid() != 0 or not Path("/proc/thread-self/ns/net").exists():
        pytest.skip("network namespaces need root, on Linux")
    for program in ("ip", "unshare", "nsenter"):
        require_program(program)
    holders: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for where in (SERVER, CLIENT):
            holders[where] = _namespace()
        made = Cable(holders)
        made.run(SERVER, "link", "add", "name", "cable0", "type", "veth", "peer", "name", "cable1")
        made.run(SERVER, "link", "set", "cable1", "netns", str(holders[CLIENT].pid))
        for where, device in ((SERVER, "cable0"), (CLIENT, "cable1")):
            made.run(where, "address", "add", f"{where}/24", "dev", device)
            made.run(where, "link", "set", device, "up")
            made.run(where, "link", "set", "lo", "up")
        yield made
    finally:
        for holder in holders.values():
            holder.kill()
            holder.communicate()


def _namespace() -> subprocess.Popen[bytes]:
    """A process whose namespace lasts as long as it does."""
    command = ["unshare", "--net", "sh", "-c", "echo ready; exec cat"]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert holder.stdout is not None
    if not holder.stdout.readline():
        reason = holder.communicate()[1].decode(errors="replace").strip()
        lacking = f"this machine makes no network namespace: {reason}"
        if os.environ.get("IMP_REQUIRE_TOOLS"):
            pytest.fail(lacking)
        pytest.skip(lacking)
    return holder


def _enter(namespace: int) -> None:
    """Move this thread into a namespace."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(namespace, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
