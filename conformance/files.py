"""Writing what a run leaves behind."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> bool:
    """Write a file whole or not at all, so that a full disk does not cost the report that was there before."""
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    # What is no plain file (a pipe, /dev/stdout) is written to as it is.
    part = path.with_name(f".{path.name}.part") if path.is_file() or not path.exists() else path
    part = path if path.is_symlink() else part
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True)
        part.write_bytes(data)
        if part is not path:
            os.replace(part, path)
    except OSError as error:
        print(f"cannot write {path}: {error.strerror}", file=sys.stderr)
        if part is not path:
            with contextlib.suppress(OSError):
                part.unlink()
        return False
    return True
