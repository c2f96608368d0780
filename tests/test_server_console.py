"""The operator's console, on a terminal and on a pipe: what can be typed, what is seen, and what it must not disturb."""

from __future__ import annotations

import concurrent.futures
import os
import re
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from impwire import messages as m
from reference_server import pipe
from reference_server.commands import Entered, NotUnderstood, candidates, parse
from reference_server.pipe import LONGEST
from tests.support import PATIENCE, ROOT, ServerProcess, User
from tests.watched import becomes

Start = Callable[..., ServerProcess]

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

_UNLIMITED = ["--rate-burst", "1000000", "--rate-per-second", "1000000"]

# A session leader takes the terminal that it opens for its own, as a shell's would be.
_ON_TERMINAL = ["sh", "-c", 'exec "$@" <"$0" >"$0" 2>"$0"']


class Terminal:
    """A reference server on a pseudo-terminal of its own."""

    def __init__(
        self, stack: ExitStack, folder: Path, *arguments: str, program: list[str] | None = None, **environment: str
    ) -> None:
        import pty

        self.master, self._slave = pty.openpty()
        stack.callback(self.hang_up)
        termios.tcsetwinsize(self._slave, (24, 80))
        self.found = termios.tcgetattr(self._slave)
        files = ["--log", str(folder / "log"), "--bans", str(folder / "bans")]
        self.process = subprocess.Popen(
            [
                *_ON_TERMINAL,
                os.ttyname(self._slave),
                *(program or [sys.executable, "-m", "reference_server"]),
                "--port",
                "0",
                *files,
                *arguments,
            ],
            cwd=ROOT,
            env=os.environ | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "LC_ALL": "C.UTF-8"} | environment,
            start_new_session=True,
        )
        stack.callback(self._end)
        self._seen = self.raw = ""
        self.shows("listening on ")
        self.shows("\r\n")
        self.port = int(self._last.rpartition(":")[2])

    def types(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def shows(self, text: str) -> None:
        """Read until the text has appeared."""
        while text not in self._seen:
            piece = self._read()
            assert piece, f"{text!r} never came: {self._seen!r}"
            self.raw += piece
            # What moves the cursor and sets colours is left out; an escape may have come in two pieces.
            self._seen = _ESCAPE.sub("", self._seen + piece)
        self._last, _, self._seen = self._seen.partition(text)

    def is_as_found(self) -> bool:
        return termios.tcgetattr(self._slave) == self.found

    def hang_up(self) -> None:
        for descriptor in (self.master, self._slave):
            if descriptor >= 0:
                os.close(descriptor)
        self.master = self._slave = -1

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    def _end(self) -> None:
        self.process.kill()
        self.process.wait()

    def _read(self) -> str:
        if not select.select([self.master], [], [], PATIENCE)[0]:
            return ""
        try:
            return os.read(self.master, 65536).decode(errors="replace")
        except OSError:
            return ""  # What Linux says when the other side is closed.


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def start(stack: ExitStack, tmp_path: Path) -> Callable[..., Terminal]:
    """Starts servers on terminals."""
    pytest.importorskip("prompt_toolkit")

    def start(*arguments: str, **more: object) -> Terminal:
        terminal = Terminal(stack, tmp_path, *arguments, **more)  # type: ignore[arg-type]
        terminal.shows(">")
        return terminal

    return start


StartTerminal = Callable[..., Terminal]


# -- what can be typed on a terminal -----------------------------------------------------------------------------------


def test_terminal_completes_commands_users_and_bans(start: StartTerminal) -> None:
    terminal = start()
    user = User(terminal.port, "Annabel")
    terminal.types("/ki\t")
    terminal.shows("/ki")
    terminal.shows("ck")
    terminal.types("ann\t")
    terminal.shows("Annabel")
    terminal.types("\r")
    terminal.shows("Annabel was removed")
    goodbye = user.receive_all()[-1]
    assert isinstance(goodbye, m.Goodbye)
    assert goodbye.code is m.GoodbyeCode.KICKED
    terminal.types("/ban mallory\r")
    terminal.shows("mallory is banned for good")
    terminal.types("/unban mal\t")
    terminal.shows("/unban mal")
    terminal.shows("lory")
    terminal.types("\r")
    terminal.shows("mallory is no longer banned")


def test_terminal_remembers_what_was_typed(start: StartTerminal) -> None:
    terminal = start()
    terminal.types("/ban mallory\r")
    terminal.shows("mallory is banned")
    terminal.types("/unban mallory\r")
    terminal.shows("mallory is no longer banned")
    terminal.types("\x1b[A\x1b[A\r")
    terminal.shows("mallory is banned")


def test_output_leaves_alone_what_is_being_typed(start: StartTerminal, tmp_path: Path) -> None:
    """A log that breaks is told while the operator types; the line goes on where it was."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    terminal = start("--log", str(pipe))
    terminal.types("/all half a li")
    terminal.shows("/all half a li")
    os.close(reader)
    user = User(terminal.port, "ann")
    terminal.shows("cannot be written")
    terminal.shows("/all half a li")
    terminal.types("ne\r")
    notice = user.receive()
    assert isinstance(notice, m.Notice)
    assert notice.text == "half a line"


def test_terminal_without_colour_has_none(start: StartTerminal) -> None:
    def colours(terminal: Terminal) -> list[str]:
        terminal.types("/\t")
        terminal.shows("/unban")
        terminal.types("\x03")
        assert terminal.wait() == 0
        return re.findall(r"\x1b\[[0-9;]*\b(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m", terminal.raw)

    assert colours(start()), "or else this test sees nothing"
    assert not colours(start(NO_COLOR="1"))


# -- how it ends on a terminal -----------------------------------------------------------------------------------------


def test_ctrl_d_changes_nothing_and_ctrl_c_stops(start: StartTerminal) -> None:
    terminal = start()
    user = User(terminal.port, "ann")
    terminal.types("\x04")
    terminal.shows("/stop or Ctrl-C stops the server")
    assert isinstance(user.ask(m.Ping, nonce=1), m.Pong)
    terminal.types("\x03")
    goodbye = user.receive_all()[-1]
    assert isinstance(goodbye, m.Goodbye)
    assert goodbye.code is m.GoodbyeCode.SHUTTING_DOWN
    user.socket.close()
    assert terminal.wait() == 0
    assert terminal.is_as_found()


@pytest.mark.parametrize("way", ["Ctrl-C", "SIGTERM"])
def test_second_one_ends_at_once_and_leaves_the_terminal_as_it_was(start: StartTerminal, way: str) -> None:
    terminal = start("--close-drain", "60000")
    user = User(terminal.port, "ann")
    assert not terminal.is_as_found(), "a prompt has been set up"

    def ask_to_stop() -> None:
        if way == "Ctrl-C":
            terminal.types("\x03")
        else:
            terminal.process.send_signal(signal.SIGTERM)

    ask_to_stop()
    assert isinstance(user.receive(), m.Goodbye)
    ask_to_stop()
    assert terminal.wait() == 1
    assert terminal.is_as_found()


_LATE_PROMPT = """
import sys, termios, tty
from reference_server import __main__, terminal
restore = terminal.Terminal.restore
def restore_and_prompt(self):
    restore(self)
    try:
        tty.setraw(0)  # As the thread of the console does for its next prompt.
    except termios.error:
        pass
terminal.Terminal.restore = restore_and_prompt
sys.exit(__main__.main(sys.argv[1:]))
"""


def test_prompt_that_comes_late_does_not_reach_the_terminal(start: StartTerminal) -> None:
    terminal = start("--close-drain", "60000", program=[sys.executable, "-c", _LATE_PROMPT])
    user = User(terminal.port, "ann")
    terminal.process.send_signal(signal.SIGTERM)
    assert isinstance(user.receive(), m.Goodbye)
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.wait() == 1
    assert terminal.is_as_found()


_BROKEN = """
import sys
from reference_server import __main__, service
def broken(self, *arguments, **named):
    raise RuntimeError("a bug, put here by the test")
service.Service.tick = broken
sys.exit(__main__.main(sys.argv[1:]))
"""


def test_crash_leaves_the_terminal_as_it_was(start: StartTerminal) -> None:
    terminal = start("--handshake-timeout", "300", program=[sys.executable, "-c", _BROKEN])
    assert not terminal.is_as_found()
    user = User(terminal.port)
    assert isinstance(user.receive_all()[-1], m.Goodbye)
    user.socket.close()
    terminal.shows("the server has failed")
    assert terminal.wait() == 1
    assert terminal.is_as_found()


_HEEDS_HANGUP = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # The tests themselves may run under nohup.
from reference_server import __main__
sys.exit(__main__.main(sys.argv[1:]))
"""


def test_terminal_that_closes_stops_the_server(start: StartTerminal) -> None:
    terminal = start(program=[sys.executable, "-c", _HEEDS_HANGUP])
    user = User(terminal.port, "ann")
    terminal.hang_up()
    goodbye = user.receive_all()[-1]
    assert isinstance(goodbye, m.Goodbye)
    assert goodbye.code is m.GoodbyeCode.SHUTTING_DOWN
    user.socket.close()
    assert terminal.wait() == 0


def test_terminal_that_takes_nothing_holds_up_nobody(start: StartTerminal) -> None:
    """Nobody reads the terminal, which soon is full; the chat goes on, and the server can be stopped."""
    terminal = start(*_UNLIMITED)
    user = User(terminal.port, "ann")
    os.set_blocking(terminal.master, False)
    for number in range(10_000):
        try:
            terminal.types("/help\r" * 10)
        except BlockingIOError:
            break
        assert isinstance(user.ask(m.Ping, nonce=number), m.Pong)
    else:
        pytest.fail("it takes lines without end, and keeps their answers")
    terminal.process.send_signal(signal.SIGTERM)
    assert isinstance(user.receive_all()[-1], m.Goodbye)
    user.socket.close()
    assert terminal.wait() == 0


_WITHOUT = """
import sys
sys.modules["prompt_toolkit"] = None
from reference_server import __main__
sys.exit(__main__.main(sys.argv[1:]))
"""


def test_terminal_without_prompt_toolkit_takes_plain_lines(stack: ExitStack, tmp_path: Path) -> None:
    terminal = Terminal(stack, tmp_path, program=[sys.executable, "-c", _WITHOUT])
    terminal.types("/who\n")
    terminal.shows("0 connections")
    terminal.types("\x04")
    terminal.types("/bans\n")
    terminal.shows("0 bans")
    terminal.types("\x03")
    assert terminal.wait() == 0
    assert "install prompt_toolkit" in terminal.raw


_BEHIND = """
import os, pathlib, sys
from reference_server import __main__
pathlib.Path(sys.argv.pop(1)).write_text(str(os.getpid()))
os.setpgid(0, 0)  # The terminal belongs to the group that we were in: we are in the background now.
sys.exit(__main__.main(sys.argv[1:]))
"""


def test_server_in_the_background_of_a_terminal_is_not_stopped_by_it(stack: ExitStack, tmp_path: Path) -> None:
    # A session leader cannot change its group, so a shell leads, and waits.
    program = ["sh", "-c", '"$@"', "sh", sys.executable, "-c", _BEHIND, str(tmp_path / "pid")]
    terminal = Terminal(stack, tmp_path, program=program)
    terminal.shows("in the background")
    # What the terminal's end does not reach has to be ended by us.
    stack.callback(os.kill, int((tmp_path / "pid").read_text()), signal.SIGTERM)
    user = User(terminal.port, "ann")
    terminal.types("/kick ann\n")
    assert isinstance(user.ask(m.Ping, nonce=1), m.Pong)
    terminal.hang_up()


def test_pipe_starts_without_prompt_toolkit(start_server: Start) -> None:
    """Where nobody can edit, nothing is loaded for it."""
    code = """
import atexit, sys
from reference_server import __main__
atexit.register(lambda: print("loaded" if "prompt_toolkit" in sys.modules else "not loaded"))
sys.exit(__main__.main(sys.argv[1:]))
"""
    server = start_server(command=[sys.executable, "-c", code])
    server.enter("/stop")
    assert server.wait() == 0
    assert [server.read_line(), server.read_line()] == ["stopping now", "not loaded"]


# -- on a pipe ---------------------------------------------------------------------------------------------------------


def test_console_that_nobody_reads_holds_up_nobody(start_server: Start) -> None:
    server = start_server(*_UNLIMITED)
    user = server.user("ann")
    assert server.process.stdin is not None
    os.set_blocking(server.process.stdin.fileno(), False)
    typed = 0
    while typed < 1_000_000:
        try:
            typed += os.write(server.process.stdin.fileno(), b"/help\n" * 100)
        except BlockingIOError:
            # The server takes no more lines until somebody reads its answers; until then it keeps a few only.
            break
        assert isinstance(user.ask(m.Ping, nonce=typed), m.Pong)
    assert typed < 1_000_000, "a server that reads without end keeps without end"
    server.process.send_signal(signal.SIGTERM)
    assert isinstance(user.receive_all()[-1], m.Goodbye)
    user.socket.close()
    assert server.wait() == 0


def test_line_without_end_is_refused_and_the_next_one_taken(server: ServerProcess) -> None:
    server.enter("x" * (20 * LONGEST) + "\n/who")
    assert "is no command" in server.read_line()
    assert server.read_line() == "0 connections"


def test_closed_console_is_not_mistaken_for_anything_else(start_server: Start) -> None:
    """With standard input and output closed, the next files would bear their numbers."""
    command = ["sh", "-c", 'read line </dev/null; exec "$@" <&- 2>&-', "sh", sys.executable, "-m", "reference_server"]
    server = start_server(command=command)
    assert isinstance(server.user("ann").ask(m.Ping, nonce=1), m.Pong)


# -- commands ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("/", ["/help", "/who", "/all ", "/pm ", "/kick ", "/ban ", "/unban ", "/bans", "/stop "]),
        ("/ba", ["/ban ", "/bans"]),
        ("hello", []),
        ("/nothing a", []),
        ("/who a", []),
        ("/all a", []),
        ("/pm ", ["ann ", "Bob "]),
        ("/pm b", ["Bob "]),
        ("/kick A", ["ann "]),
        ("/ban a", ["ann "]),
        ("/unban ", ["10.0.0.0/8", "mallory"]),
        ("/unban M", ["mallory"]),
        ("/kick ann b", []),
    ],
)
def test_candidates(line: str, words: list[str]) -> None:
    found = candidates(line, ["Bob", "ann"], ["mallory", "10.0.0.0/8"])
    assert sorted(word for word, _ in found) == sorted(words)
    if line == "/":
        assert all(meta for _, meta in found)


def test_lines_that_nobody_reads_are_bounded_and_their_loss_is_told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pipe, "_MOST", 3)
    console = pipe.Pipe(lambda line: concurrent.futures.Future(), reads=True)
    monkeypatch.setattr(console, "_read", lambda: None)
    for number in range(5):
        console.say(str(number))
    console.start()
    assert becomes(lambda: console._waiting == 0)
    console.say("5")
    console.close()
    assert capfd.readouterr().out == "0\n1\n2\n(2 lines were left out here, since nobody read them)\n5\n"


@pytest.mark.parametrize("line", ["/pm bob  a  b ", "\t/pm\tbob \t a  b\r", "/pm bob a  b"])
def test_spaces_and_tabs_separate_words_and_a_text_keeps_those_within(line: str) -> None:
    assert parse(line) == Entered("pm", {"user": "bob", "text": "a  b"})


@pytest.mark.parametrize("line", ["", " \t ", "\r"])
def test_line_of_blanks_means_nothing(line: str) -> None:
    assert parse(line) is None


def test_no_other_space_is_a_blank() -> None:
    assert parse("/all \u00a0hi\u3000") == Entered("all", {"text": "\u00a0hi\u3000"})
    with pytest.raises(NotUnderstood):
        parse("/all\u00a0hi")
