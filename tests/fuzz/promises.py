"""How a promise of the library is held against what it does."""

from __future__ import annotations


class Broken(AssertionError):
    """A promise of the library that does not hold."""


def hold(promise: bool, *about: object) -> None:
    if not promise:
        raise Broken("\n  ".join(str(part) for part in about))
