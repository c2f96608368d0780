"""What happened in one run of a case, for people: each frame decoded and in hexadecimal."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from impwire.wire import Message

_LONGEST = 160
#: Bytes of a frame that are shown, and in one row.
_SHOWN, _ROW = 512, 32


class Transcript:
    """Lines in the order of what happened."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._closed = False

    def close(self) -> None:
        """Nothing that follows belongs to the story."""
        self._closed = True

    def note(self, text: str) -> None:
        if not self._closed:
            self.lines.append(text)

    def frame(self, actor: str, arrow: str, what: str, data: bytes) -> None:
        """A frame of an actor: `->` to the target, `<-` from it."""
        rows = [data[start : start + _ROW].hex(" ") for start in range(0, min(len(data), _SHOWN), _ROW)]
        if len(data) > _SHOWN:
            rows.append(f"… ({len(data)} bytes in all)")
        self.note("\n".join([f"{actor:>8} {arrow} {what}", *(f"{'':>14}{row}" for row in rows)]))

    def __str__(self) -> str:
        return "\n".join(self.lines)


def describe(message: Message) -> str:
    """A message in one line: its name and its fields, but for what is empty."""
    parts = []
    for item in fields(message):  # type: ignore[arg-type]
        value: Any = getattr(message, item.name)
        if item.name in ("flags", "extensions") and not value:
            continue
        text = getattr(value, "name", None) if item.name in ("code", "reason", "scope") else None
        shown = text or repr(value)
        parts.append(f"{item.name}={shown if len(shown) <= _LONGEST else shown[:_LONGEST] + '…'}")
    return f"{message.NAME} {' '.join(parts)}"
