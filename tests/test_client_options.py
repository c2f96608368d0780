"""The command line of the client: what it asks for, what is wrong with it, and Ctrl-C before anything else has begun."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reference_client.__main__ import main
from reference_client.options import parse
from tests.support import PATIENCE, ROOT

FILES = Path(__file__).parent / "fixtures" / "tls"


@pytest.fixture(autouse=True)
def called_imp_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/local/bin/imp-client"])


def test_name_is_all_that_is_needed() -> None:
    options = parse(["ann"])
    assert (options.name, options.host, options.port, options.tls) == ("ann", "127.0.0.1", 8092, None)
    assert (options.json, options.reconnect, options.timestamps) == (False, False, False)


def test_options_stand_before_and_behind_the_name() -> None:
    options = parse(["--json", "--port", "1", "ann", "--host", "chat.example.org", "--reconnect", "--timestamps"])
    assert (options.name, options.host, options.port) == ("ann", "chat.example.org", 1)
    assert (options.json, options.reconnect, options.timestamps) == (True, True, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--tls"],
        ["--tls-ca", str(FILES / "authority.pem")],
        ["--tls-cert", str(FILES / "client.pem"), "--tls-key", str(FILES / "client.key")],
    ],
)
def test_each_option_of_tls_asks_for_tls_at_its_port(arguments: list[str]) -> None:
    options = parse(["ann", *arguments])
    assert options.port == 8093
    assert options.tls is not None
    assert options.tls.check_hostname
    assert parse(["ann", *arguments, "--port", "8092"]).port == 8092


def test_brackets_around_an_address_are_understood() -> None:
    assert parse(["ann", "--host", "[::1]"]).host == "::1"


@pytest.mark.parametrize(
    ("choice", "environment", "color"),
    [
        (None, {}, True),
        (None, {"NO_COLOR": ""}, True),
        (None, {"NO_COLOR": "1"}, False),
        (None, {"TERM": "dumb"}, False),
        ("auto", {"NO_COLOR": "1"}, False),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, True),
        ("never", {}, False),
    ],
)
def test_color(monkeypatch: pytest.MonkeyPatch, choice: str | None, environment: dict[str, str], color: bool) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert parse(["ann", *(["--color", choice] if choice else [])]).color is color


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: NAME"),
        (["ann", "bob"], "unrecognized arguments: bob"),
        (["ann", "--port", "0"], "'0' is not a port from 1 to 65535"),
        (["ann", "--port", "65536"], "'65536' is not a port"),
        (["ann", "--port", "9" * 5000], "is not a port"),
        (["ann", "--port", "x"], "'x' is not a port"),
        (["ann", "--host", "chat.example.org:8093"], "has a port in it, which goes with --port"),
        (["ann", "--host", "[::1]:8093"], "'[::1]:8093' has a port in it"),
        (["ann", "--host", ""], "'' is no name or address"),
        (["ann", "--nope"], "unrecognized arguments: --nope"),
        (["ann", "--reconn"], "unrecognized arguments: --reconn"),
        (["ann", "--color", "green"], "invalid choice: 'green'"),
        (["ann", "--tls-key", "x"], "--tls-key goes with --tls-cert"),
        (["ann", "--tls-ca", "/none.pem"], "--tls-ca /none.pem: cannot be read: No such file"),
        (["ann", "--tls-cert", str(FILES / "client.pem")], "does not hold a private key"),
    ],
)
def test_bad_command_line_is_one_line_and_exit_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    output, errors = capsys.readouterr()
    assert (end.value.code, output) == (2, "")
    assert errors.startswith("imp-client: ")
    assert errors.endswith("\n")
    assert errors.count("\n") == 1
    assert words in errors


def test_name_that_cannot_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """CLIENT-7: without connecting."""
    assert main(["1ann", "--host", "no such host"]) == 3
    output, errors = capsys.readouterr()
    assert output == ""
    assert re.fullmatch('no such host:8092: Not done: "1ann": .*\n', errors)


def test_help_suffices(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    output = capsys.readouterr().out
    assert end.value.code == 0
    assert output.startswith("usage: imp-client NAME ")
    assert all(f"\n  {number}  " in output for number in range(4))
    assert all(len(line) <= 80 for line in output.splitlines())


def test_usage_says_how_the_module_was_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [str(ROOT / "reference_client" / "__main__.py")])
    with pytest.raises(SystemExit):
        main(["--help"])
    assert capsys.readouterr().out.startswith("usage: python -m reference_client NAME ")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert re.fullmatch(r"imp-client .*, IMP 1\.0\n", capsys.readouterr().out)


class Stream(io.StringIO):
    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self.isatty = lambda: is_terminal  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("arguments", "output_is_terminal", "term", "edge"),
    [
        ([], True, "xterm", "terminal"),
        (["--json"], True, "xterm", "pipe"),
        ([], True, "dumb", "pipe"),
        ([], True, "", "pipe"),
        ([], False, "xterm", "pipe"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="TERM means nothing there")
def test_screen_is_for_people_at_a_terminal_that_can_move_its_cursor(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], output_is_terminal: bool, term: str, edge: str
) -> None:
    pytest.importorskip("prompt_toolkit")
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stdin", Stream(True))
    monkeypatch.setattr(sys, "stdout", Stream(output_is_terminal))
    monkeypatch.setattr("reference_client.terminal.run", lambda *_: 10)
    monkeypatch.setattr("reference_client.pipe.run", lambda *_: 11)
    assert main(["ann", *arguments]) == {"terminal": 10, "pipe": 11}[edge]


@pytest.mark.skipif(sys.platform == "win32", reason="TERM means nothing there")
def test_without_prompt_toolkit_the_terminal_is_a_pipe_with_a_hint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith(("reference_client.terminal", "prompt_toolkit"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("reference_client.terminal", raising=False)
    monkeypatch.setitem(sys.modules, "prompt_toolkit", None)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdin", Stream(True))
    monkeypatch.setattr(sys, "stdout", Stream(True))
    monkeypatch.setattr("reference_client.pipe.run", lambda *_: 11)
    assert main(["ann"]) == 11
    hint = "For a better terminal install prompt_toolkit (pip install prompt_toolkit).\n"
    assert capsys.readouterr().err == hint


def test_interrupt_that_the_talk_does_not_catch_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on Windows."""

    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("reference_client.pipe.run", interrupted)
    assert main(["ann", "--host", "::1", "--port", "1"]) == 1
    assert capsys.readouterr() == ("", "[::1]:1: Interrupted.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("impwire.tables", "Interrupted.\n"),
        ("construct", "Interrupted.\n"),
        ("asyncio", "127.0.0.1:8092: Interrupted.\n"),
    ],
)
def test_interrupt_while_the_program_is_loaded_is_one_line(module: str, line: str, tmp_path: Path) -> None:
    """The program interrupts itself where it asks for a module. The place is told as soon as it is known."""
    (tmp_path / "sitecustomize.py").write_text(
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # In the background it is ignored.
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
    )
    program = subprocess.run(
        [sys.executable, "-m", "reference_client", "ann"],
        cwd=ROOT,
        env={"PYTHONPATH": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (program.returncode, program.stdout, program.stderr) == (1, "", line)
