"""What is under test: target files, programs that behave badly as programs, and a server in another language."""

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
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from conformance.__main__ import main
from conformance.expectations import Expectations
from conformance.language import InvalidFile, load_cases
from conformance.plan import Plan
from conformance.targets import (
    REFERENCE,
    ClientTarget,
    RunningServer,
    ServerTarget,
    TargetWarning,
    load_target,
    of_command,
)
from conformance.targets.load import KEYS
from conformance.targets.output import KEPT
from conformance.targets.ports import Port
from conformance.targets.processes import ending, listening, marked
from conformance.targets.program import Program
from conformance.verdicts import CaseFailed, CaseSkipped, Verdict
from impwire.tables import LIMITS, TIMERS, Role
from tests.support import PATIENCE, ROOT, require_program

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


# -- target files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_ready_made_target_is_that_of_a_run_without_a_target(role: Role) -> None:
    target = load_target(REFERENCE[role])
    assert target.role is role
    words = target.words({"host": "127.0.0.1", "port": "1", "name": "ann", "dir": "/tmp/x"}, {})
    assert words[0] == sys.executable
    assert f"reference_{role}" in words
    assert target.folder == str(ROOT)
    assert not re.findall(r"\{[a-z]+\}", " ".join(words)), "every placeholder is filled"


def test_settings_are_passed_as_the_file_says(tmp_path: Path) -> None:
    target = load_target(
        file(
            tmp_path,
            """
role: server
command: ["./server", "{port}", "{settings}", "end"]
environment: {DATA: "{dir}/data"}
settings:
  rate_burst: --burst={value}
  ping_after: {option: --ping-after {value}, unit: s}
  pong_timeout: {variable: PONG, unit: s}
""".replace("--ping-after {value}", '"--ping-after {value}"'),
        )
    )
    settings = {"rate_burst": 3, "ping_after": 1500, "pong_timeout": 2000}
    assert target.words({"port": "7"}, settings) == ["./server", "7", "--burst=3", "--ping-after", "1.5", "end"]
    assert target.words({"port": "7"}, {}) == ["./server", "7", "end"]
    variables = target.variables({"dir": "/x"}, settings)
    assert (variables["PONG"], variables["DATA"]) == ("2", "/x/data")
    assert target.folder == str(tmp_path)


def test_settings_inside_of_a_word_are_one_text_for_a_shell() -> None:
    target = of_command(Role.SERVER, "sh -c 'exec server ${port} {{port}} {port} {settings}'")
    assert target.words({"port": "7"}, {"rate_burst": 3})[2] == "exec server ${port} {{port}} 7 --rate-burst 3"


def test_name_of_a_client_is_the_last_word_where_the_command_does_not_place_it() -> None:
    assert of_command(Role.CLIENT, "c {port}").words({"port": "7", "name": "ann"}, {}) == ["c", "7", "ann"]
    assert of_command(Role.CLIENT, "c {name} {port}").words({"port": "7", "name": "ann"}, {}) == ["c", "ann", "7"]


MISTAKES = {
    "role: sever\ncommand: x {port}": "1:7: unknown role 'sever'; did you mean 'server'?",
    "command: x {port}": "1:1: key 'role' is missing",
    "role: server": "1:1: a target has either 'command' or 'address'",
    "role: server\ncommand: x {port}\naddress: h:1": "1:1: a target has either 'command' or 'address'",
    "role: server\naddress: 8092": "2:10: expected a string",
    "role: server\naddress: localhost": "2:10: 'localhost' is not host:port",
    "role: client\naddress: localhost:1": "2:1: 'address' is for servers alone",
    "role: server\ncomand: x {port}": "2:1: unknown key 'comand'; did you mean 'command'?",
    "role: server\ncommand: x {prt}": "2:10: unknown placeholder {prt}; did you mean '{port}'?",
    "role: server\ncommand: x": "2:10: {port} is missing",
    "role: server\ncommand: x '{port}": "2:10: no closing quotation",
    "role: server\ncommand: []": "2:10: the command is empty",
    "role: server\ncommand: x {port} {name}": "2:10: unknown placeholder {name}",
    "role: server\ncommand: x {port} {settings}": "2:10: 'settings' is missing",
    "role: server\ncommand: x {port}\nsettings: {rate_burst: '-b {value}'}": "3:11: the command has no {settings}",
    "role: server\ncommand: x {port} {settings}\nsettings: --x {value}": "3:11: one way for all settings needs {option}",
    "role: server\ncommand: x {port} {settings}\nsettings: {rate_brust: '-b {value}'}": "did you mean 'rate_burst'?",
    "role: server\ncommand: x {port} {settings}\nsettings: {rate_burst: -b}": "3:24: {value} is missing",
    "role: server\ncommand: x {port}\nsettings: {rate_burst: {variable: B, unit: s}}": "'rate_burst' is no timer",
    "role: server\ncommand: x {port}\nsettings: {rate_burst: {}}": "3:24: a setting has either 'option' or 'variable'",
    "role: server\ncommand: x {port}\nready: {line: '('}": "3:15: no regular expression",
    "role: server\ncommand: x {port}\nready: {within: 0}": "3:17: seconds go from 1 to 3600",
    "role: client\ncommand: x {port}\nready: {line: x}": "3:9: a client is ready when it connects",
    "role: server\ncommand: x {port}\nconsole: stdout": "3:10: unknown console 'stdout'; known are stdin, none",
    "role: server\ncommand: x {port}\nstop: TERM": "3:7: unknown signal 'TERM'; did you mean 'SIGTERM'?",
    "role: client\ncommand: x {port}\nstop: SIGTERM": "3:1: 'stop' is for servers alone",
    "role: server\ncommand: x {port}\ncapabilities: [consol]": "unknown capability 'consol'; did you mean 'console'?",
    "role: server\ncommand: x {port}\ncapabilities: [restart]": "'restart' is claimed, and the command has no {dir}",
    "role: server\ncommand: x {port}\ncapabilities: [settings]": "'settings' is claimed, and the command has no {settings}",
    "role: server\naddress: h:1\ncapabilities: [console]": "'console' is claimed, and it runs already",
    "role: server\ncommand: x {port}\nconsole: none\ncapabilities: [console]": "says 'console: none'",
    "role: server\ncommand: x {port}\nstop: none\ncapabilities: [stop]": "says 'stop: none'",
    "role: server\ncommand: x {port}\ndirectory: nowhere": "3:12: there is no folder",
    "role: server\ncommand: x {port}\nknown_failures: none.yaml": "none.yaml:1:1: cannot be read",
    "role: server\ncommand: x {port}\nknown_failures: {pm/delivered: wrong replay}": "did you mean 'wrong reply'?",
    "role: server\ncommand: x {port}\nknown_flaky: {pm/delivered: ''}": "say why it fails now and then",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_mistake_in_a_target_file_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidFile) as invalid:
        load_target(file(tmp_path, text))
    assert MISTAKES[text] in str(invalid.value)
    assert re.match(rf"{re.escape(str(tmp_path))}/\w+\.yaml:\d+:\d+: ", str(invalid.value))


def test_mistakes_of_a_target_file_are_told_at_once_before_anything_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path, "role: server\ncommand: x {prt}\nstop: TERM\nredy: {}\n")
    with pytest.raises(SystemExit, match="2"):
        main(["--target", str(path)])
    *mistakes, last = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1] for line in mistakes] == ["3", "4"]
    assert last == "2 mistakes; nothing was played"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["server", "--target", "FILE"], "is for a client, not for a server"),
        (["server", "--spawn", "server {prt}"], "--spawn: unknown placeholder {prt}; did you mean '{port}'?"),
        (["server", "--spawn", "server"], "--spawn: {port} is missing"),
        (["server", "--spawn", "server '"], "--spawn: no closing quotation: server '"),
    ],
)
def test_mistake_in_the_command_line_is_told_before_anything_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    path = str(file(tmp_path, "role: client\ncommand: x {port}"))
    with pytest.raises(SystemExit, match="2"):
        main([path if word == "FILE" else word for word in arguments])
    assert words in capsys.readouterr().err


def test_page_documents_every_key_and_its_examples_load(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for key in (*KEYS, "option", "variable", "line", "within"):
        assert f"`{key}`" in text, f"{key} is not on the page"
    examples = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.S) if "role:" in block]
    assert len(examples) >= 3
    schema = json.loads((TARGETS / "target.schema.json").read_text())
    (known,) = re.findall(r"```yaml\n(# known-failures.yaml\n.*?)```", text, re.S)
    (tmp_path / "known-failures.yaml").write_text(known)
    runs = Plan(targets={}).every_run()
    for example in examples:
        target = load_target(file(tmp_path, example))
        Expectations(target.known_failures, target.known_flaky).check(runs)
        jsonschema.validate(yaml.safe_load(example), schema)


def test_schema_for_editors_has_what_the_loader_takes() -> None:
    schema = json.loads((TARGETS / "target.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == set(KEYS)
    assert schema["$defs"]["setting"]["propertyNames"]["enum"] == [*LIMITS, *TIMERS]
    assert schema["$defs"]["verdict"]["enum"] == [
        str(verdict)
        for verdict in Verdict
        if verdict.counts_as == "failed"
        and verdict not in (Verdict.HARNESS_ERROR, Verdict.CLAIMED)
        and not verdict.startswith("known")
    ]
    for path in (*TARGETS.glob("*.yaml"), FIXTURES / "perl-server.yaml"):
        jsonschema.validate(yaml.safe_load(path.read_text()), schema)


# -- capabilities ----------------------------------------------------------------------------------------------------

NEEDS = {
    "settings": ("[ann, joins]", "    with: {rate_burst: 3}\n"),
    "console": ("[ann, joins]\n[console, types, /all hi]", ""),
    "restart": ("[ann, joins]\n[server, is killed and restarted]", ""),
    "stop": ("[ann, joins]\n[server, is told to end]", ""),
}


@pytest.mark.parametrize("capability", NEEDS)
def test_case_is_skipped_for_what_is_not_claimed_with_that_reason(tmp_path: Path, capability: str) -> None:
    (found,) = load_cases([case(tmp_path, *NEEDS[capability])])
    command = "command: x {port} {dir} {settings}\nsettings: --{option} {value}\n"
    others = [name for name in NEEDS if name != capability]
    lack = ServerTarget(load_target(file(tmp_path, f"role: server\n{command}capabilities: {others}"))).lack(found)
    assert isinstance(lack, CaseSkipped)
    assert str(lack) == f"needs '{capability}': 'capabilities' of its target file does not name it"
    for claims in ("", f"capabilities: {list(NEEDS)}"):
        assert ServerTarget(load_target(file(tmp_path, f"role: server\n{command}{claims}"))).lack(found) is None


def test_server_that_runs_already_is_skipped_with_the_way_out(tmp_path: Path) -> None:
    for needs in NEEDS.values():
        (found,) = load_cases([case(tmp_path, *needs)])
        lack = ServerTarget.of({"connect": "127.0.0.1:1"}).lack(found)
        assert isinstance(lack, CaseSkipped)
        assert "use --spawn or a target file with a command" in str(lack)


def test_capability_that_is_claimed_and_lacking_fails_the_case(tmp_path: Path) -> None:
    folder = case(tmp_path, *NEEDS["settings"])
    claims = "settings: {ping_after: '-p {value}'}\ncapabilities: [settings]"
    path = file(tmp_path, f"role: server\ncommand: x {{port}} {{settings}}\n{claims}")
    code, output, entries = suite("--target", str(path), "--cases", str(folder), folder=tmp_path)
    assert (code, {entry["verdict"] for entry in entries}) == (1, {"claimed, but skipped"})
    assert "claims 'settings', and 'settings' of its target file does not tell how to set rate_burst" in output


def test_client_that_shows_nothing_is_played_what_can_be_seen_on_the_wire(tmp_path: Path) -> None:
    client = f"{sys.executable} -m reference_client {{name}} --host {{host}} --port {{port}}"
    quiet = f'role: client\ncommand: sh -c "exec {client} > {{dir}}/shown"\ndirectory: {ROOT}\ncapabilities: []'
    head = "    client: ann\n"
    folder = case(tmp_path, "[ann, joins]\n[ann, sends, SAY, {text: hi}]\n[ann, receives, OK]", head, "test/wire")
    case(
        tmp_path,
        "[ann, joins]\n[ann, types, /frob]\n[ann, complains, /frob]",
        f"{head}    server: false\n",
        "test/shown",
    )
    arguments = ["--target", str(file(tmp_path, quiet)), "--cases", str(folder), "--segmentation", "as-is"]
    code, output, entries = suite(*arguments, folder=tmp_path)
    verdicts = {entry["case"]: entry["verdict"] for entry in entries}
    assert verdicts == {"test/wire": "passed", "test/shown": "skipped"}, output
    assert code == 0
    assert "needs 'display'" in output


# -- programs --------------------------------------------------------------------------------------------------------


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


@on_linux
@pytest.mark.parametrize("processes", ["1", "2"])
@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
def test_suite_that_is_told_to_end_leaves_nothing_behind(
    tmp_path: Path, processes: str, signal_: signal.Signals
) -> None:
    command = f"sh -c 'setsid sleep 600 & exec {misbehaving('serves')}'"
    (tmp_path / "temporary").mkdir()
    for number in range(2):
        folder = case(tmp_path, "[ann, connects]\n[ann, receives, OK]", id_=f"test/case-{number}")
    arguments = ["--cases", str(folder), "--timeout", "300", "-n", processes, "--spawn", command]
    with subprocess.Popen(
        [sys.executable, "-m", "conformance", "server", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        start_new_session=True,
        preexec_fn=_heed_ctrl_c,
    ) as process:
        while len(marked(str(tmp_path))) < 2 * int(processes):
            with contextlib.suppress(subprocess.TimeoutExpired):
                assert process.wait(0.02) is None, "it is in the middle of its work"
        # Ctrl-C reaches all processes of a terminal, a system's signal the first alone.
        (os.killpg if signal_ is signal.SIGINT else os.kill)(process.pid, signal_)
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert list((tmp_path / "temporary").iterdir()) == []
    assert marked(str(tmp_path)) == []


def test_client_that_ends_before_it_connects_is_named() -> None:
    client = ClientTarget.of({"spawn": "sh -c 'echo cannot >&2; exit 9' {port}"}).start("ann")
    with pytest.raises(CaseFailed, match="the client has ended with exit code 9 before it connected\ncannot"):
        client.accept(PATIENCE)
    client.discard()


# -- waiting for a debugger ------------------------------------------------------------------------------------------


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


# -- a server in another language ------------------------------------------------------------------------------------


def test_server_in_another_language_passes_all_but_what_it_is_known_to_fail(tmp_path: Path) -> None:
    require_program("perl")
    path = FIXTURES / "perl-server.yaml"
    code, output, entries = suite("--target", str(path), "--exclude", "derived", folder=tmp_path)
    assert code == 0, output
    assert {entry["verdict"] for entry in entries} == {"passed", "skipped", "known failure"}
    known = {entry["case"] for entry in entries if entry["verdict"] == "known failure"}
    assert known == {id_ for id_ in load_target(path).known_failures if not id_.startswith("derived/")}
    lacking = {entry["text"] for entry in entries if entry["verdict"] == "skipped"}
    assert {text.split("'")[1] for text in lacking} <= {"settings", "console", "restart"}


def test_connection_can_come_from_another_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server: RunningServer = ServerTarget.of({"connect": f"127.0.0.1:{listener.getsockname()[1]}"}).start({})
        with server.connect(PATIENCE, source="127.0.0.1") as sock:
            assert sock.getsockname()[0] == "127.0.0.1"
        with pytest.raises(CaseSkipped, match="needs to connect from 192"):
            server.connect(PATIENCE, source="192.0.2.1")
