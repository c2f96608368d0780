"""Frames to send, made beforehand, so that sending many costs the generator no more than sending one."""

from __future__ import annotations

from collections.abc import Callable


class Ring:
    """So many frames of one size, again and again. `make` makes the frame of a number from 1 on."""

    def __init__(self, count: int, make: Callable[[int], bytes]) -> None:
        frames = [make(number) for number in range(1, count + 1)]
        self._size, self._count, self._at = len(frames[0]), count, 0
        assert {len(frame) for frame in frames} == {self._size}, "frames of one size"
        self._data = b"".join(frames * 2)

    def next(self, count: int) -> bytes:
        """The next frames, at most as many as there are."""
        start, self._at = self._at * self._size, (self._at + count) % self._count
        return self._data[start : start + count * self._size]
