"""The recorder's command line, and where it writes."""

from __future__ import annotations

import shutil
import signal
import socket
from pathlib import Path

import pytest

from conformance.__main__ import main
from impwire.tables import REQUIREMENTS
from tests.recording import Recorder, hello, read_frames, steps_of
from tests.support import PATIENCE, ServerProcess


def test_file_that_exists_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "case.yaml"
    out.write_text("mine")
    assert main(["record", "--listen", "0", "--out", str(out)]) == 2
    assert capsys.readouterr().err == f"{out}: exists already; --force writes over it\n"
    assert out.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--listen 0 --out /no/such/folder/case.yaml", "/no/such/folder/case.yaml: No such file or directory"),
        ("--listen 0 --out /", "/: is a folder"),
        ("--listen x --out -", "argument --listen: 'x' is neither PORT nor HOST:PORT"),
        ("--listen 0 --to host:x --out -", "argument --to: 'host:x' is not HOST:PORT"),
        ("--listen 0 --out - --id kick", "'kick' is no identifier such as pm/unknown-recipient"),
        ("--listen 0 --out - --proves PM-33", "unknown requirement 'PM-33'; did you mean 'PM-3'?"),
        ("--listen 0 --out - --sessions none", "'none' is not a number of connections"),
        ("--listen 192.0.2.1:0 --out -", "cannot listen at 192.0.2.1:0: "),
    ],
)
def test_mistake_on_the_command_line_is_told_before_anything_is_recorded(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: object = main(["record", *arguments.split()])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_recording_that_cannot_be_written_goes_to_standard_output(server: ServerProcess, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    out = folder / "case.yaml"
    recorder = Recorder(server.port, out, "--quiet")
    with socket.create_connection(("127.0.0.1", recorder.port), timeout=PATIENCE) as ann:
        ann.sendall(hello(1, "ann"))
        read_frames(ann, 1)
        shutil.rmtree(folder)
        code, output, errors = recorder.end(signal.SIGTERM)
    assert (code, errors) == (2, f"{out}: No such file or directory; the recording went to standard output\n")
    assert steps_of(output) == ["[ann, joins]"]


def test_default_requirements_are_those_of_the_specification() -> None:
    from conformance.record.needs import _PROVEN

    assert set(_PROVEN.values()) <= set(REQUIREMENTS)
