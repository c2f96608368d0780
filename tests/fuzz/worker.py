"""The process that is fuzzed, `python -m tests.fuzz.worker` with the options of libFuzzer. It needs atheris and never returns."""

from __future__ import annotations

import sys

import atheris

# Imported here for the first time, so that atheris sees which branches of the library are taken.
with atheris.instrument_imports(include=["impwire"]):
    from .target import try_input

if __name__ == "__main__":
    atheris.Setup(sys.argv, try_input)
    atheris.Fuzz()
