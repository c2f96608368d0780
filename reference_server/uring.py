"""The same bytes to many sockets with one call of the system: Linux's io_uring, as far as that takes.

Kernel and process share two rings: requests go into one, and what became of each comes out of the other. Here every
request is a `send` that must not wait, so all are done when the call returns.

The invariant: between two calls of `Ring.send` both rings are empty, all their counters are equal, and nothing refers to a
socket or to bytes any more.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket
import weakref
from array import array
from collections.abc import Sequence
from typing import Any

# Numbers and layouts are those of linux/io_uring.h.
_SETUP, _ENTER = 425, 426
_SINGLE_MMAP = 1
_REQUESTS_AT = 0x10000000
_GETEVENTS = 1
_SEND = 26
_REQUEST, _RESULT = 64, 16  # In bytes.
_COUNTER = 1 << 32  # Heads and tails count on and on, modulo this.


class _Offsets(ctypes.Structure):
    """Where the parts of a ring are, in bytes. Only one of the rings has `results`, only the other `numbers` of requests."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("head", "tail", "mask", "entries", "_0", "results", "numbers", "_1")),
        ("_2", ctypes.c_uint64),
    )


class _Parameters(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("requests", "results", "_0", "_1", "_2", "features")),
        ("_3", ctypes.c_uint32 * 4),
        ("request_ring", _Offsets),
        ("result_ring", _Offsets),
    )


class _Shared:
    """The memory of both rings: each field of all entries as one column. It is given back with the last reference."""

    def __init__(self, descriptor: int, found: Any) -> None:
        requests, results = found.request_ring, found.result_ring
        end = max(requests.numbers + 4 * found.requests, results.results + _RESULT * found.results)
        rings = memoryview(mmap.mmap(descriptor, end))
        entries = memoryview(mmap.mmap(descriptor, _REQUEST * found.requests, offset=_REQUESTS_AT))

        def counter(offset: int) -> memoryview:
            return rings[offset : offset + 4].cast("I")

        self.size = found.requests
        self.request_tail, self.result_head, self.result_tail = map(
            counter, (requests.tail, results.head, results.tail)
        )
        self.sockets, self.lengths = entries.cast("i")[1::16], entries.cast("I")[6::16]
        self.addresses = entries.cast("Q")[2::8]
        done = rings[results.results : results.results + _RESULT * found.results]
        self.taken, self.taken_by = done.cast("i")[2::4], done.cast("Q")[0::2]
        # What is the same for all requests, ever: the ring has them in their order, and each result tells whose it is.
        rings[requests.numbers : requests.numbers + 4 * self.size].cast("I")[:] = array("I", range(self.size))
        entries.cast("Q")[4::8] = array("Q", range(self.size))
        entries[0::_REQUEST] = bytes([_SEND]) * self.size
        entries.cast("I")[7::16] = array("I", [socket.MSG_DONTWAIT]) * self.size


class Ring:
    """Sends to `size` sockets or more with one call of the system, and to any number with several. For one thread.

    Raises OSError if the system has no io_uring, does not let us use it, or has one that does not do what it is for.
    """

    def __init__(self, size: int = 512) -> None:  # Fits into the 64 KiB that older systems let a user lock.
        self._system = ctypes.CDLL(None, use_errno=True).syscall
        self._system.argtypes, self._system.restype = [ctypes.c_long] * 7, ctypes.c_long
        found = _Parameters()
        self._descriptor = self._call(_SETUP, size, ctypes.addressof(found))
        self._give_back = weakref.finalize(self, os.close, self._descriptor)
        self._shared: _Shared | None = None
        try:
            if not found.features & _SINGLE_MMAP:
                raise OSError(errno.ENOSYS, "it is too old")
            self._shared = _Shared(self._descriptor, found)
            self._try_out()
        except BaseException:
            self.close()
            raise

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be sent with it any more."""
        return self._shared is None

    def close(self) -> None:
        """Give it back to the system."""
        self._shared = None
        self._give_back()

    def send(self, sockets: Sequence[int], data: bytes) -> list[int]:
        """Send `data` to each of these descriptors, without waiting for any. Returns how many bytes each has taken, in order.

        A negative number is an errno: nothing was taken, for instance because the socket is full (EAGAIN). If the system
        fails as a whole, the ring is closed, and those that follow have taken nothing.
        """
        sent: list[int] = []
        while len(sent) < len(sockets):
            shared = self._shared
            if shared is None:
                return sent + [-errno.EBADF] * (len(sockets) - len(sent))
            first = shared.request_tail[0] % shared.size
            # What would go round the end of the ring is for the next call.
            sent += self._send(shared, first, sockets[len(sent) : len(sent) + shared.size - first], data)
        return sent

    def _send(self, shared: _Shared, first: int, sockets: Sequence[int], data: bytes) -> list[int]:
        """Send to so many that their entries follow one another from the `first` on."""
        count = len(sockets)
        entries = slice(first, first + count)
        shared.sockets[entries] = array("i", sockets)
        shared.addresses[entries] = array("Q", [ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0]) * count
        shared.lengths[entries] = array("I", [len(data)]) * count
        shared.request_tail[0] = (shared.request_tail[0] + count) % _COUNTER
        failure = 0
        try:
            self._submit(shared, count)
        except OSError as error:
            # What the kernel has not taken must not go out with the next call.
            self.close()
            failure = -(error.errno or errno.EIO)
        # The ring of results is at least as long: what follows one another among the requests does so here.
        began = shared.result_head[0]
        done = slice(began % len(shared.taken), began % len(shared.taken) + self._done(shared))
        shared.result_head[0] = shared.result_tail[0]
        taken, taken_by = shared.taken[done].tolist(), shared.taken_by[done].tolist()
        if taken_by != list(range(first, first + count)):  # As a rule the kernel deals with them in order.
            results = dict(zip(taken_by, taken, strict=True))
            taken = [results.get(entry, failure) for entry in range(first, first + count)]
        return taken

    def _submit(self, shared: _Shared, count: int) -> None:
        """Have the kernel deal with `count` requests. Raises OSError if it does not deal with all of them."""
        rest = count
        while rest or self._done(shared) < count:
            try:
                submitted = self._call(_ENTER, self._descriptor, rest, count - self._done(shared), _GETEVENTS)
            except InterruptedError:
                continue
            if rest and not submitted:
                raise OSError(errno.EIO, "it takes nothing")
            rest -= submitted

    @staticmethod
    def _done(shared: _Shared) -> int:
        return (shared.result_tail[0] - shared.result_head[0]) % _COUNTER

    def _call(self, number: int, *arguments: int) -> int:
        result: int = self._system(number, *arguments, *[0] * (6 - len(arguments)))
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result

    def _try_out(self) -> None:
        """Kernels that have rings may lack `send`, and not everything that says it is Linux does what Linux does."""
        one, other = socket.socketpair()
        with one, other:
            one.setblocking(False)
            other.setblocking(False)
            if self.send([one.fileno(), one.fileno()], b"ring") != [4, 4] or other.recv(16) != b"ringring":
                raise OSError(errno.ENOSYS, "it sends nothing")
