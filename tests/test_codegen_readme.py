"""The page that leads to a codec for a protocol of one's own: what it shows is what happens."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from codegen.read.source import SECTIONS
from codegen.read.types import KINDS
from tests.support import ROOT

PAGE = (ROOT / "codegen" / "README.md").read_text(encoding="utf-8")
STEP = re.compile(r"<!-- (file|append|run)(?:: (\S+))? -->\n```\w+\n(.*?)```", re.DOTALL)


def test_steps_of_the_page_lead_from_an_empty_folder_to_a_working_codec(tmp_path: Path) -> None:
    steps = STEP.findall(PAGE)
    assert [kind for kind, _, _ in steps].count("run") >= 3
    for kind, argument, text in steps:
        if kind == "file":
            (tmp_path / argument).write_text(text, encoding="utf-8")
        elif kind == "append":
            with (tmp_path / argument).open("a", encoding="utf-8") as file:
                file.write(text)
        else:
            command, _, shown = text.partition("\n")
            done = run(shlex.split(command.removeprefix("$ ")), tmp_path)
            assert (done.stdout, done.returncode) == (shown, int(argument or 0)), command
    done = run(["imp-codegen", "lint", "lamp.yaml"], tmp_path)
    assert done.returncode == 0, f"the spec with its vectors has mistakes: {done.stdout}"
    done = run(["imp-codegen", "--spec", "lamp.yaml"], tmp_path)
    assert done.returncode == 0, done.stderr


def test_mistake_that_the_page_shows_is_told_so(tmp_path: Path) -> None:
    shown = re.search(r"```text\n(lamp\.yaml.*?)\n```", PAGE)
    spec = next(text for kind, name, text in STEP.findall(PAGE) if (kind, name) == ("file", "lamp.yaml"))
    assert shown
    (tmp_path / "lamp.yaml").write_text(spec.replace("type: percent,", "type: percnt,"), encoding="utf-8")
    done = run(["imp-codegen", "--spec", "lamp.yaml"], tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == shown[1]


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the page in a folder, with this Python and the generator of this checkout."""
    program = [sys.executable, "-m", "codegen"] if command[0] == "imp-codegen" else [sys.executable]
    return subprocess.run(
        [*program, *command[1:]],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )


def test_page_names_every_section_kind_and_key() -> None:
    """What the loader knows and the page does not, nobody will find."""
    for word in (*SECTIONS, *KINDS, *(key for keys in KINDS.values() for group in keys for key in group)):
        assert re.search(rf"`[^`]*\b{word}\b[^`]*`", PAGE), word
