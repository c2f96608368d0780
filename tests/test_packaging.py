"""The wheel: everything under one name, and its programs run."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support import ROOT


def test_wheel_holds_everything_under_impwire_and_runs(tmp_path: Path) -> None:
    source = tmp_path / "source"
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    for name in filter(None, tracked):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"impwire"}
    assert "impwire/py.typed" in names
    assert any(name.startswith("impwire/conformance/cases/") and name.endswith(".yaml") for name in names)
    assert "impwire/conformance/reports/report.schema.json" in names
    # Unpacked and on the path, as an installation has it; the suite then starts its siblings by their names there.
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-m", "impwire.conformance", "-k", "pm/delivered"]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert result.stdout.rstrip().endswith("9 passed, 0 failed, 0 skipped"), result.stdout + result.stderr
    for program in ("reference_server", "reference_client", "codegen"):
        command = [sys.executable, "-m", f"impwire.{program}", "--help"]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
