"""What is paid once: generating all files, and importing `impwire`. Whole processes are timed, and generating also inside one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Hashable
from pathlib import Path
from time import perf_counter

from codegen.generate import emit
from codegen.load import load

from .rounds import Cell, cell, measure

_ROOT = Path(__file__).parent.parent
_ROUNDS_GENERATING = 5
_ROUNDS_IMPORTING = 21


def run() -> dict[str, float]:
    """Seconds by what they were spent on."""
    generating: dict[Hashable, Cell] = {
        "generate": cell("emit(load(path))", emit=emit, load=load, path=_ROOT / "spec" / "imp.yaml"),
        "generate, process": _process("-m", "codegen", "--check"),
    }
    importing: dict[Hashable, Cell] = {
        "impwire": _process("-c", "import impwire"),
        "construct": _process("-c", "import construct"),
    }
    generated = measure("generating", generating, _ROUNDS_GENERATING)
    imported = measure("importing", importing, _ROUNDS_IMPORTING)
    return {
        "generate": generated.seconds("generate"),
        "generate, process": generated.seconds("generate, process"),
        "import": imported.difference("impwire", "construct"),
    }


def _process(*arguments: str) -> Cell:
    """A cell that runs Python with these arguments, from its start to its end."""

    def run(number: int) -> float:
        began = perf_counter()
        for _ in range(number):
            subprocess.run([sys.executable, *arguments], cwd=_ROOT, check=True, stdout=subprocess.DEVNULL)
        return perf_counter() - began

    return run
