"""What is under test: target files, programs that behave badly as programs, and a server in another language."""

from __future__ import annotations

import json
import re
import socket
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from conformance.__main__ import main
from conformance.expectations import Expectations
from conformance.language import InvalidFile, load_cases
from conformance.plan import Plan
from conformance.targets import (
    REFERENCE,
    RunningServer,
    ServerTarget,
    load_target,
    of_command,
)
from conformance.targets.load import KEYS
from conformance.verdicts import CaseSkipped, Verdict
from impwire.tables import LIMITS, TIMERS, Role
from tests.support import PATIENCE, ROOT, require_program
from tests.targets import FIXTURES, PAGE, TARGETS, case, file, suite

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


@pytest.mark.usefixtures("loaded")
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
