"""Programs under test, whatever they do: what they write, what they leave, how they end; and how the suite ends them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.abc import MetaPathFinder
from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.language import load_cases
from conformance.runner import Runner
from conformance.runs import Run
from conformance.targets import (
    ClientTarget,
    ServerTarget,
    TargetWarning,
    load_target,
    of_command,
)
from conformance.targets.output import KEPT
from conformance.targets.ports import Port
from conformance.targets.processes import ending, listening, marked
from conformance.targets.program import Program
from conformance.verdicts import CaseFailed, Verdict
from impwire.tables import Role
from tests.support import PATIENCE, ROOT
from tests.targets import case, file, misbehaving, on_linux, suite


def not_started(command: str, ready: str = "") -> str:
    """What is said of a server that does not come up."""
    target = ServerTarget(of_command(Role.SERVER, command))
    if ready:
        object.__setattr__(target.target, "ready", load_target(Path(ready)).ready)
    with pytest.raises(CaseFailed) as failed:  # noqa: PT012
        server = target.start({})
        try:
            server.wait_until_ready()
        finally:
            server.discard()
    assert failed.value.verdict is Verdict.NOT_STARTED
    return str(failed.value)


def test_program_that_cannot_be_started_is_told_with_the_way_out(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    plain = tmp_path / "plain"
    plain.write_text("data")
    assert "may not be executed; try: chmod +x" in not_started(f"{plain} {{port}}")
    script.chmod(0o755)
    assert "the interpreter that its first line names is not" in not_started(f"{script} {{port}}")
    plain.write_bytes(b"\0\1\2")
    plain.chmod(0o755)
    assert "is no program for this system" in not_started(f"{plain} {{port}}")
    assert "is a folder, no program" in not_started(f"{tmp_path} {{port}}")
    assert "was it built" in not_started(f"{tmp_path}/server {{port}}")
    assert "on the PATH; write ./no-such-server" in not_started("no-such-server {port}")


def test_server_that_ends_at_once_is_told_with_its_words_and_how_it_ended() -> None:
    text = not_started(misbehaving("says why and ends"))
    assert "has ended with exit code 1 before it accepted a connection" in text
    assert "no such luck" in text
    assert "was ended by SIGSEGV before" in not_started(misbehaving("ends by a signal"))
    assert ending(-99) == "was ended by signal 99"


@on_linux
def test_server_that_goes_into_the_background_is_told_to_stay() -> None:
    server = ServerTarget(of_command(Role.SERVER, misbehaving("goes into the background"))).start({})
    assert server.program is not None
    assert server.program.wait(PATIENCE) == 0
    for look in (server.wait_until_ready, server.check_alive):
        with pytest.raises(CaseFailed, match=r"exit code 0.*, and left .* has to stay in the foreground"):
            look()
    folder = str(server.program.folder)
    with pytest.warns(TargetWarning, match="has ended by itself and left behind"):
        server.discard()
    assert marked(folder) == []


def test_server_that_does_not_listen_or_listens_elsewhere_is_told_so(tmp_path: Path) -> None:
    soon = str(file(tmp_path, "role: server\ncommand: x {port}\nready: {within: 1}"))
    text = not_started(misbehaving("does not listen"), soon)
    assert "does not accept connections at 127.0.0.1:" in text
    assert "still thinking" in text
    if sys.platform == "linux":
        assert re.search(r"it listens at 127\.0\.0\.1:\d+", not_started(misbehaving("listens elsewhere"), soon))


def test_line_that_tells_readiness_is_waited_for(tmp_path: Path) -> None:
    command = json.dumps(shlex.split(misbehaving("serves")))
    head = f"role: server\ncommand: {command}\n"
    server = ServerTarget(load_target(file(tmp_path, f"{head}ready: {{line: '^ready to'}}"))).start({})
    server.wait_until_ready()
    server.discard()
    target = ServerTarget(load_target(file(tmp_path, f"{head}ready: {{line: never said, within: 1}}")))
    server = target.start({})
    with pytest.raises(CaseFailed, match="has not written a line that matches 'never said'\nready to serve"):
        server.wait_until_ready()
    server.discard()


@on_linux
def test_listeners_of_either_family_are_found() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as four,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as six,
    ):
        found = listening([os.getpid()])
        assert f"127.0.0.1:{four.getsockname()[1]}" in found
        assert f"[::1]:{six.getsockname()[1]}" in found


def test_port_that_somebody_takes_just_then_costs_no_case(monkeypatch: pytest.MonkeyPatch) -> None:
    target = ServerTarget(of_command(Role.SERVER, misbehaving("serves")))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = Port()
        stolen = Port()
        stolen.number = taken.getsockname()[1]
        ports = iter([stolen, free])
        monkeypatch.setattr("conformance.targets.server.Port", lambda: next(ports))
        server = target.start({})
        assert server.program is not None
        assert server.program.wait(PATIENCE), "it has ended, since the port is taken"
        server.wait_until_ready()
        assert server.port == free.number
        server.discard()


def test_two_processes_are_never_given_one_port() -> None:
    held = [Port() for _ in range(20)]
    assert len({port.number for port in held}) == len(held)
    for port in held:
        port.release()


def test_target_that_cannot_be_started_ends_the_run_with_one_message(tmp_path: Path) -> None:
    folder = case(tmp_path, "[ann, joins]", "    client: ann\n")
    for role, command, words in (
        ("server", misbehaving("says why and ends"), "no such luck"),
        ("client", "/no/such/program {port}", "there is no program /no/such/program"),
    ):
        arguments = ["--spawn", command, "--cases", str(folder), "-n", "1", "--repeat", "9"]
        code, output, entries = suite(role, *arguments, folder=tmp_path)
        assert [entry["verdict"] for entry in entries] == ["could not start"]
        assert output.count(words) == 1
        assert re.search(r"\d+ runs were not played", output), output
        assert code == 1


def test_settings_with_which_a_server_does_not_start_cost_only_their_cases(tmp_path: Path) -> None:
    folder = case(tmp_path, "[ann, joins]", id_="test/plain")
    for number in range(2):
        case(tmp_path, "[ann, joins]", "    with: {rate_burst: 3}\n", f"test/set-{number}")
    refuse = 'case "$*" in *--rate-burst*) echo no; exit 4;; esac; exec "$@"'
    server = f"{sys.executable} -m reference_server --port {{port}} --log {{dir}}/log --bans {{dir}}/bans {{settings}}"
    command = f"sh -c {shlex.quote(refuse)} sh {server}"
    _, output, entries = suite("server", "--spawn", command, "--cases", str(folder), "-n", "1", folder=tmp_path)
    verdicts = {(entry["case"], entry["verdict"]) for entry in entries}
    assert verdicts == {
        ("test/plain", "passed"),
        ("test/set-0", "could not start"),
        ("test/set-1", "could not start"),
    }, output
    assert "has ended with exit code 4" in output


def test_server_that_dies_is_named_with_its_signal_and_costs_only_its_case(tmp_path: Path) -> None:
    folder = case(tmp_path, "[ann, connects]\n[ann, sends, HELLO, {}]\n[ann, receives, WELCOME]")
    case(tmp_path, "[ann, connects]\n[ann, ends stream]\n[ann, is closed]", id_="test/other")
    command = misbehaving("dies at the first byte")
    arguments = ["--cases", str(folder), "--segmentation", "as-is", "--timeout", "0.3", "-n", "1"]
    _, output, entries = suite("server", "--spawn", command, *arguments, folder=tmp_path)
    verdicts = {entry["case"]: entry["verdict"] for entry in entries}
    assert verdicts == {"test/case": "target crashed", "test/other": "timed out"}, output
    assert "the server was ended by SIGABRT" in output


#: What a client does when SAY is due, in Python; and what is said of it. Nothing: it ends before it connects.
ENDS = {
    "": ("wrong exit", "the client has ended with exit code 3, where it should have connected"),
    "sys.exit(3)": ("closed", "the target has closed the connection\nthe client has ended with exit code 3"),
    "os.kill(os.getpid(), 11)": ("target crashed", "the client was ended by SIGSEGV"),
    "1 / 0": ("target crashed", "the client has ended with exit code 1\nTraceback (most recent call last):"),
    "s.sendall(bytes.fromhex('00000006060000000002'))": ("wrong reply", "and got LEAVE"),
}


@pytest.mark.parametrize("code", ENDS)
def test_client_that_ends_is_told_as_it_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr("conformance.targets.program._PARTING", PATIENCE)
    program = tmp_path / "client.py"
    lines = ["import os, socket, sys", "s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))"]
    lines += ["s.sendall(bytes.fromhex('00000016010000000001494d5031010001000000000003616e6e'))"]
    lines += ["s.recv(999)", "sys.stdin.readline()", code, "s.recv(999)"]
    program.write_text("\n".join(lines if code else ["raise SystemExit(3)"]))
    steps = "[ann, joins]\n[ann, sends, SAY, {text: hi}]"
    [script] = load_cases([case(tmp_path, steps, "    client: ann\n")])
    target = ClientTarget.of({"spawn": f"{shlex.quote(sys.executable)} -S {program} {{port}}"})
    target.target = replace(target.target, claims=frozenset())  # It shows nothing.
    runner = Runner(None, target, PATIENCE)
    result = runner.run(Run(script, Role.CLIENT, "ann"))
    runner.close()
    verdict, words = ENDS[code]
    assert result.verdict == verdict, result.text
    assert words in result.text


def running(mode: str) -> Program:
    """A program that behaves so, as it is started for a case."""
    return Program(of_command(Role.SERVER, misbehaving(mode)), {"host": "127.0.0.1", "port": "1"}, {})


def test_output_without_end_is_bounded_and_told() -> None:
    program = running("writes without end")
    deadline = time.monotonic() + PATIENCE
    while program.output.total() < 4 * KEPT and time.monotonic() < deadline:
        program.wait(0.01)
    assert len(program.said()) <= KEPT
    assert re.match(r"\(the end of [\d,]+ bytes\)\nx+…$", program.tail())
    with pytest.raises(CaseFailed, match="it has filled its standard output") as failed:
        program.next_line(PATIENCE)
    assert failed.value.verdict is Verdict.WRONG_OUTPUT
    assert [path for path in program.folder.rglob("*") if path.is_file()] == [], "no disk is filled"
    program.discard()


def test_program_that_does_not_read_its_input_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.targets.program._TYPING", 0.1)
    program = running("reads nothing")
    with pytest.raises(CaseFailed, match="does not read its standard input") as failed:
        program.enter("x" * 1_000_000)
    assert failed.value.verdict is Verdict.TIMED_OUT
    program.discard()


def test_program_that_has_ended_takes_no_input_and_that_is_told() -> None:
    program = running("says why and ends")
    assert program.wait(PATIENCE) == 1
    with pytest.raises(CaseFailed, match="has ended with exit code 1, and takes no input any more\nno such luck"):
        program.enter("hello")
    program.discard()


def test_what_a_program_wrote_before_it_ended_is_there_at_once() -> None:
    for _ in range(20):
        program = Program(of_command(Role.CLIENT, "sh -c 'echo out; echo err >&2; exit 3' {port}"), {"name": "x"}, {})
        assert program.wait(PATIENCE) == 3
        assert (program.said(), program.errors()) == ("out\n", "err\n")
        assert program.next_line(0) == "out"
        assert program.next_line(0) is None
        program.discard()


@on_linux
def test_children_that_leave_the_process_group_are_ended_and_named() -> None:
    program = running("leaves a child")
    assert program.wait(PATIENCE) == 0
    assert len(program.family()) == 1
    with pytest.warns(TargetWarning, match=r"left behind \d+ \(sleep 600\)"):
        program.discard()
    assert program.family() == []


@on_linux
def test_children_are_named_once_behind_the_summary(tmp_path: Path) -> None:
    folder = case(
        tmp_path,
        "[ann, joins]\n[server, is told to end]\n[ann, receives, GOODBYE]\n[ann, is closed]\n[server, exits, 0]",
    )
    server = f"{sys.executable} -m reference_server --port {{port}} --log {{dir}}/log --bans {{dir}}/bans"
    command = f"sh -c 'setsid sleep 600 & exec {server}'"
    arguments = ["--spawn", command, "--cases", str(folder), "--segmentation", "as-is", "-n", "2"]
    code, output, _ = suite("server", *arguments, folder=tmp_path)
    assert code == 0, output
    assert len(re.findall(r"note: sh has ended by itself and left behind \d+ \(sleep 600\)", output)) == 1


def test_server_that_ignores_signals_and_floods_its_output_is_tested_and_ended(tmp_path: Path) -> None:
    server = f"{sys.executable} -m reference_server --port {{port}} --log {{dir}}/log --bans {{dir}}/bans"
    command = f"sh -c 'yes & exec {server}'"
    folder = case(tmp_path, "[ann, joins]")
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    (tmp_path / "temporary").mkdir()
    code, output, _ = suite("server", "--spawn", command, "--cases", str(folder), folder=tmp_path, env=environment)
    assert code == 0, output
    program = running("ignores all signals")
    program.discard()
    assert program.process.returncode == -signal.SIGKILL
    assert list((tmp_path / "temporary").iterdir()) == []


def _heed_ctrl_c() -> None:
    """What runs in the background of a shell, as these tests may, ignores Ctrl-C, and so would what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def _at_work(folder: Path, processes: str) -> Iterator[subprocess.Popen[str]]:
    """The suite, when each of its processes has started a server that leaves its process group and waits for it."""
    command = f"sh -c 'setsid sleep 600 & exec {misbehaving('serves')}'"
    (folder / "temporary").mkdir()
    for number in range(2):
        cases = case(folder, "[ann, connects]\n[ann, receives, OK]", id_=f"test/case-{number}")
    arguments = ["--cases", str(cases), "--timeout", "300", "-n", processes, "--spawn", command]
    with subprocess.Popen(
        [sys.executable, "-m", "conformance", "server", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder / "temporary")},
        start_new_session=True,
        preexec_fn=_heed_ctrl_c,
    ) as process:
        while len(marked(str(folder))) < 2 * int(processes):
            with contextlib.suppress(subprocess.TimeoutExpired):
                assert process.wait(0.02) is None, "it is in the middle of its work"
        yield process


@on_linux
@pytest.mark.parametrize("processes", ["1", "2"])
@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
def test_suite_that_is_told_to_end_leaves_nothing_behind(
    tmp_path: Path, processes: str, signal_: signal.Signals
) -> None:
    with _at_work(tmp_path, processes) as process:
        # Ctrl-C reaches all processes of a terminal, a system's signal the first alone.
        (os.killpg if signal_ is signal.SIGINT else os.kill)(process.pid, signal_)
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert list((tmp_path / "temporary").iterdir()) == []
    assert marked(str(tmp_path)) == []


def test_ctrl_c_while_the_suite_is_being_loaded_ends_it_as_later(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(MetaPathFinder):
        def find_spec(self, name: str, path: object, target: object = None) -> None:
            raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "conformance.command", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    assert main(["--list"]) == 130
    assert capsys.readouterr() == ("", "interrupted\n")


def test_ctrl_c_that_strikes_inside_of_an_import_ends_the_suite_in_one_line(tmp_path: Path) -> None:
    # Python ends by the signal, whoever has caught the exception, if that was raised in code that it has made of a text.
    (tmp_path / "sitecustomize.py").write_text("""if True:
        import os, signal, sys
        signal.signal(2, signal.default_int_handler)  # It is ignored where the tests run in the background.
        class Struck:
            def find_spec(self, name, path, target=None):
                exec("os.kill(os.getpid(), 2)") if name == "conformance.command" else None
        sys.meta_path.insert(0, Struck())""")
    command = [sys.executable, "-m", "conformance", "--list"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "interrupted\n")


@on_linux
@pytest.mark.parametrize("processes", ["1", "2"])
def test_suite_that_is_killed_leaves_nothing_behind(tmp_path: Path, processes: str) -> None:
    """It can do nothing itself then, so this takes a moment."""
    with _at_work(tmp_path, processes) as process:
        process.kill()
        process.communicate(timeout=PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while marked(str(tmp_path)) or any((tmp_path / "temporary").iterdir()):
        assert time.monotonic() < deadline, marked(str(tmp_path))


def test_client_that_ends_before_it_connects_is_named() -> None:
    client = ClientTarget.of({"spawn": "sh -c 'echo cannot >&2; exit 9' {port}"}).start("ann")
    with pytest.raises(
        CaseFailed, match="the client has ended with exit code 9, where it should have connected\ncannot"
    ):
        client.accept(PATIENCE)
    client.discard()


@pytest.mark.parametrize(
    ("role", "words", "typed"),
    [("server", r"process \d+ at 127", "\n"), ("client", r"process \d+, and connects", "")],
    ids=["ENTER", "the end of the input"],
)
def test_debugger_is_waited_for_before_each_case(tmp_path: Path, role: str, words: str, typed: str) -> None:
    folder = case(tmp_path, "[ann, joins]", "    client: ann\n")
    arguments = ["--cases", str(folder), "--segmentation", "as-is", "--debug-wait"]
    code, output, _ = suite(role, *arguments, folder=tmp_path, input=typed)
    assert code == 0, output
    assert re.search(rf"{role} test/case(@ann)?: A test\n  the {role} is {words}.*ENTER plays the case", output), output


def test_rounds_end_with_the_input_when_a_debugger_is_waited_for(tmp_path: Path) -> None:
    """Else they would follow each other for ever, and nobody would be waited for."""
    folder = case(tmp_path, "[ann, joins]")
    arguments = ["server", "--cases", str(folder), "--segmentation", "as-is", "--debug-wait", "--until-failure"]
    code, output, _ = suite(*arguments, folder=tmp_path, input="\n\n\n", timeout=PATIENCE)
    assert code == 0, output
    assert output.count("ENTER plays the case") == 2
    assert output.count("ENTER plays everything again") == 2
