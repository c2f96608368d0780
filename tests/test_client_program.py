"""The client as a program: started as people start it, against a server scripted here.

No test waits for time to pass. Each waits for a frame or a line, and a watchdog ends the program if that never comes.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pytest

from impwire.messages import (
    Error,
    ErrorCode,
    GoodbyeCode,
    Hello,
    Leave,
    Ok,
    Ping,
    Pong,
    Say,
)
from impwire.tables import DEFAULT_PORT
from reference_client import pipe
from reference_client.pipe import LONGEST_LINE, LineSplitter
from tests.scripted import ScriptedServer
from tests.talking import chat, error, goodbye, page
from tests.watched import becomes

ROOT = Path(__file__).parent.parent
WATCHDOG = 30.0

#: Python with its usual buffers.
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}

#: A roster of one page whose line no pipe holds.
USERS = [f"user{number:020}" for number in range(4096)]

posix = pytest.mark.skipif(os.name != "posix", reason="needs signals and pseudo-terminals")


@contextmanager
def ignoring(*ignored: int) -> Iterator[None]:
    """What is started meanwhile finds these signals ignored, and no others, whatever has started the tests."""
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    usual = [signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL) for number in numbers]
    try:
        yield
    finally:
        for number, action in zip(numbers, usual, strict=True):
            signal.signal(number, action)


class Client:
    """The program, its lines, and its end."""

    def __init__(self, arguments: list[str], stack: ExitStack, ignored: tuple[int, ...] = (), **options: Any) -> None:
        streams: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        command = [sys.executable, "-m", "reference_client", *arguments]
        with ignoring(*ignored):
            self.process: subprocess.Popen[bytes] = subprocess.Popen(command, **(streams | {"cwd": ROOT} | options))
        watchdog = threading.Timer(WATCHDOG, self.process.kill)
        watchdog.start()
        stack.callback(watchdog.cancel)
        stack.callback(self._stop)

    def _stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()

    def types(self, *lines: str | bytes) -> None:
        for line in lines:
            self._stdin.write((line if isinstance(line, bytes) else line.encode()) + b"\n")
        self._stdin.flush()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    def is_read(self) -> None:
        """Until the program has read all that was typed. Nothing tells when it has."""
        assert becomes(lambda: not _waiting(self._stdin))

    def writes(self) -> None:
        """Until the program has begun to write what nobody has read yet. Nothing tells when it has."""
        output = self.process.stdout
        assert output is not None
        assert becomes(lambda: _waiting(output) > 0)

    def ends_input(self) -> None:
        self._stdin.close()

    def line(self) -> str:
        """The next line on standard output, with its line feed; empty at the end."""
        assert self.process.stdout is not None
        return bytes(self.process.stdout.readline()).decode()

    def ends(self) -> tuple[int, str, str]:
        """Exit code and what is left on standard output and standard error."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        output, errors = self.process.stdout.read().decode(), self.process.stderr.read().decode()
        return self.process.wait(), output, errors


def _waiting(stream: IO[bytes]) -> int:
    """How many bytes are in a pipe."""
    from fcntl import ioctl
    from termios import FIONREAD

    return int.from_bytes(ioctl(stream, FIONREAD, bytes(4)), sys.byteorder)


def why(server: ScriptedServer, line: str) -> str:
    """The line on standard error that says why it ended (CLIENT-7)."""
    return f"127.0.0.1:{server.port}: {line}\n"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def server(stack: ExitStack) -> ScriptedServer:
    server = ScriptedServer()
    stack.callback(server.close)
    return server


Start = Callable[..., Client]


@pytest.fixture
def start(stack: ExitStack, server: ScriptedServer) -> Start:
    """Start the client towards the server, with signals that are `ignored` and further arguments of Popen."""

    def start(name: str = "ann", **options: Any) -> Client:
        return Client([name, "--port", str(server.port)], stack, **options)

    return start


@pytest.fixture
def client(start: Start, server: ScriptedServer) -> Client:
    """A client that has been welcomed as ann."""
    client = start()
    server.welcomes()
    assert client.line() == "Welcome to Test, ann.\n"
    return client


# -- a talk through pipes ----------------------------------------------------------------------------------------------


def test_lines_go_out_and_come_in_while_both_sides_live(client: Client, server: ScriptedServer) -> None:
    client.types("hi")
    assert server.accepts(Say, 11).text == "hi"
    assert client.line() == "ann: hi\n"
    server.sends(chat(12, "hello\nann"))
    assert client.line() == "bob: hello\u21b5ann\n"
    client.types("/foo")
    assert client.line() == "Unknown command /foo; /help lists the commands.\n"
    client.types("/leave")
    server.accepts(Leave)
    assert client.ends() == (0, "You have left.\n", "")
    assert server.reads() is None


def test_ping_is_answered_while_nothing_is_typed(client: Client, server: ScriptedServer) -> None:
    """CLIENT-8."""
    server.sends(Ping(request_id=5, nonce=6))
    assert server.reads() == Pong(request_id=5, nonce=6)
    assert client.process.poll() is None


def test_piped_lines_wait_for_welcome_and_for_replies(start: Start, server: ScriptedServer) -> None:
    """HELLO-7, CLIENT-3: everything is piped in before the server says a word."""
    client = start()
    client.types("one", "", b"windows\r", b"caf\xe9")
    client._stdin.write("last line without a line feed: é".encode())
    client.ends_input()
    server.welcomes()
    texts = [server.accepts(Say, seq).text for seq in (11, 12, 13)]
    assert texts == ["one", "windows", "last line without a line feed: é"]
    server.accepts(Leave)
    code, output, errors = client.ends()
    assert (code, errors) == (0, "")
    lines = output.splitlines()
    assert lines[:2] == ["Welcome to Test, ann.", "Not sent: line 4 is not UTF-8."]
    assert lines[2:] == [f"ann: {text}" for text in texts] + ["You have left."]


@pytest.mark.parametrize("content", [b"", b"from a file\n", b"\xef\xbb\xbffrom a file\r\n"])
def test_input_from_a_file(start: Start, server: ScriptedServer, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lines"
    path.write_bytes(content)
    with path.open("rb") as file:
        client = start(stdin=file)
    server.welcomes()
    if content:
        assert server.accepts(Say, 11).text == "from a file"
    server.accepts(Leave)
    assert client.ends()[0] == 0


def test_byte_order_mark_belongs_to_no_line() -> None:
    """At the very beginning; further on U+FEFF is a character like any other (TEXT-1)."""
    splitter, data = LineSplitter(), "\ufeff\ufeff/who\n\ufeffhi\n".encode()
    assert [line for byte in data for line in splitter.feed(bytes([byte]))] == ["\ufeff/who", "\ufeffhi"]
    assert LineSplitter().feed(codecs.BOM_UTF8 + b"\nhi\n") == ["", "hi"]


def test_line_that_was_cut_inside_a_character_is_still_utf8() -> None:
    most = "x" * (LONGEST_LINE - 1)
    assert LineSplitter().feed(f"{most}\u00e9\n".encode()) == [most]
    assert LineSplitter().feed(b"caf\xc3\n") == ["caf\udcc3"]


def test_input_from_nowhere(start: Start, server: ScriptedServer) -> None:
    client = start(stdin=subprocess.DEVNULL)
    server.welcomes()
    server.accepts(Leave)
    assert client.ends() == (0, "Welcome to Test, ann.\nYou have left.\n", "")


@posix
def test_input_that_cannot_be_read(start: Start, server: ScriptedServer, tmp_path: Path) -> None:
    with (tmp_path / "lines").open("wb") as file:
        client = start(stdin=file)
    server.welcomes()
    server.accepts(Leave)
    code, _, errors = client.ends()
    assert (code, errors) == (0, "Cannot read the input: Bad file descriptor.\n")


def test_no_piece_of_the_input_is_read_before_the_last_one_was_taken(tmp_path: Path) -> None:
    done: list[Any] = []
    loop: Any = SimpleNamespace(call_soon_threadsafe=lambda _, piece: done.append(len(piece)))
    taken: Any = SimpleNamespace(acquire=lambda: done.append("taken"))
    path = tmp_path / "lines"
    path.write_bytes(bytes(100_000))
    with path.open("rb") as file:
        pipe._read(file.fileno(), loop, asyncio.Queue(), taken)
    assert done == ["taken", 65536, "taken", 100_000 - 65536, "taken", 0]


def test_piped_lines_keep_within_the_rate(start: Start, server: ScriptedServer) -> None:
    """CLIENT-9: the server takes no request for which its bucket has no token."""
    client = start()
    lines = [str(number) for number in range(100)]
    client.types(*lines)
    client.ends_input()
    server.welcomes(rate_burst=5, rate_per_second=200)
    tokens, since = 5.0, time.monotonic()
    texts = []
    for number in range(len(lines)):
        texts.append(server.reads())
        now = time.monotonic()
        tokens, since = min(tokens + (now - since) * 200, 5.0) - 1, now
        assert tokens >= 0, f"line {number} came too early"
        server.sends(Ok(request_id=texts[-1].request_id, seq=11 + number, time=1))
    server.accepts(Leave)
    assert [say.text for say in texts] == lines
    shown = [f"ann: {line}" for line in lines]
    assert client.ends() == (0, "\n".join(["Welcome to Test, ann.", *shown, "You have left.", ""]), "")


@posix
def test_signal_leaves_though_lines_wait(start: Start, server: ScriptedServer) -> None:
    client = start()
    client.types("one", "two", "three")
    server.welcomes(rate_burst=2, rate_per_second=1)
    one = server.reads()
    assert one.text == "one"
    client.types("/help")
    while not client.line().startswith("Anything else"):
        pass
    client.process.send_signal(signal.SIGTERM)
    leave = server.reads()
    assert isinstance(leave, Leave)
    server.sends(Ok(request_id=one.request_id, seq=11, time=1), goodbye(GoodbyeCode.LEFT, leave.request_id))
    lines = ["ann: one", "You have left.", "Not sent: 2 messages were still waiting.", ""]
    assert client.ends() == (0, "\n".join(lines), "")


def test_endless_line_is_refused_without_filling_the_memory(client: Client, server: ScriptedServer) -> None:
    client.types(b"x" * 1_000_000, "hi")
    assert client.line() == "Not sent: the text is too long (65536 bytes; this server takes 4096).\n"
    assert server.accepts(Say, 11).text == "hi"


def test_output_is_utf8_in_every_locale(start: Start, server: ScriptedServer) -> None:
    client = start(env=os.environ | {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    client.types("é\t☃")
    server.welcomes()
    server.accepts(Say, 11)
    client.line()
    assert client.line() == "ann: é ☃\n"


# -- how it ends -------------------------------------------------------------------------------------------------------


def test_refused_name(start: Start, server: ScriptedServer) -> None:
    client = start("bob")
    hello = server.reads()
    refused = Error(request_id=hello.request_id, code=ErrorCode.NAME_TAKEN, request_type=1, retry_after_ms=0, detail="")
    server.sends(refused)
    assert server.reads() is None
    server.peer.close()
    assert client.ends() == (3, "", why(server, "Not done: that name is taken."))


@posix
def test_refused_name_accounts_for_what_was_piped_in(start: Start, server: ScriptedServer) -> None:
    client = start()
    client.types("hi", "/who")
    hello = server.reads()
    client.is_read()
    server.sends(error(hello))
    server.peer.close()
    note = "Not sent: 2 messages were still waiting.\n"
    assert client.ends() == (3, note, why(server, "Not done: that name is taken."))


@pytest.mark.parametrize(
    ("code", "exit_code", "words"),
    [
        (GoodbyeCode.KICKED, 3, "the operator has removed you"),
        (GoodbyeCode.BANNED, 3, "you are banned"),
        (GoodbyeCode.SHUTTING_DOWN, 1, "the server is stopping"),
    ],
)
def test_ended_by_the_server(
    client: Client, server: ScriptedServer, code: GoodbyeCode, exit_code: int, words: str
) -> None:
    server.sends(chat(11, "x"), goodbye(code))
    assert client.ends() == (exit_code, "bob: x\n", why(server, f"The server has ended the connection: {words}."))


def test_lost_connection(client: Client, server: ScriptedServer) -> None:
    server.peer.close()
    assert client.ends() == (1, "", why(server, "The connection was lost: the server closed it without a goodbye."))


def test_reset_connection(client: Client, server: ScriptedServer) -> None:
    server.resets()
    assert client.ends() == (1, "", why(server, "The connection was lost: connection reset by peer."))


@pytest.mark.parametrize("speech", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"\0\0\0\x06\xc0\0\0\0\0\0"])
def test_server_of_another_protocol(start: Start, server: ScriptedServer, speech: bytes) -> None:
    client = start()
    server.peer.sendall(speech)
    server.peer.shutdown(socket.SHUT_WR)
    code, output, errors = client.ends()
    assert (code, output) == (1, "")
    assert re.fullmatch(why(server, "The server has broken the protocol: .*; is it an IMP server\\?"), errors)


def test_nobody_listens(server: ScriptedServer, stack: ExitStack) -> None:
    port = server.port
    server.close()
    client = Client(["ann", "--port", str(port)], stack)
    refused = "connection refused; is the server running, and is this the right port?"
    assert client.ends() == (1, "", f"cannot connect to 127.0.0.1:{port}: {refused}\n")


@pytest.mark.parametrize("host", ["no such host", "a..b", "\x1b[2J", "x" * 300])
def test_host_that_cannot_be(host: str, stack: ExitStack) -> None:
    client = Client(["ann", "--host", host], stack)
    code, output, errors = client.ends()
    assert (code, output) == (1, "")
    assert re.fullmatch(rf"cannot connect to .*:{DEFAULT_PORT}: .*\n", errors)
    assert "\x1b" not in errors


def test_output_without_a_reader(start: Start, server: ScriptedServer) -> None:
    with _without_a_reader() as output:
        client = start(stdout=output, env=BUFFERED)
    _cannot_write(client, server, "broken pipe")


def test_neither_output_nor_errors_have_a_reader(start: Start, server: ScriptedServer) -> None:
    with _without_a_reader() as output:
        client = start(stdout=output, stderr=subprocess.STDOUT, env=BUFFERED)
    server.welcomes()
    assert client.process.wait(WATCHDOG) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
def test_output_to_a_full_disk(start: Start, server: ScriptedServer) -> None:
    with open("/dev/full", "wb") as full:
        client = start(stdout=full)
    _cannot_write(client, server, "no space left on device")


def _without_a_reader() -> IO[bytes]:
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "wb")


def _cannot_write(client: Client, server: ScriptedServer, cause: str) -> None:
    """CLIENT-7."""
    server.welcomes()
    assert client.process.stderr is not None
    assert client.process.stderr.read().decode() == why(server, f"Cannot write the output: {cause}.")
    assert client.process.wait(WATCHDOG) == 1


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_leaves(client: Client, server: ScriptedServer, number: int) -> None:
    client.process.send_signal(number)
    server.accepts(Leave)
    assert client.ends() == (0, "You have left.\n", "")


@posix
def test_second_signal_does_not_wait(client: Client, server: ScriptedServer) -> None:
    client.process.send_signal(signal.SIGINT)
    assert isinstance(server.reads(), Leave)
    client.process.send_signal(signal.SIGINT)
    assert client.ends() == (1, "", why(server, "Left without the server's goodbye."))


@posix
def test_signal_before_welcome(start: Start, server: ScriptedServer) -> None:
    client = start()
    assert isinstance(server.reads(), Hello)
    client.process.send_signal(signal.SIGTERM)
    assert client.ends() == (1, "", why(server, "Given up before the server had answered."))


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signal_that_is_ignored_from_the_beginning_stays_ignored(
    start: Start, server: ScriptedServer, name: str
) -> None:
    """As in the background of a script, or under nohup."""
    number = getattr(signal, name)
    client = start(ignored=(number,))
    server.welcomes()
    client.line()
    client.process.send_signal(number)
    client.types("hi")
    assert server.accepts(Say, 11).text == "hi"
    server.sends(Ping(request_id=5, nonce=6))
    assert server.reads() == Pong(request_id=5, nonce=6)


def _floods(client: Client, server: ScriptedServer) -> None:
    """The client writes a line that goes into no pipe while nobody reads."""
    server.welcomes(max_frame=1 << 20)
    assert client.line() == "Welcome to Test, ann.\n"
    client.types("/who")
    server.sends(page(server.reads(), USERS, False))
    client.writes()


@posix
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_signal_cuts_no_line(start: Start, server: ScriptedServer, unbuffered: str) -> None:
    client = start(env=os.environ | {"PYTHONUNBUFFERED": unbuffered})
    _floods(client, server)
    client.process.send_signal(signal.SIGTERM)
    assert client.line() == f"Users here: {', '.join(USERS)}\n"
    server.accepts(Leave)
    assert client.ends() == (0, "You have left.\n", "")


@posix
@pytest.mark.parametrize("errors", [subprocess.PIPE, subprocess.STDOUT])
def test_second_signal_ends_a_client_whose_output_nobody_reads(
    start: Start, server: ScriptedServer, errors: int
) -> None:
    client = start(stderr=errors)
    _floods(client, server)
    for pause in (0.1, 5, 5):  # Of two that come at once a program may see one.
        client.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            client.process.wait(pause)
            break
    assert client.process.returncode == 1
    if client.process.stderr is not None:
        assert client.process.stderr.read().decode() == why(server, "Interrupted.")
