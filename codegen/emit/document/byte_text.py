"""Diagrams of bytes in characters: four bytes a row."""

from __future__ import annotations

_CELL = 16  # Columns of a byte, with its left edge.
_ROW = 4  # Bytes of a row.


def byte_diagram(fields: tuple[tuple[str, int | None], ...], indent: str) -> list[str]:
    """The lines of a diagram. A field of varying size takes a row of its own with a broken edge.

    A field that is broken bears its name in the first part with room for it, and in the others in brackets.
    """
    edge = indent + "+" + f"{'-' * (_CELL - 1)}+" * _ROW
    out = [indent + "".join(f" {byte}".ljust(_CELL) for byte in range(_ROW)).rstrip(), edge]
    row, used = "", 0

    def close() -> None:
        nonlocal row, used
        if row:
            out.append(f"{indent}{row}|")
            out.append(f"{indent}+" + f"{'-' * (_CELL - 1)}+" * used)
            row, used = "", 0

    for name, size in fields:
        if size is None:
            close()
            out += [f"{indent}/{_label(f'{name} ...', _ROW)}/", edge]
            continue
        parts = _parts(size, _ROW - used)
        roomy = [index for index, part in enumerate(parts) if len(name) < _CELL * part]
        named = next(iter(roomy or sorted(range(len(parts)), key=lambda index: -parts[index])), 0)
        for index, part in enumerate(parts):
            row += "|" + _label(name if index == named else f"({name})", part, again=index != named)
            used += part
            if used == _ROW:
                close()
    close()
    return out


def _parts(size: int, room: int) -> list[int]:
    """The bytes of a field in each row, when the first has so much room."""
    first = min(size, room)
    rest = size - first
    return [part for part in [first, *[_ROW] * (rest // _ROW), rest % _ROW] if part]


def _label(text: str, size: int, *, again: bool = False) -> str:
    """A label in a cell of so many bytes; one that is too long is cut, or replaced where it stands elsewhere, too."""
    width = _CELL * size - 1
    if len(text) > width:
        text = "(...)" if again else f"{text[: width - 2]}.."
    return text.center(width)
