"""The frames of spec/vectors.yaml, worked out by hand, and a good message of each kind from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from impwire import DecodeError
from impwire.codecs import decode

_FILE = Path(__file__).parent.parent.parent / "spec" / "vectors.yaml"


def _frames() -> list[bytes]:
    """Every vector, well-formed or not."""
    vectors = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["vectors"]
    return [bytes.fromhex(vector["hex"]) for vector in vectors]


def _samples(frames: list[bytes]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for frame in frames:
        try:
            message = decode(frame)
        except DecodeError:
            continue
        found.setdefault(message.TYPE, message)
    return found


FRAMES = _frames()
#: The first well-formed vector of each message, by type.
SAMPLES: dict[int, Any] = _samples(FRAMES)
