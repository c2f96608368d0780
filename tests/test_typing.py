"""What a type checker tells the author of a program that uses the generated types.

mypy and pyright, both in strict mode, find no error in `fixtures/typing/uses.py`, and in `misuses.py` one in each line
marked `# wrong` and nowhere else: with the stubs of construct and without them.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.support import ROOT

PROGRAMS = ROOT / "tests" / "fixtures" / "typing"
CONSTRUCT = {"without stubs": ["construct"], "with stubs": ["construct", "construct-stubs"]}
#: A bound on what never takes that long, even where pyright has to fetch node first.
PATIENCE = 300.0

Mistakes = set[tuple[str, int]]


def install(folder: Path, packages: list[str]) -> Path:
    """The python of an environment of its own in which impwire and these packages are; the programs stand in the folder."""
    folder.mkdir(exist_ok=True)
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    spec = importlib.util.find_spec("construct")
    assert spec is not None
    assert spec.origin is not None
    for name in packages:
        shutil.copytree(Path(spec.origin).parent.parent / name, site / name)
    shutil.copytree(ROOT / "impwire", site / "impwire", ignore=shutil.ignore_patterns("__pycache__"))
    for program in PROGRAMS.glob("*.py"):
        shutil.copy(program, folder)
    return folder / "venv" / "bin" / "python"


def marked() -> Mistakes:
    """The lines that are wrong."""
    lines = (PROGRAMS / "misuses.py").read_text().splitlines()
    return {("misuses.py", number) for number, line in enumerate(lines, 1) if "# wrong: " in line}


def check(found: Mistakes, output: str) -> None:
    assert sorted(found - marked()) == [], f"errors in what is right:\n{output}"
    assert sorted(marked() - found) == [], "lines that are wrong, and nothing is said of them"


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE)


def pyright() -> list[str]:
    """The command; skips the test if it cannot run, or fails where it has to (as in CI)."""
    command = [sys.executable, "-m", "pyright"]
    try:
        result = run(*command, "--version", folder=ROOT)
        trouble = "" if result.returncode == 0 else (result.stderr.strip() or result.stdout.strip()).splitlines()[-1]
    except subprocess.TimeoutExpired:
        trouble = "it does not start"
    if trouble:
        reason = f"pyright cannot run: {trouble}"
        if os.environ.get("IMP_REQUIRE_TOOLS"):
            pytest.fail(reason)
        pytest.skip(reason)
    return command


def test_something_is_marked() -> None:
    assert len(marked()) > 50


@pytest.mark.parametrize("packages", CONSTRUCT.values(), ids=CONSTRUCT)
def test_mypy_finds_the_mistakes_and_nothing_else(packages: list[str], tmp_path: Path) -> None:
    python = install(tmp_path, packages)
    options = ["--strict", "--no-error-summary", "--hide-error-context", "--config-file=", "--cache-dir", "cache"]
    command = [sys.executable, "-m", "mypy", "--python-executable", str(python), *options, "uses.py", "misuses.py"]
    result = run(*command, folder=tmp_path)
    found = re.findall(r"^([\w./]+):(\d+): error:", result.stdout, re.MULTILINE)
    check({(name, int(line)) for name, line in found}, result.stdout + result.stderr)


def test_pyright_finds_the_mistakes_and_nothing_else(tmp_path: Path) -> None:
    command = pyright()
    for variant, packages in CONSTRUCT.items():  # In one test, so that no two fetch node at the same time.
        python = install(tmp_path / variant, packages)
        options = ["--outputjson", "--pythonpath", str(python), "uses.py", "misuses.py"]
        result = run(*command, *options, folder=tmp_path / variant)
        found = json.loads(result.stdout)["generalDiagnostics"]
        places = {(Path(item["file"]).name, item["range"]["start"]["line"] + 1) for item in found}
        check(places, f"construct {variant}\n" + json.dumps(found, indent=1))
