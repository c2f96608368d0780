"""The runner: sessions that must pass do, sessions that must fail fail with the right verdict and words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.__main__ import main
from tests.support import ROOT, ServerProcess


def play(folder: Path, cases: str, *arguments: str) -> tuple[int, str, list[dict[str, str]]]:
    """Run the command line on some cases, as they are, against the reference programs; exit code, output, records."""
    (folder / "cases.yaml").write_text("cases:\n" + cases)
    report = folder / "report.json"
    command = [sys.executable, "-m", "conformance", "--cases", str(folder), "--report-json", str(report)]
    result = subprocess.run(
        [*command, "--segmentation", "as-is", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr, json.loads(report.read_text())["cases"]


def case(steps: str, head: str = "") -> str:
    lines = "".join(f"      - {line.strip()}\n" for line in steps.strip().splitlines())
    return f"  - id: test/case\n    title: A test\n    proves: [SAY-1]\n{head}    steps:\n{lines}"


#: Steps, the verdict on them, and words of its explanation.
FAILING_AGAINST_A_SERVER = {
    "wrong-value": (
        "[ann, joins]\n[ann, sends, SAY, {text: hi}]\n[ann, receives, OK, {seq: 0}]",
        "wrong reply",
        "seq: expected 0, found",
    ),
    "other-message": (
        "[ann, joins]\n[ann, sends, SAY, {text: hi}]\n[ann, receives, PONG]",
        "wrong reply",
        "should have got PONG",
    ),
    "nothing": ("[ann, joins]\n[ann, receives, OK]", "timed out", "nothing came in time"),
    "too-soon": (
        "[ann, joins]\n[ann, sends, PING, {}]\n[ann, sends, WHO, {}]\n[ann, receives, ROSTER]\n[ann, receives, PONG]",
        "wrong order",
        "got PONG",
    ),
    "values-too-soon": (
        """[ann, joins]\n[bob, joins]\n[ann, sends, SAY, {text: one}]\n[ann, receives, OK]
        [ann, sends, SAY, {text: two}]\n[ann, receives, OK]
        [bob, receives, CHAT, {text: two}]\n[bob, receives, CHAT, {text: one}]""",
        "wrong order",
        "text: expected 'two', found 'one'",
    ),
    "reply-not-read": (
        "[ann, joins]\n[ann, sends, SAY, {text: hi}]",
        "unexpected frame",
        "should have got nothing, and got OK",
    ),
    "event-not-read": (
        "[ann, joins]\n[bob, joins]\n[ann, sends, SAY, {text: hi}]\n[ann, receives, OK]\n[bob, receives nothing]",
        "unexpected frame",
        "CHAT",
    ),
    "stays": ("[ann, joins]\n[ann, is closed]", "timed out", "the end of the stream"),
    "reply-before-end": ("[ann, joins]\n[ann, sends, LEAVE]\n[ann, is closed]", "unexpected frame", "got GOODBYE"),
    "goodbye-for-error": (
        "[ann, connects]\n[ann, sends raw, '00000001']\n[ann, receives, ERROR]",
        "wrong reply",
        "MALFORMED",
    ),
    "closed-for-message": (
        "[ann, joins]\n[ann, sends, LEAVE]\n[ann, receives, GOODBYE]\n[ann, receives, OK]",
        "closed",
        "the target has closed the connection",
    ),
    "closed-for-reset": (
        "[ann, joins]\n[ann, sends, LEAVE]\n[ann, receives, GOODBYE]\n[ann, is reset]",
        "closed",
        "a reset",
    ),
}
FAILING_AGAINST_A_CLIENT = {
    "shows-nothing": ("[ann, joins]\n[ann, shows, something]", "timed out", "showed nothing"),
    "shows-other": ("[ann, joins]\n[ann, types, /frob]\n[ann, shows, something]", "wrong output", "/frob"),
    "sends-something": ("[ann, joins]\n[ann, types, hi]\n[ann, sends nothing]", "wrong reply", "got SAY"),
    "line-not-read": ("[ann, joins]\n[ann, types, /frob]", "wrong output", "Users here: ann"),
    "exit-code": (
        "[ann, joins]\n[ann, receives, GOODBYE, {code: SHUTTING_DOWN}]\n[ann, is closed]\n[ann, exits, 0]",
        "wrong exit",
        "has ended with exit code 1, where it should have ended with exit code 0",
    ),
    "stays": ("[ann, joins]\n[ann, exits, 0]", "timed out", "still running"),
    "stays-connected": ("[ann, joins]\n[ann, is closed]", "timed out", "the end of the stream"),
}


@pytest.mark.parametrize(
    ("role", "cases", "head"),
    [
        ("server", FAILING_AGAINST_A_SERVER, ""),
        ("client", FAILING_AGAINST_A_CLIENT, "    client: ann\n    server: false\n"),
    ],
)
def test_session_that_fails_fails_with_the_right_verdict_and_words(
    tmp_path: Path, role: str, cases: dict[str, tuple[str, str, str]], head: str
) -> None:
    text = "".join(case(steps, head).replace("test/case", f"test/{name}") for name, (steps, _, _) in cases.items())
    # A client needs its time to start before it connects.
    timeout = "0.5" if role == "server" else "2"
    code, output, records = play(tmp_path, text, role, "--timeout", timeout, "-n", "1")
    assert len(records) == len(cases), output
    for record in records:
        _, verdict, words = cases[record["case"].removeprefix("test/")]
        assert record["verdict"] == verdict, record
        assert words in record["text"], record
    assert "SAY-1 (protocol.txt, section 12.2)" in output, "the requirement's sentence is quoted"
    assert code == 1
    assert output.rstrip().endswith(f"0 passed, {len(cases)} failed, 0 skipped")


def test_crashed_server_is_told_apart_and_costs_only_its_case(tmp_path: Path) -> None:
    # "{settings}" is missing, so the second server of the run is one without a bug.
    steps = "[ann, joins]\n[server, is told to end]\n[ann, receives, OK]"
    code, output, records = play(tmp_path, case(steps), "server", "--timeout", "1")
    assert [record["verdict"] for record in records] == ["wrong reply"]
    assert code == 1
    command = f"{sys.executable} -c 'import sys; sys.exit(\"out of luck\")' {{host}} {{port}} {{settings}}"
    code, output, records = play(tmp_path, case("[ann, joins]"), "server", "--spawn", command)
    assert [record["verdict"] for record in records] == ["could not start"]
    assert "out of luck" in output
    assert code == 1


def test_case_that_asks_for_settings_is_skipped_where_they_cannot_be_given(tmp_path: Path) -> None:
    command = f"{sys.executable} -m reference_server --port {{port}} --log {{dir}}/log --bans {{dir}}/bans"
    cases = case("[ann, joins]", "    with: {rate_burst: 3}\n")
    code, output, records = play(tmp_path, cases, "server", "--spawn", command)
    assert [record["verdict"] for record in records] == ["skipped"]
    assert "no {settings}" in output
    assert code == 1, "nothing was played, and that is a failure"


def test_run_in_which_nothing_ran_fails(tmp_path: Path) -> None:
    code, output, records = play(tmp_path, case("[ann, joins]"), "server", "-k", "no-such-case")
    assert (code, records) == (1, [])
    assert "no case was played" in output
    assert output.rstrip().endswith("0 passed, 0 failed, 0 skipped")


def test_server_that_runs_already(tmp_path: Path, server: ServerProcess) -> None:
    steps = "[ann, joins]\n[bob, joins]\n[bob, drops]\n[ann, receives, LEFT, {who: $bob}]"
    cases = case(steps) + case("[bob, joins]\n[console, types, /all hi]").replace("test/case", "test/console")
    cases += case("[ann, joins]\n[bob, joins]").replace("test/case", "test/again")
    _, output, records = play(tmp_path, cases, "server", "--connect", f"127.0.0.1:{server.port}")
    assert [record["verdict"] for record in records] == ["passed", "skipped", "passed"], output
    assert "console" in output


def test_server_that_others_use_is_told(tmp_path: Path, server: ServerProcess) -> None:
    other = server.user("somebody")
    _, output, records = play(
        tmp_path, case("[ann, joins]"), "server", "--connect", f"127.0.0.1:{server.port}", "--timeout", "0.5"
    )
    assert [record["verdict"] for record in records] == ["timed out"]
    assert "somebody" in output
    assert "needs it to itself" in output
    other.socket.close()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--spawn", "x"],
        ["client", "--connect", "h:1"],
        ["server", "--connect", "h:port"],
        ["server", "--timeout", "0"],
        ["both"],
    ],
)
def test_wrong_command_line_is_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.setattr("conformance.command._play", lambda *_: pytest.fail("something is played"))
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert capsys.readouterr().err.startswith("usage: ")


def test_wrong_case_file_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("cases:\n  - id: 5\n")
    result = subprocess.run(
        [sys.executable, "-m", "conformance", "--cases", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "bad.yaml:2:9" in result.stderr


def test_report_that_cannot_be_written_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text("cases:\n" + case("[ann, joins]"))
    command = [sys.executable, "-m", "conformance", "server", "--cases", str(tmp_path)]
    result = subprocess.run(
        [*command, "--report-json", "/dev/full"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "cannot write" in result.stderr
    assert result.stdout.rstrip().endswith("2 passed, 0 failed, 0 skipped"), "the verdicts are told all the same"


def test_told_to_end_the_suite_ends_what_it_has_started(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "conformance", "server", "-n", "1", "--exclude", "derived", "--segmentation", "as-is"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as suite:
        assert suite.stdout is not None
        assert suite.stdout.readline(), "it is in the middle of its work"
        assert list(tmp_path.iterdir())
        suite.terminate()
        assert suite.stdout.read().rstrip().endswith("skipped"), "the summary is told all the same"
    assert suite.returncode == 130
    assert list(tmp_path.iterdir()) == []
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.parent.name != "self"]
    assert not any(str(tmp_path).encode() in command for command in commands)


def test_processes_share_the_work(tmp_path: Path) -> None:
    cases = "".join(case("[ann, joins]").replace("test/case", f"test/case-{number}") for number in range(6))
    code, output, records = play(tmp_path, cases, "server", "-n", "2")
    assert code == 0, output
    assert len(records) == 6


#: The reference server, whose frames end too soon as often as is told.
_HASTY = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from reference_server import __main__
left, settings = Path(sys.argv[1]), sys.argv[2:]
number = int(left.read_text())
if number:
    left.write_text(str(number - 1))
    settings[settings.index("--frame-timeout") + 1] = "50"
sys.exit(__main__.main(settings))
"""


@pytest.mark.parametrize(("hasty", "verdict"), [(2, "passed"), (3, "too early")])
def test_case_with_timers_may_fail_twice(tmp_path: Path, hasty: int, verdict: str) -> None:
    (tmp_path / "hasty.py").write_text(_HASTY)
    (tmp_path / "left").write_text(str(hasty))
    program = f"{sys.executable} {tmp_path}/hasty.py {tmp_path}/left"
    command = f"{program} --port {{port}} --log {{dir}}/log --bans {{dir}}/bans {{settings}}"
    steps = "[ann, joins]\n[ann, sends raw, '00']\n[ann, receives, GOODBYE, {}, {after: 300}]\n[ann, is closed]"
    cases = case(steps, "    with: {frame_timeout: 300}\n")
    (tmp_path / "target.yaml").write_text(
        f"role: server\nname: hasty\ncommand: {json.dumps(command)}\nsettings: --{{option}} {{value}}\n"
    )
    (tmp_path / "cases").mkdir()
    target = ["--target", str(tmp_path / "target.yaml")]
    code, output, records = play(tmp_path / "cases", cases, "server", *target, "-n", "1")
    assert [record["verdict"] for record in records] == [verdict], output
    assert code == (0 if verdict == "passed" else 1)
