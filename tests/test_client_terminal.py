"""The client on a terminal, as people see it: typed into windows of tmux, read off their screens."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from impwire import messages as m
from tests.screen import AS_IT_WAS, Screen, Tmux
from tests.support import ROOT, ServerProcess

StartClient = Callable[..., Screen]

PROGRAM = [sys.executable, "-m", "reference_client"]


def assert_nothing_is_left_on(screen: Screen) -> None:
    """A cursor that can be seen, no brackets around what is pasted, and never a mouse, a title or another screen."""
    modes = dict(re.findall(r"\x1b\[\?(\d+)([hl])", screen.written))
    assert (modes["25"], modes["2004"], modes["7"]) == ("h", "l", "h")
    assert not {"1000", "1002", "1003", "1049"} & modes.keys()
    assert "\x1b]" not in screen.written


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    tmux = Tmux(tmp_path)
    yield tmux
    tmux.end()


@pytest.fixture
def start(tmux: Tmux, server: ServerProcess) -> StartClient:
    pytest.importorskip("prompt_toolkit")

    def start(name: str, *arguments: str, program: list[str] = PROGRAM, **environment: str) -> Screen:
        command = [*program, name, "--port", str(server.port), *arguments]
        screen = Screen(tmux, command, **environment)
        screen.shows(f"Welcome to IMP server, {name}.", f" {name} | ")
        return screen

    return start


def test_two_terminals_chat(start: StartClient) -> None:
    ann = start("ann")
    bob = start("bob")
    ann.shows('"bob" has joined the server.', "2 users")
    ann.types("hello bob\r")
    bob.shows("ann: hello bob")
    assert "ann: hello bob" in ann.shows("ann: hello bob")
    bob.types("half a li")
    bob.shows("> half a li")
    ann.types("/pm bob psst\r")
    bob.becomes(lambda rows: rows[-3:-1] == ["From ann: psst", "> half a li"], "the message above the line")
    bob.becomes(lambda rows: bob.asks("cursor_x") == "11", "the cursor")
    bob.types("ne\r")
    ann.shows("bob: half a line")
    bob.types("/le\t\r")
    bob.shows("You have left.", "ended with 0", "terminal as it was")
    ann.shows('"bob" has left the server.', "1 user ")


# -- what can be typed -------------------------------------------------------------------------------------------------


def test_words_are_completed_and_lines_recalled(start: StartClient, server: ServerProcess) -> None:
    annabel, anton = server.user("Annabel"), server.user("ANTON")
    screen = start("bob")
    screen.shows("3 users")
    screen.types("hi anna\t!\r")
    screen.shows("bob: hi Annabel!")
    screen.types("an\t")
    screen.shows("> an", " Annabel  ANTON")
    anton.send(m.Say, text="here I am")  # Who spoke last is offered first; this changes nothing before the next Tab.
    screen.shows("ANTON: here I am", "> an", " Annabel  ANTON")
    screen.types("\t")
    screen.shows("> Annabel:")
    screen.types("\rwelcome\r")
    screen.shows("bob: Annabel: welcome")
    screen.types("/p\tAN\t\t\rpsst\r")
    screen.shows("To ANTON: psst")
    screen.types("\x1b[A\x1b[A\r")  # Up
    screen.becomes(lambda rows: rows.count("bob: Annabel: welcome") == 2)
    screen.types("\x12psst")
    screen.shows("> /pm ANTON psst")
    screen.types("\r\r")
    screen.becomes(lambda rows: rows.count("To ANTON: psst") == 2)
    assert [text.text for text in annabel.receive_until(m.Chat, 4) if isinstance(text, m.Chat)][
        -1
    ] == "Annabel: welcome"


def test_text_of_several_lines_is_one_message(start: StartClient, server: ServerProcess) -> None:
    user = server.user("ann")
    screen = start("bob")
    screen.pastes("/leave it:\n  one\n  two\n")
    screen.shows("> /leave it:", "    one", "    two")
    screen.types("\x1b[A\x1b[A\x01/\r")  # A slash at the beginning: it is said.
    screen.shows("bob: /leave it:↵", "       one↵", "       two")
    screen.types("three\x1b\rfour\r")
    screen.shows("bob: three↵", "     four")
    texts = [message.text for message in user.receive_until(m.Chat, 2) if isinstance(message, m.Chat)]
    assert texts == ["/leave it:\n  one\n  two", "three\nfour"]


def test_what_is_refused_stays_in_the_line(start: StartClient) -> None:
    screen = start("ann")
    screen.types("/woh\r")
    screen.shows("Unknown command /woh; /help lists the commands.\n> /woh\n")
    screen.types("\x7f\x7f\x7fwho\r")
    screen.becomes(lambda rows: "Users here: ann" in rows and rows[-2] == ">", "the command that was meant")
    screen.pastes("x" * 4097)
    screen.types("\r")
    screen.shows("4097 bytes; this server takes 4096", "\n  " + "x" * (4097 % 78) + "\n")
    screen.types("\x7f\r")
    screen.becomes(lambda rows: rows[-2] == ">" and rows[-3].endswith("xxx"), "what is short enough is said")
    screen.types("/pm\r")
    screen.shows("Missing argument: /pm <to> <text>", "> /pm")
    screen.types("\x15hi\r")  # Ctrl-U
    screen.shows("ann: hi")


def test_refused_texts_do_not_get_mixed_up_with_what_is_typed_on(start: StartClient) -> None:
    screen = start("ann")
    os.kill(screen.pid, signal.SIGSTOP)  # All keys are there when it looks.
    screen.types("/one\r/two\r/three")
    screen.rows()
    os.kill(screen.pid, signal.SIGCONT)
    screen.shows("Not sent: /one", "Not sent: /two\n> /three\n")


def test_times_on_demand(start: StartClient, server: ServerProcess) -> None:
    user = server.user("bob")
    screen = start("ann")
    user.send(m.Say, text="without")
    assert "bob: without" in screen.shows("bob: without")
    screen.types("\x1bOQ")  # F2
    screen.shows("Times are shown from here on.")
    user.send(m.Say, text="with")
    assert any(re.fullmatch(r"\d\d:\d\d bob: with", row) for row in screen.shows("bob: with\n"))


# -- what comes in -----------------------------------------------------------------------------------------------------


def test_long_texts_are_aligned_and_wide_characters_counted(start: StartClient, server: ServerProcess) -> None:
    screen = start("ann")
    user = server.user("bob")
    user.send(m.Say, text="word " * 30)
    user.send(m.Say, text="漢字" * 40)
    user.send(m.Say, text="e\u0301" * 100)
    user.send(m.Say, text="end")
    rows = screen.shows("bob: end")
    first = rows.index("bob:" + " word" * 15)
    assert rows[first + 1] == "    " + " word" * 15
    assert rows[first + 2 : first + 5] == [
        "bob: " + "漢字" * 18 + "漢",
        "     " + "字漢" * 18 + "字",
        "     漢字漢字漢字",
    ]
    assert rows[first + 5 : first + 7] == ["bob: " + "e\u0301" * 74, "     " + "e\u0301" * 26]
    joined = "👨\u200d👩\u200d👧 ❤\ufe0f"
    screen.types(f"{joined}!")
    screen.shows("> 👨👩👧 ❤!")  # Part by part, as the cursor moves.
    screen.becomes(lambda rows: screen.asks("cursor_x") == "11", "the cursor")
    screen.types("\x7f\r")
    screen.shows(f"ann: {joined}")


def test_hostile_text_moves_nothing_and_forges_no_line(start: StartClient, server: ServerProcess) -> None:
    screen = start("ann")
    title = screen.asks("pane_title")
    eve = server.user("eve")
    screen.types("half a li")
    screen.pastes("\u202e\u2066")
    forged = "bob: I owe eve 100"
    for text in (
        f"hi\n{forged}",
        "x" * 75 + forged,
        "x " * 38 + forged,
        f"\u202e{forged}\u2028{forged}\u2066\ufeff",
        f"\u05d0 {forged}",
        "Z" + "\u0301" * 300 + forged,
        "👨\u200d👩\u200d👧" * 20 + forged,
        "❤\ufe0f" * 75 + forged,
        "\u3000" * 38 + forged,
        "\u3248" * 37 + "x" + forged,  # A character that tmux draws wider than is believed here.
        " " * 4000 + forged,
        "\u200d" * 80 + forged,
    ):
        eve.send(m.Say, text=text)
    # What ends with a joiner must not be joined with the first letter of the next line.
    xbob = server.user("xbob")
    hi, owe = m.Say(request_id=98, text="hi\u200d"), m.Say(request_id=99, text="I owe eve 100")
    xbob.socket.sendall(xbob.connection.send(hi) + xbob.connection.send(owe))  # Both are shown at once.
    eve.send(m.Say, text="that is all")
    screen.shows("eve: that is all", "> half a li")
    rows = screen.becomes(lambda rows: screen.asks("cursor_x", "cursor_y") == f"11 {len(rows) - 2}", "the cursor")
    assert not [row for row in rows if row.startswith("bob")]
    assert "xbob: I owe eve 100" in rows
    assert rows[-2] == "> half a li"
    assert screen.asks("pane_title") == title
    assert not re.search("[\u202a-\u202e\u2066\ufeff\u2028]", screen.written)
    assert not re.search("\u0301{30}", screen.written)
    assert re.search("eve: \u2068(\x1b\\[[0-9;]*m)*\u05d0 bob[^\n]*\u2069", screen.written), "it could move the name"


def test_many_lines_at_once_are_all_shown(start: StartClient, server: ServerProcess) -> None:
    screen = start("ann")
    user = server.user("bob")
    screen.types("half a li")
    for number in range(50):
        user.send(m.Say, text=f"number {number}")
    screen.shows("bob: number 49")
    rows = screen.rows(scrolled=True)
    assert [row for row in rows if row.startswith("bob")] == [f"bob: number {number}" for number in range(50)]
    assert sum(row.startswith(">") for row in rows) == 1


def test_resize_while_typing(start: StartClient, server: ServerProcess) -> None:
    screen = start("ann")
    user = server.user("bob")
    for number in range(30):
        user.send(m.Say, text=f"number {number}")
    screen.shows("bob: number 29")
    line = "so I say this, which is a rather long line"
    screen.types(line)
    for width, height in ((40, 24), (100, 10), (44, 10), (30, 6), (80, 24)):
        parts = [line[: width - 2], line[width - 2 :]] if width <= len(line) + 2 else [line]
        wanted = ["bob: number 29", f"> {parts[0]}".rstrip(), *(f"  {part}".rstrip() for part in parts[1:])]

        def stands(rows: list[str], wanted: list[str] = wanted) -> bool:
            return rows[-1 - len(wanted) : -1] == wanted

        screen.resizes(width, height)
        screen.becomes(stands, f"the line at a width of {width}")
    screen.types("\r")
    screen.shows(f"ann: {line}")
    rows = screen.rows(scrolled=True)
    assert [row for row in rows if row.startswith("bob")] == [f"bob: number {number}" for number in range(30)]
    assert sum(row.startswith(">") for row in rows) == 1


def test_colours(start: StartClient, server: ServerProcess) -> None:
    coloured = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7])(?:;\d+)*m")
    screens = [start("ann"), start("bob", NO_COLOR="1"), start("carol", "--color", "never")]
    server.user("dan").send(m.Say, text="hi")
    for screen in screens:
        screen.shows("dan: hi")
    found = [bool(coloured.search(screen.written)) for screen in screens]
    assert found == [True, False, False]


# -- how it ends -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "number"), [("\x03", 0), ("\x04", 0), ("", signal.SIGTERM), ("", signal.SIGHUP)], ids=str
)
def test_leaves_at(start: StartClient, server: ServerProcess, key: str, number: int) -> None:
    user = server.user("bob")
    screen = start("ann")
    if key:
        screen.types(key)
    else:
        os.kill(screen.pid, number)
    rows = screen.shows("You have left.", "ended with 0", AS_IT_WAS)
    assert ">" not in rows, "the prompt is gone"
    left = user.receive_until(m.Left)[-1]
    assert isinstance(left, m.Left)
    assert left.reason == m.LeftReason.LEFT
    assert_nothing_is_left_on(screen)


def test_second_interruption_does_not_wait(tmux: Tmux, plain_server: socket.socket) -> None:
    screen = Screen(tmux, [*PROGRAM, "ann", "--port", str(plain_server.getsockname()[1])])
    screen.shows(">", "ann | connecting | 127.0.0.1:")
    screen.types("\x03")
    screen.shows("ended with 1", AS_IT_WAS)


# It draws before it obeys what is typed, as it may do where much else is done at the time.
_LOOKS_ONCE = (
    "import functools, sys; from reference_client import __main__; from reference_client.terminal import prompt, screen; "
    "prompt.Application = functools.partial(prompt.Application, max_render_postpone_time=0); "
    "screen._LOOK = 1e6; sys.exit(__main__.main(sys.argv[1:]))"
)


@pytest.mark.parametrize("typed", ["\x04", "/leave\r"], ids=["Ctrl-D", "leave"])
def test_status_follows_what_happens(start: StartClient, server: ServerProcess, typed: str) -> None:
    """At once, and not when it is looked at from time to time."""
    screen = start("ann", program=[sys.executable, "-c", _LOOKS_ONCE])
    screen.shows(" ann | 1 user | ")
    server.process.send_signal(signal.SIGSTOP)
    screen.types(typed)
    rows = screen.shows(" ann | leaving; Ctrl-C leaves at once | 127.0.0.1:")
    assert (rows[-2] == ">") == (typed == "/leave\r"), "a server may refuse LEAVE, and then one goes on"
    screen.resizes(20, 6)
    screen.becomes(lambda rows: rows[-1:] == [" leaving; Ctrl-C le…"], "the beginning of it")
    server.process.send_signal(signal.SIGCONT)
    screen.shows("You have left.", "ended with 0", AS_IT_WAS)
    assert_nothing_is_left_on(screen)


@pytest.mark.parametrize("key", ["\x04", "\x03"], ids=["Ctrl-D", "Ctrl-C"])
def test_keys_are_not_echoed_while_the_server_does_not_answer(
    start: StartClient, server: ServerProcess, key: str
) -> None:
    screen = start("ann")
    server.process.send_signal(signal.SIGSTOP)
    screen.types(key)
    screen.shows("leaving; Ctrl-C leaves at once")
    screen.types("zzz\r\tzzz\x03\x03")
    screen.shows("Left without the server's goodbye.", "ended with 1", AS_IT_WAS)
    assert "z" not in screen.written
    assert_nothing_is_left_on(screen)


def test_shows_why_it_has_ended_while_typing(start: StartClient, server: ServerProcess) -> None:
    screen = start("ann")
    screen.types("half a li")
    screen.shows("> half a li")
    server.enter("/kick ann bedtime")
    rows = screen.shows("ended with 3", AS_IT_WAS)
    assert any(row.startswith("127.0.0.1:") and row.endswith(": bedtime") for row in rows)
    assert "Not sent: half a li" in rows
    assert_nothing_is_left_on(screen)


def test_server_is_lost_and_found_again(
    start: StartClient, server: ServerProcess, start_server: Callable[..., ServerProcess]
) -> None:
    screen = start("ann", "--reconnect")
    screen.types("half a li")
    screen.shows("> half a li")
    server.end()
    screen.shows("The connection was lost", "Trying again ")
    start_server("--port", str(server.port))
    screen.becomes(lambda rows: rows.count("Welcome to IMP server, ann.") == 2)
    screen.types("ne\r")
    screen.shows("ann: half a line")


def test_what_cannot_be_sent_now_stays_in_the_line(
    start: StartClient, server: ServerProcess, start_server: Callable[..., ServerProcess]
) -> None:
    screen = start("ann", "--reconnect")
    server.end()
    screen.shows("The connection was lost", "Trying again in")
    screen.types("half a line\r")
    screen.shows("Not sent: there is no connection now.", "\n> half a line\n")
    start_server("--port", str(server.port))
    screen.becomes(lambda rows: rows.count("Welcome to IMP server, ann.") == 2)
    screen.types("\r")
    screen.becomes(lambda rows: "ann: half a line" in rows and rows[-2] == ">", "it is sent")


_BREAKS_WHEN_DRAWING = """
import sys
from reference_client import __main__
from reference_client.terminal import screen
status_line = screen.status_line
def broken(status, width):
    if status.users == 2:
        raise RuntimeError("a bug, put here by the test")
    return status_line(status, width)
screen.status_line = broken
sys.exit(__main__.main(sys.argv[1:]))
"""

_BREAKS_WHEN_TOLD = """
import sys
from reference_client import __main__, terminal
show = terminal.Screen.show
def broken(self, line):
    if line.kind == "JOINED":
        raise RuntimeError("a bug, put here by the test")
    show(self, line)
terminal.Screen.show = broken
sys.exit(__main__.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("program", [_BREAKS_WHEN_DRAWING, _BREAKS_WHEN_TOLD], ids=["drawing", "told"])
def test_crash_leaves_the_terminal_as_it_was(
    start: StartClient, server: ServerProcess, tmp_path: Path, program: str
) -> None:
    file = tmp_path / "broken.py"
    file.write_text(program, encoding="utf-8")
    screen = start("ann", program=[sys.executable, "-c", f"exec(open({str(file)!r}).read())"])
    bob = server.user("bob")
    screen.shows("RuntimeError: a bug, put here by the test", "ended with 1", AS_IT_WAS)
    assert_nothing_is_left_on(screen)
    bob.socket.close()


def test_crash_while_leaving_is_told(start: StartClient, server: ServerProcess, tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text(_BREAKS_WHEN_DRAWING.replace("users == 2", "is_leaving"), encoding="utf-8")
    screen = start("ann", program=[sys.executable, str(file)], PYTHONPATH=str(ROOT))
    server.process.send_signal(signal.SIGSTOP)
    screen.types("\x04")
    screen.becomes(lambda rows: rows[-1:] == ["Welcome to IMP server, ann."], "the end of the prompt")
    server.process.send_signal(signal.SIGCONT)
    screen.shows("RuntimeError: a bug, put here by the test", "ended with 1", AS_IT_WAS)


def test_terminal_that_closes_is_left_in_good_order(start: StartClient, server: ServerProcess) -> None:
    user = server.user("bob")
    start("ann").closes()
    left = user.receive_until(m.Left)[-1]
    assert isinstance(left, m.Left)
    assert left.reason is m.LeftReason.LEFT


def test_client_can_be_suspended(tmux: Tmux, server: ServerProcess) -> None:
    """As a shell does it, with job control."""
    job = " ".join([*PROGRAM, "ann", "--port", str(server.port)])
    found = '[ "$(stty -g)" = "$before" ] && echo as found'
    script = f"set -m; before=$(stty -g); {job}; {found}; read answer; fg; echo over"
    screen = Screen(tmux, ["sh", "-c", script])
    screen.shows("Welcome to IMP server, ann.")
    screen.types("half a li\x1a")
    screen.becomes(lambda rows: rows[-1] == "as found")
    server.user("bob").send(m.Say, text="meanwhile")
    screen.types("\r")
    screen.shows("bob: meanwhile", "> half a li")
    screen.types("ne\r")
    screen.shows("ann: half a line")
    screen.types("\x04")
    screen.shows("You have left.", "over", AS_IT_WAS)
