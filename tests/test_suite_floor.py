"""The floor of the suite's trust: what is no implementation passes nothing."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

BAD_SERVER = Path(__file__).parent / "fixtures" / "bad_server.py"


def run_suite(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], dict[str, object]]:
    """Run the suite as a user would; returns the process and its JSON report."""
    report = folder / "report.json"
    result = subprocess.run(
        [sys.executable, "-m", "conformance", *arguments, "--report-json", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return result, json.loads(report.read_text())


@pytest.mark.parametrize("mode", ["silent", "closes", "refuses", "echoes", "noise"])
def test_bad_server_passes_no_case(tmp_path: Path, mode: str) -> None:
    command = f"{shlex.quote(sys.executable)} -S {BAD_SERVER} {mode} {{host}} {{port}} {{dir}} {{settings}}"
    result, report = run_suite(tmp_path, "server", "--spawn", command, "--timeout", "0.05")
    cases = report["cases"]
    assert isinstance(cases, list)
    passed = [case["id"] for case in cases if case["verdict"] == "passed"]
    assert passed == []
    assert len(cases) > 60
    assert {case["verdict"] for case in cases} & {"harness error", "skipped"} == set()
    assert result.returncode == 1


@pytest.mark.parametrize("command", ["true {host}", "cat", "sleep 60", "/no/such/program"])
def test_bad_client_passes_no_case(tmp_path: Path, command: str) -> None:
    result, report = run_suite(tmp_path, "client", "--spawn", command, "--timeout", "0.05")
    cases = report["cases"]
    assert isinstance(cases, list)
    assert [case["id"] for case in cases if case["verdict"] == "passed"] == []
    assert len(cases) > 30
    assert {case["verdict"] for case in cases} & {"harness error", "skipped"} == set()
    assert result.returncode == 1
