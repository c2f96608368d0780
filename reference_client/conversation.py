"""What a person and a server say to each other, line by line (protocol.txt, section 18): no clock, no socket, no terminal.

Lines of the user go in, and so does what happens on the connection; lines to show come out, and requests go to the
`Speaker`, which is the connection of the moment. A conversation may outlive it: what was typed and not sent then waits for
the next one. The invariant: every line that was typed is sent, explained, or counted at the end.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, Protocol

from impwire import Message
from impwire.messages import Error, GoodbyeCode, Leave, Ok, Rename, Welcome, Who

from . import commands
from .display import Show, harmless, shown
from .effects import End, Ending, EndKind, Happening, Note, Told
from .errors import InvalidRequest, NotConnected

#: Lines and requests under way beyond which the source of lines is to pause.
BACKLOG = 256

#: The endings whose line a message has shown.
_SHOWN = frozenset({EndKind.LEFT, EndKind.GOODBYE, EndKind.NAME_REFUSED})

#: CLIENT-7: the exit codes after GOODBYE; 1 after any other.
_EXIT_CODES: dict[int | None, int] = {GoodbyeCode.LEFT: 0, GoodbyeCode.KICKED: 3, GoodbyeCode.BANNED: 3}


class Output(NamedTuple):
    """Something to be told: what happened on the connection, and the line for it; each may be lacking."""

    happening: Happening | None = None
    show: Show | None = None


class Speaker(Protocol):
    """What a conversation wants of a connection; a `Client` has it."""

    @property
    def is_closed(self) -> bool:
        """Whether the connection has ended."""

    @property
    def backlog(self) -> int:
        """How many requests wait to be sent or answered."""

    def send(self, request: Message) -> int:
        """Send a request in its turn and return its ticket. Raises `InvalidRequest` and `NotConnected`."""

    def finish(self) -> None:
        """Leave when everything is sent and answered."""


class Conversation:
    """One user's talk with one server, over one connection or several in turn.

    Call `begins` with each connection; `happened` with all that it tells but its end, and then `ended`. Show what each call
    returns, in order. `where` is put in front of the lines that say why a connection has ended (CLIENT-7). What is typed
    between two connections waits for the next if the user `waits`, and is refused otherwise. With `asks_who` each
    connection begins with a WHO whose answer is not shown.
    """

    def __init__(self, where: str = "", *, waits: bool = True, asks_who: bool = False) -> None:
        self._where, self._waits, self._asks_who = f"{where}: " if where else "", waits, asks_who
        self._speaker: Speaker | None = None
        self._is_welcome = self._was_welcome = False
        self._held: deque[str] = deque()
        #: Requests that an earlier connection has not sent; the next one has to.
        self._unsent: list[Message] = []
        self._unshown: int | None = None
        self._input_ended = self._leaving = False
        #: How many lines were typed.
        self._lines = 0

    # -- the user ------------------------------------------------------------------------------------------------

    def typed(self, line: str) -> list[Output]:
        """The user typed a line; it comes without its line feed. Bytes that were not UTF-8 are surrogates in it."""
        self._lines += 1
        if self._is_welcome or (self._was_welcome and not self._waits):
            return self._obey(line)
        self._held.append(line)  # CLIENT-13; HELLO-7: nothing else may be sent yet.
        return []

    def input_ended(self) -> None:
        """The user will type nothing more (CLIENT-3)."""
        self._input_ended = True
        self._finish()

    @property
    def congested(self) -> bool:
        """Whether the source of lines had better pause, so much is under way."""
        under_way = self._speaker.backlog if self._speaker is not None else 0
        return len(self._held) + len(self._unsent) + under_way >= BACKLOG

    @property
    def is_leaving(self) -> bool:
        """Whether the user has said so, or will type nothing more."""
        return self._input_ended or self._leaving

    def has_nothing_to_say(self, ending: Ending | None = None) -> bool:
        """Whether another connection, after this `ending` of the last one, would only be left again."""
        rest = self._unsent if ending is None else [*_without_effect(ending), *ending.unsent, *self._unsent]
        return self.is_leaving and not rest and not self._held

    # -- the connection ------------------------------------------------------------------------------------------

    def begins(self, speaker: Speaker) -> None:
        """A connection is being made; requests go to it from WELCOME on."""
        self._speaker, self._is_welcome = speaker, False

    def happened(self, happening: Told | Note) -> list[Output]:
        """The lines for what has come, and for what was typed before WELCOME."""
        if isinstance(happening, Note):
            return [Output(happening, Show(happening.line, "error", "NOTE"))]
        message, answers, ticket, own_name, _ = happening
        show = shown(message, answers, own_name)
        if show is not None and show.stream == "error":
            show = self._placed(show)
        if ticket is not None and ticket == self._unshown:
            show = None
        outputs = [Output(happening, show)]
        if isinstance(message, Welcome):
            self._is_welcome = self._was_welcome = True
            outputs += self._catch_up()
        elif isinstance(message, Error) and isinstance(answers, Leave):
            self._leaving = False  # STATE-6
        return outputs

    def ended(self, ending: Ending, *, again: bool = False, unread: bool = False) -> list[Output]:
        """The connection has ended. `again`: another one follows, which takes what this one has not sent. `unread`: the
        source of lines had to pause, and has more of them."""
        self._speaker, self._is_welcome, self._unshown = None, False, None
        unsent = list(ending.unsent) if again else [*ending.unsent, *self._waiting()]
        ending = ending._replace(unsent=tuple(unsent))
        show = None if ending.kind in _SHOWN else Show(ending.line, "error", "END")
        if show is not None and ending.kind is not EndKind.NO_CONNECTION:  # That line names the place itself.
            show = self._placed(show)
        outputs = [Output(End(ending), show)]
        if again:
            outputs += _uncertain(ending)
            self._unsent = [*_without_effect(ending), *unsent, *self._unsent]
        elif unsent:
            outputs.append(_local(_not_sent(len(unsent), unread), "NOTE"))
        return outputs

    def gives_up(self) -> list[Output]:
        """No other connection follows the one that has ended, though it was to be."""
        waiting = self._waiting()
        return [_local(_not_sent(len(waiting)), "NOTE")] if waiting else []

    def _waiting(self) -> list[Message]:
        """What was to be sent on a further connection, or on the first."""
        held = [commands.parse(line) for line in self._held]
        return [*self._unsent, *(it for it in held if isinstance(it, Message) and not isinstance(it, Leave))]

    def _placed(self, show: Show) -> Show:
        indent = show.indent + len(self._where) if show.indent else 0
        return show._replace(line=self._where + show.line, indent=indent)

    # -- lines ---------------------------------------------------------------------------------------------------

    def _catch_up(self) -> list[Output]:
        """WELCOME: ask for what has waited for it, in order."""
        outputs: list[Output] = []
        if self._asks_who and self._speaker is not None and not self._speaker.is_closed:
            self._unshown = self._speaker.send(Who(after="", limit=0))
        unsent, self._unsent = self._unsent, []
        for request in unsent:
            outputs += self._ask(request)
        if self._leaving:
            outputs += self._ask(Leave())
        while self._held:
            outputs += self._obey(self._held.popleft())
        self._finish()
        return outputs

    def _finish(self) -> None:
        if self._input_ended and self._is_welcome and self._speaker is not None:
            self._speaker.finish()

    def _obey(self, line: str) -> list[Output]:
        # What is still held was typed behind it. On a terminal one sees which line it was.
        number = self._lines - len(self._held) if self._waits else None
        match commands.parse(line, number):
            case None:
                return []
            case commands.Explanation(explanation):
                return [_local(explanation, "EXPLANATION")]
            case commands.Local():
                return [_local(text, "HELP") for text in commands.help_lines()]
            case request:
                return self._ask(request)

    def _ask(self, request: Message) -> list[Output]:
        if self._speaker is None or not self._is_welcome:
            if isinstance(request, Leave):
                self._leaving = True
                return []
            return [_local("Not sent: there is no connection now.", "EXPLANATION")]
        try:
            self._speaker.send(request)
        except InvalidRequest as error:
            return [_local(f"Not sent: {error}.", "EXPLANATION")]  # TEXT-5
        except NotConnected as error:
            if not self._speaker.is_closed:
                return [_local(f"Not sent: {error}.", "EXPLANATION")]  # LEAVE-2
            if not isinstance(request, Leave):
                self._unsent.append(request)  # The end is under way, and `ended` accounts for it.
        self._leaving = self._leaving or isinstance(request, Leave)
        return []


def _not_sent(count: int, unread: bool = False) -> str:
    """The line for requests that were given up, and for the input behind them that was not read."""
    what = "one message was" if count == 1 else f"{count} messages were"
    rest = ", and the rest of the input was not read" if unread else ""
    return f"Not sent: {what} still waiting{rest}."


def _local(line: str, kind: str) -> Output:
    """What the server has no part in."""
    return Output(None, Show(line, "output", kind))


def _has_told(ending: Ending) -> bool:
    """Whether the ending tells what became of the requests without an answer: nothing that stands behind GOODBYE had any
    effect (STATE-5), but a server that failed keeps to nothing (END-9)."""
    return ending.kind is EndKind.GOODBYE and ending.code != GoodbyeCode.INTERNAL


def _without_effect(ending: Ending) -> list[Message]:
    """The requests without an answer that may be sent once more. Who was there then is of no interest any more."""
    return [it for it in ending.unanswered if not isinstance(it, Who)] if _has_told(ending) else []


def _uncertain(ending: Ending) -> list[Output]:
    """A word about each request of which nobody knows what became of it: as its OK would have shown it, but a RENAME as it
    is typed, since its OK says what is so from then on."""
    lines = []
    for request in () if _has_told(ending) else ending.unanswered:
        ok = shown(Ok(seq=0, time=0), request, ending.name)
        if ok is not None:
            what = f"/rename {harmless(request.name)}" if isinstance(request, Rename) else ok.line
            lines.append(f"Not known whether this arrived: {what}")
    return [Output(None, Show(line, "error", "NOTE")) for line in lines]


def exit_code(ending: Ending) -> int:
    """The exit code of a program whose last connection has ended so (CLIENT-7)."""
    if ending.kind is EndKind.NAME_REFUSED:
        return 3
    return _EXIT_CODES.get(ending.code, 1) if ending.kind in (EndKind.LEFT, EndKind.GOODBYE) else 1
