"""What a run is going to be, without a target: the rows of its chart, and the bytes of what the suite sends.

The bytes are those that `play` builds, with the same defaults. What a target decides is told as the step expects it: a
frame that repeats such a value has no bytes here. A client numbers its requests as it likes; here, 1, 2, 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from impwire.tables import Role
from impwire.wire import WireError

from .language import CONSOLE, SERVER, Case, Part, Step, typed_line
from .language.values import Unbound, field_constructs
from .play.dry import ClientBytes, ServerBytes
from .play.segments import scripted
from .reports.chart import Chart, Row, Style, ends, label_of_bytes, lanes_of
from .runs import Run


class Moment(NamedTuple):
    """A row of the chart, and the bytes of it if the suite sends some. `step` is the number of its step, from 1."""

    step: int
    row: Row
    data: bytes = b""


def rehearse(run: Run) -> list[Moment]:
    """What happens in a run if everything is as it should be."""
    if run.role is Role.SERVER:
        return _ServerRehearsal(run.case).moments
    return _ClientRehearsal(run.case, run.actor).moments


def chart_of(run: Run, moments: list[Moment]) -> Chart:
    """The chart of what has been rehearsed; in front of each row stands the number of its step."""
    rows = tuple(moment.row for moment in moments)
    actors = [run.actor] if run.role is Role.CLIENT else [step.actor for step in run.case.steps]
    terminal = any(row.style is Style.LINE for row in rows)
    return Chart(lanes_of(run.role, actors, terminal=terminal), rows)


def in_words(part: Part) -> str:
    """A message that is expected, with the fields that the step names."""
    return " ".join([part.message, *(f"{name}={_value(value)}" for name, value in part.fields.items())])


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_value(item)}" for key, item in value.items()) + "}"
    return f"[{', '.join(map(_value, value))}]" if isinstance(value, (list, tuple)) else str(value)


class _Rehearsal:
    """Collects the moments. What no other method tells of is noted in the words of the step."""

    def __init__(self, role: Role) -> None:
        self._role, self._number, self._margin = role, 0, ""
        self.moments: list[Moment] = []

    def begin(self, number: int, *, ending: bool) -> None:
        self._number, self._margin = number, "end" if ending else str(number)

    def add(
        self,
        actor: str,
        label: str,
        style: Style = Style.FRAME,
        *,
        to_target: bool,
        typed: bool = False,
        data: bytes = b"",
    ) -> None:
        source, to = ends(self._role, actor, to_target=to_target, typed=typed)
        self.moments.append(Moment(self._number, Row(source, to, label, style, self._margin), data))

    def note(self, lane: str, words: str) -> None:
        self.moments.append(Moment(self._number, Row(lane, lane, words, Style.NOTE, self._margin)))

    def band(self, words: str) -> None:
        self.moments.append(Moment(self._number, Row("", "", words, Style.BAND, self._margin)))


# -- a server under test -----------------------------------------------------------------------------------------


class _ServerRehearsal(_Rehearsal):
    def __init__(self, case: Case) -> None:
        super().__init__(Role.SERVER)
        self._bytes = ServerBytes(case)
        self._actors = self._bytes.actors
        for number, step in enumerate(scripted(case), 1):
            ending = number > len(case.steps)
            self.begin(number, ending=ending)
            if not ending or (step.actor in self._actors and self._actors[step.actor].attentive):
                self._step(step)

    def _step(self, step: Step) -> None:
        if step.actor == CONSOLE:
            words = step.text if step.verb == "types" else " ".join(str(step).split()[1:])
            self.add(CONSOLE, words, Style.LINE, to_target=step.verb != "answers")
        elif step.actor == SERVER:
            self.note(SERVER, " ".join(str(step).split()[1:]))
            if step.verb == "is killed and restarted":
                self._actors.clear()
        elif step.group:
            others = ", ".join(map(in_words, step.others))
            self.band(
                f"one of {step.group[0]} to {step.group[-1]} receives {in_words(step.parts[0])}; the others {others}"
            )
        else:
            told: Callable[[Step], None] | None = getattr(self, f"_{step.verb.replace(' ', '_')}", None)
            if told is None:
                self.note(step.actor, step.verb)
            else:
                told(step)

    def _connects(self, step: Step) -> None:
        words = f"connects from {step.source}" if step.source else "connects"
        self.add(step.actor, words, Style.OPEN, to_target=True)
        self._bytes.arrive(step.actor)

    def _joins(self, step: Step) -> None:
        if step.actor not in self._actors:
            self._connects(step)
        self._sent(step.actor, Part("HELLO", {}))
        self._told(step.actor, Part("WELCOME", {"name": step.actor}))
        self._to_others(step.actor, Part("JOINED", {"who": step.actor}))

    def _leaves(self, step: Step) -> None:
        self._sent(step.actor, Part("LEAVE", {}))
        self._told(step.actor, Part("GOODBYE", {"code": "LEFT"}))
        self._is_closed(step)
        self._to_others(step.actor, Part("LEFT", {"who": step.actor, "reason": "LEFT"}))

    def _to_others(self, actor: str, part: Part) -> None:
        for other in self._actors.values():
            if other.user and other.attentive and other.name != actor:
                self._told(other.name, part)

    def _sent(self, actor: str, *parts: Part) -> None:
        self._sends(Step(actor, "sends", parts))

    def _sends(self, step: Step) -> None:
        frames = self._bytes.frames(step)
        for data in frames:
            self.add(step.actor, label_of_bytes(data, "bytes"), to_target=True, data=data)
        if not frames:
            self.add(step.actor, " + ".join(map(in_words, step.parts)), to_target=True)

    _sends_together = _sends_bytewise = _sends_raw = _sends

    def _floods(self, step: Step) -> None:
        sent, until = step.parts
        self._sent(step.actor, sent)
        self.note(step.actor, f"again and again until {in_words(until)}")
        self._told(step.actor, until)

    def _receives(self, step: Step) -> None:
        self._told(step.actor, step.parts[0], _bounds(step))

    def _told(self, actor: str, part: Part, bounds: str = "") -> None:
        """The server's message, and what follows from it."""
        self.add(actor, in_words(part) + bounds, to_target=False)
        if part.message == "WELCOME":
            self._bytes.enter(actor)
        elif part.message == "GOODBYE":
            self._actors[actor].user = self._actors[actor].attentive = False

    def _reads_until(self, step: Step) -> None:
        self.note(step.actor, f"reads public events, without a gap, up to {step.message}")
        self._receives(step)

    def _receives_nothing(self, step: Step) -> None:
        self._sends(step)
        self.add(step.actor, "PONG (and nothing before it)", to_target=False)

    def _is_closed(self, step: Step) -> None:
        self.add(step.actor, "end of stream", Style.END, to_target=False)
        self._actors.pop(step.actor, None)

    def _is_reset(self, step: Step) -> None:
        self.add(step.actor, "reset", Style.RESET, to_target=False)
        self._actors.pop(step.actor, None)

    def _ends_stream(self, step: Step) -> None:
        self.add(step.actor, "end of stream", Style.END, to_target=True)

    def _drops(self, step: Step) -> None:
        self._ends_stream(step)
        self._actors.pop(step.actor, None)

    def _resets(self, step: Step) -> None:
        self.add(step.actor, "reset", Style.RESET, to_target=True)
        self._actors.pop(step.actor, None)

    def _vanishes(self, step: Step) -> None:
        self.note(step.actor, step.verb)
        self._actors[step.actor].attentive = False

    _stops_reading = _vanishes


def _bounds(step: Step) -> str:
    """The times between which a frame has to come."""
    found = [
        f"{name} {value} ms" for name, value in (("after", step.after), ("within", step.within)) if value is not None
    ]
    return f" ({', '.join(found)})" if found else ""


# -- a client under test -----------------------------------------------------------------------------------------


class _ClientRehearsal(_Rehearsal):
    def __init__(self, case: Case, actor: str) -> None:
        super().__init__(Role.CLIENT)
        self._actor, self._bytes, self._connected = actor, ClientBytes(case, actor), False
        for number, step in enumerate(case.steps, 1):
            self.begin(number, ending=False)
            if step.actor == actor:
                self._step(step)
            elif part := self._bytes.arrival(step):
                self._tell(part)
        if self._bytes.inside:
            self.begin(len(case.steps) + 1, ending=True)
            ended = any(step.verb == "ends input" and step.actor == actor for step in case.steps)
            self._depart() if ended else self._fence()

    def _step(self, step: Step) -> None:
        told: Callable[[Step], None] | None = getattr(self, f"_{step.verb.replace(' ', '_')}", None)
        if told is not None:
            told(step)
        elif step.verb.startswith(("shows", "complains")):
            words = step.text if step.verb == "shows" else f"{step.verb} {step.text}".rstrip()
            self.add(self._actor, words, Style.LINE, to_target=False, typed=True)
        else:
            self.note(self._actor, " ".join(str(step).split()[1:]))

    def _connects(self, step: Step) -> None:
        self.add(self._actor, "connects", Style.OPEN, to_target=False)
        self._connected = True

    def _joins(self, step: Step) -> None:
        if not self._connected:
            self._connects(step)
        self._due(Part("HELLO", {"name": self._actor}))
        self._tell(Part("WELCOME", {}))

    def _leaves(self, step: Step) -> None:
        self.add(self._actor, "/leave", Style.LINE, to_target=True, typed=True)
        self._depart()

    def _depart(self) -> None:
        self._due(Part("LEAVE", {}))
        self._tell(Part("GOODBYE", {"code": "LEFT"}))
        self._is_closed(Step(self._actor, "is closed"))
        self.note(self._actor, "exits 0")

    def _due(self, part: Part, bounds: str = "") -> None:
        """A message that the client has to send."""
        self._bytes.ask(part)
        self.add(self._actor, in_words(part) + bounds, to_target=False)

    def _sends(self, step: Step) -> None:
        for part in step.parts:
            if part.message not in ("HELLO", "PONG") and (line := self._line(part)) is not None:
                self.add(self._actor, line, Style.LINE, to_target=True, typed=True)
        for part in step.parts:
            self._due(part)

    _sends_together = _sends

    def _line(self, part: Part) -> str | None:
        """The line that is typed for a message."""
        constructs = field_constructs(part.message)
        scope = self._bytes.scope
        try:
            fields = {
                name: scope.to_send(value, constructs[name])
                for name, value in part.fields.items()
                if name in constructs
            }
            return typed_line(part.message, fields)
        except (Unbound, KeyError):
            return None

    def _sends_typed(self, step: Step) -> None:
        self._due(step.parts[0], _bounds(step))

    def _fence(self) -> None:
        """/who is answered next, so nothing was sent or shown before it."""
        self._sends(Step(self._actor, "sends", (Part("WHO", {}),)))
        self._tell(Part("ROSTER", {}))

    def _sends_nothing(self, step: Step) -> None:
        self._fence()

    def _types(self, step: Step) -> None:
        self.add(self._actor, step.text, Style.LINE, to_target=True, typed=True)

    def _receives(self, step: Step) -> None:
        self._tell(step.parts[0])

    def _receives_unshown(self, step: Step) -> None:
        self._tell(step.parts[0], shows=False)

    def _tell(self, part: Part, *, shows: bool = True) -> None:
        """A message to the client, and the line that it has to show."""
        try:
            data, shown = self._bytes.tell(part)
        except (Unbound, WireError):
            self.add(self._actor, in_words(part), to_target=True)
            return
        self.add(self._actor, label_of_bytes(data, part.message), to_target=True, data=data)
        if shows and shown is not None:
            line, stream = shown
            words = f"{line} (on standard error)" if stream == "error" else line
            self.add(self._actor, words, Style.LINE, to_target=False, typed=True)

    def _receives_raw(self, step: Step) -> None:
        data = self._bytes.raw(step)
        self.add(self._actor, label_of_bytes(data, "bytes"), to_target=True, data=data)

    def _receives_nothing(self, step: Step) -> None:
        """A server that sends nothing gives a client nothing to show."""

    def _stream_ends(self, step: Step) -> None:
        self.add(self._actor, "end of stream", Style.END, to_target=True)
        self._bytes.inside = False

    def _is_closed(self, step: Step) -> None:
        self.add(self._actor, "end of stream", Style.END, to_target=False)
        self._bytes.inside = False

    def _exits(self, step: Step) -> None:
        self.note(self._actor, f"exits {step.number}")
        self._bytes.inside = False
