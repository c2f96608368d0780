"""What the tests of targets share: cases written on the spot, programs that misbehave, the suite as a process."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT

FIXTURES = Path(__file__).parent / "fixtures" / "targets"
TARGETS = ROOT / "conformance" / "targets"
PAGE = ROOT / "conformance" / "TARGETS.md"
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not show what a process does")


def misbehaving(mode: str, more: str = "") -> str:
    """The command of a program that behaves so."""
    return (
        f"{shlex.quote(sys.executable)} -S {FIXTURES / 'misbehaving.py'} {shlex.quote(mode)} {{host}} {{port}} {more}"
    )


def file(folder: Path, text: str) -> Path:
    path = folder / "target.yaml"
    path.write_text(text)
    return path


def suite(*arguments: str, folder: Path, **options: Any) -> tuple[int, str, list[dict[str, Any]]]:
    """Run the suite; exit code, all output, and the entries of its report."""
    report = folder / "report.json"
    result = subprocess.run(
        [sys.executable, "-m", "conformance", *arguments, "--report-json", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    entries = json.loads(report.read_text())["cases"] if report.exists() else []
    return result.returncode, result.stdout + result.stderr, entries


def case(folder: Path, steps: str, head: str = "", id_: str = "test/case") -> Path:
    """A folder with one case more."""
    path = folder / "cases"
    path.mkdir(exist_ok=True)
    lines = "".join(f"      - {line.strip()}\n" for line in steps.strip().splitlines())
    text = f"cases:\n  - id: {id_}\n    title: A test\n    proves: [SAY-1]\n{head}    steps:\n{lines}"
    (path / f"{id_.replace('/', '-')}.yaml").write_text(text)
    return path
