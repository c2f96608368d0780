"""Parsers made from grammars by the compiler of Kaitai Struct: the Python ones run here, the JavaScript ones in Node.js.

`package.json` beside this file names the compiler and its runtime, `npm ci` installs them. One process compiles all grammars
of a test session and reads all streams.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from kaitaistruct import KaitaiStream, KaitaiStruct

from tests.support import PATIENCE, ROOT, require_program

FOLDER = Path(__file__).parent
LANGUAGES = ("python", "javascript")


class Refused(Exception):
    """The parser did not take the stream for one frame."""


@dataclass(frozen=True)
class Job:
    """A grammar as YAML gives it, the languages of the parsers, and the streams that the JavaScript one shall read."""

    grammar: Any
    languages: tuple[str, ...] = LANGUAGES
    streams: tuple[bytes, ...] = ()


class Parsers:
    """What became of one grammar: the `problem` that the compiler has with it, or its parsers."""

    def __init__(self, job: Job, answer: dict[str, Any]) -> None:
        self.problem: str = answer.get("problem", "")
        self._sources = answer.get("sources", {})
        self._javascript = dict(zip(job.streams, answer.get("read", ()), strict=False))

    def read(self, language: str, stream: bytes) -> Any:
        """A stream of one frame as plain values, see `expected`. Raises `Refused`."""
        found = self.read_all(language, stream)
        if len(found["frames"]) != 1:
            raise Refused(f"{len(found['frames'])} frames")
        return found

    def read_all(self, language: str, stream: bytes) -> Any:
        """A stream of any number of frames. Raises `Refused`."""
        assert not self.problem, self.problem
        if language == "python":
            return self.read_type(self._top, stream)
        found = copy.deepcopy(self._javascript[stream])
        if "refused" in found:
            raise Refused(found["refused"])
        return found["value"]

    def read_frame(self, frame: bytes) -> Any:
        """A frame, by the type of that name alone, in Python. Raises `Refused`."""
        return self.read_type(self._top.Frame, frame)

    @staticmethod
    def read_type(type_: Any, stream: bytes) -> Any:
        """What a Python parser reads."""
        try:
            return plain(type_(KaitaiStream(BytesIO(stream))))
        except Exception as error:  # The errors of the runtime have no base of their own.
            raise Refused(f"{type(error).__name__}: {error}") from error

    @cached_property
    def _top(self) -> Any:
        """The class of the grammar's top type."""
        names: dict[str, Any] = {"__name__": "grammar"}
        exec(compile(self._sources["python"], "grammar.py", "exec"), names)
        return next(value for value in names.values() if getattr(value, "__module__", "") == "grammar")


def node() -> str:
    """The program that runs the compiler; skips the test without either, or fails where they have to be (as in CI)."""
    program = require_program("node")
    wanted = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for place in (place for place in wanted if place):
        installed = FOLDER / place / "package.json"
        version = json.loads(installed.read_text(encoding="utf-8"))["version"] if installed.exists() else "nothing"
        if version != wanted[place]["version"]:
            reason = f"of {place} there is {version}: npm ci --prefix {FOLDER.relative_to(ROOT)}"
            if os.environ.get("IMP_REQUIRE_TOOLS"):
                pytest.fail(reason)
            pytest.skip(reason)
    return program


def run(jobs: list[Job]) -> list[Parsers]:
    """What becomes of each job."""
    given = [
        {
            "grammar": job.grammar,
            "languages": job.languages,
            "streams": [stream.hex() for stream in job.streams],
        }
        for job in jobs
    ]
    result = subprocess.run(
        [node(), str(FOLDER / "parse.js")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=6 * PATIENCE,
    )
    assert result.returncode == 0, result.stderr
    return [
        Parsers(job, answer) for job, answer in zip(jobs, json.loads(result.stdout, parse_int=_number), strict=True)
    ]


def _number(digits: str) -> int:
    """A number of JavaScript. It writes the fewest digits that tell a great one from its neighbours, and then zeros."""
    return int(float(digits))


def plain(value: Any) -> Any:
    """What a Python parser has read: attributes, and values that are computed from them; no streams, and no string twice."""
    if isinstance(value, KaitaiStruct):
        computed = [name for name, member in vars(type(value)).items() if isinstance(member, property)]
        names = [name for name in [*vars(value), *computed] if not name.startswith(("_", "form_of_"))]
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
