"""A case under way: frames go in, and the steps grow by what the oracle says is due on each."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from impwire.tables import FAILURES, Settings, State

from ..language import Case, Part, Step
from ..language.values import Scope, all_constructs
from .oracle import ACTOR, Answer, Frame, Situation, answer, answer_to_end
from .samples import REQUEST_ID, built, sample

#: The user who watches, where something could reach others.
WATCHER = "bob"

#: What a refusal that nobody else may notice proves besides.
_SILENT = {"SAY": "SAY-3", "PM": "PM-5", "RENAME": "RENAME-2"}


class Script:
    """The steps of one case. `watched`: another user is there and proves what others hear. `settings`: of the server."""

    def __init__(
        self, state: State = State.ACTIVE, *, watched: bool = False, settings: dict[str, int] | None = None
    ) -> None:
        self.settings = settings or {}
        others = (WATCHER,) if watched else ()
        self.now = Situation(state, _settings(tuple(self.settings.items())), others=others)
        self.steps = [step(ACTOR, "connects" if state is State.CONNECTED else "joins")]
        self.answers: list[Answer] = []
        if watched:
            self.steps.append(step(WATCHER, "joins"))

    def sends(self, message: str, **values: Any) -> Script:
        """A frame that the case language can name: the sample with other values, in any of its forms."""
        given = {"request_id": REQUEST_ID, **sample(message), **values}
        self.steps.append(step(ACTOR, "sends", Part(message, _named(message, given))))
        sent = self._sent(message, given)
        # What was told by a form, such as {bytes: max_text}, comes back by the same form: the limit may be another one.
        forms = {sent[name]: value for name, value in given.items() if isinstance(value, dict)}
        return self._answered(built(message, sent), forms)

    def sends_raw(self, *frames: bytes) -> Script:
        """Frames in one segment."""
        self.steps.append(step(ACTOR, "sends raw", raw=(b"".join(frames).hex(),)))
        for frame in frames:
            self._answered(frame)
        return self

    def sends_long(self, start: bytes, zeros: int) -> Script:
        """A frame that ends with many zero bytes."""
        self.steps.append(step(ACTOR, "sends raw", raw=(start.hex(), {"repeat": "00", "times": zeros})))
        return self._answered(start + bytes(zeros))

    def announced(self) -> None:
        """The last reply is a WELCOME, which has to tell every limit and timer (WELCOME-1)."""
        fields = self.steps[-1].fields
        fields |= {name: getattr(self.now.settings, name) for name in Settings.__slots__}

    def ends_stream(self, rest: bytes = b"") -> Script:
        """The client says that nothing more comes; `rest` is what it has sent of a frame."""
        if rest:
            self.steps.append(step(ACTOR, "sends raw", raw=(rest.hex(),)))
        self.steps.append(step(ACTOR, "ends stream"))
        self._follow(answer_to_end(rest, self.now))
        return self

    def _sent(self, message: str, values: dict[str, Any]) -> dict[str, Any]:
        """The values as they are sent, with the limits that the server has."""
        scope, constructs = _scope(tuple(self.settings.items())), all_constructs(message)
        sent = {}
        for name, value in values.items():
            if name in constructs:
                sent[name] = scope.to_send(value, constructs[name])
            elif name == "extensions":
                sent[name] = [(tag, bytes.fromhex(digits)) for tag, digits in value]
            else:
                sent[name] = scope.number(value)
        return sent

    def _answered(self, frame: bytes, forms: Mapping[Any, Any] | None = None) -> Script:
        due = answer(frame, self.now)
        record = Frame(frame).record
        if forms:
            told = {other: Part(part.message, _in_forms(part.fields, forms)) for other, part in due.told.items()}
            due = replace(due, fields=_in_forms(due.fields, forms), told=told)
        if due.message == "ERROR" and self.now.others and record and record.NAME in _SILENT:
            due = replace(due, rules=(*due.rules, _SILENT[record.NAME]))
        self._follow(due)
        return self

    def _follow(self, due: Answer) -> None:
        """Add the steps of what is due."""
        self.now = due.after
        self.answers.append(due)
        if due.message:
            self.steps.append(step(ACTOR, "receives", Part(due.message, due.fields)))
        if due.message == "GOODBYE":
            self.steps.append(step(ACTOR, "is closed"))
        self.steps += [step(other, "receives", part) for other, part in due.told.items()]

    @property
    def _last(self) -> int:
        """The place of the last answer that is not silence: what the case is about."""
        return max(index for index, due in enumerate(self.answers) if due.message)

    @property
    def outcome(self) -> str:
        """What becomes of the last frame, in words that end a title."""
        due = self.answers[self._last]
        if due.code and FAILURES[due.code].fatal:
            return f"ends the connection with {due.code}"
        return f"is refused with {due.code}" if due.code else f"is answered by {due.message}"

    def case(self, id_: str, subject: str, *proves: str, first: bool = False) -> Case:
        """The case. `subject` begins its title, the outcome ends it; `proves` is what it proves besides what decides it.

        `first`: they stand in front, since the case is about them.
        """
        due = [rule for answer_ in self.answers[self._last :] for rule in answer_.rules]
        rules = (*proves, *due) if first else (*due, *proves)
        return case_of(
            id_, f"{subject} {self.outcome}", tuple(dict.fromkeys(rules)), self.steps, settings=self.settings
        )


def an(message: str) -> str:
    """`an OK`, `a CHAT`."""
    return f"{'an' if message[0] in 'AEIO' else 'a'} {message}"


def called(path: str) -> str:
    """A field in a sentence."""
    return {"to": "recipient", "after": "cursor"}.get(path, path)


def case_of(id_: str, title: str, proves: tuple[str, ...], steps: list[Step], **keys: Any) -> Case:
    """A derived case: `id_` is family, message and what; its steps stand in no file."""
    family = id_.partition("/")[0]
    return Case(f"derived/{id_}", title, proves, tuple(steps), file=f"derived/{family}", derived=True, **keys)


def step(actor: str, verb: str, *parts: Part, **keys: Any) -> Step:
    """A step that stands in no file."""
    return Step(actor, verb, parts, place="derived", **keys)


def _in_forms(fields: dict[str, Any], forms: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: forms.get(value, value) if isinstance(value, str) else value for name, value in fields.items()}


def _named(message: str, values: dict[str, Any]) -> dict[str, Any]:
    """The fields as a person would write them: without what the play fills in anyway."""
    filled = {"HELLO": ("min_version", "max_version", "capabilities")}.get(message, ())
    usual = sample(message)
    return {name: value for name, value in values.items() if name not in filled or value != usual.get(name)}


@functools.cache
def _settings(given: tuple[tuple[str, int], ...]) -> Settings:
    return Settings(**dict(given))


@functools.cache
def _scope(given: tuple[tuple[str, int], ...]) -> Scope:
    scope = Scope()
    scope.limits = {name: getattr(_settings(given), name) for name in Settings.__slots__}
    return scope
