"""The ban file: read at the start, replaced as a whole at each change, so that a sudden end leaves the old or the new."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

from .bans import BanList, ban_from_plain


class DamagedBans(Exception):
    """The ban file cannot be used; the text says why and what to do. The file is left as it is."""


def load_bans(path: Path) -> BanList:
    """The bans in the file; none if there is no file. Raises `DamagedBans`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return BanList()
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedBans(f"{path}: cannot be read: {error}; mend it, or name another file with --bans") from None
    try:
        values = json.loads(text)
        if not isinstance(values, list):
            raise ValueError("expected a list")
        return BanList(ban_from_plain(value) for value in values)
    except (ValueError, RecursionError) as error:
        raise DamagedBans(
            f"{path}: not a list of bans: {error}; mend it, or move it away to start without bans"
        ) from None


def save_bans(path: Path, bans: BanList, wall: int) -> None:
    """Replace the file. Raises OSError; the old file then still stands, or the new one does, whole."""
    path = path.resolve()
    text = json.dumps(bans.to_plain(wall), indent=1) + "\n"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            with contextlib.suppress(FileNotFoundError):
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # The new name, too, has to survive a loss of power.
    finally:
        os.close(directory)
