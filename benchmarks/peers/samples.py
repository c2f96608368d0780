"""What is decoded and encoded: one sample a message."""

from __future__ import annotations

from . import Values

_TEXT = "See you at seven near the old bridge, and bring the green tent!!"
assert len(_TEXT.encode()) == 64

#: Most names are letters and digits, some have a hyphen or an underscore.
_NAMES = ("ann", "Bob", "carol", "dave", "Eve_the-")

#: By the name of the message.
SAMPLES: dict[str, Values] = {
    "CHAT": (0, 0, 42, 1_767_225_600_000, 7, "ann", _TEXT),
    "PM": (6, 0, "bob", _TEXT),
    "WELCOME": (
        *(1, 0, 0x0100, 0, 7, "ann", "Example", 41, 1_767_225_600_000),
        *(16384, 4096, 24, 262144, 3, 60, 20, 10, 16384, 16, 1200, 10000, 10000, 30000, 30000, 2000),
    ),
    "ROSTER": (9, 0, tuple((1000 + i, f"{_NAMES[i % len(_NAMES)]}{i}") for i in range(100)), False),
}
