"""The comparison of two specs, section by section, in the order in which the model has them."""

from __future__ import annotations

from typing import Any

from ..model import (
    Extension,
    Failures,
    Frame,
    Limit,
    Message,
    NumberRange,
    OptionalField,
    Outcome,
    State,
    Transition,
)
from .base import Judge, Users, nothing
from .rules import became
from .text import TextComparison
from .types import TypeComparison


class SpecComparison(TypeComparison, TextComparison):
    """The sections of a spec, in the order in which the model has them."""

    def spec(self) -> None:
        """Compare all."""
        judges: dict[str, Judge] = {
            "name": self.put("doc-changed", "protocol.name"),
            "short": self.put("doc-changed", "protocol.short"),
            "version": self.put("version-changed", "protocol"),
            "byte_order": self.put("byte-order-changed", "protocol"),
            "abstract": self.say("doc-changed", "protocol", "described in other words"),
            "package": self.put("package-moved", "outputs.package"),
            "document": self.put("document-moved", "outputs.document"),
            "exports": self.put("document-moved", "outputs.exports"),
            "support": self._support,
            "frame": self._frame,
            "numbering": self._numbering,
            "types": lambda _, __: self.declared(),
            "limits": self._limits_and_timers,
            "constants": self._constants,
            "states": self._states,
            "transitions": self._transitions,
            "failures": self._failures,
            "messages": self._messages,
            "chapters": self.chapters,
            "commands": self.commands,
            "plain": self.say("command-changed", "commands.plain", "a plain line sends something else"),
            "display": self.display,
            "vectors": self.vectors,
            "sessions": self.say("prose-changed", "sessions", "worked otherwise"),
            "sources": nothing,  # The names of the files say nothing of the protocol.
        }
        self.attributes(self.old, self.new, "protocol", judges)
        self.requirements()

    def _support(self, old: dict[str, str], new: dict[str, str]) -> None:
        for module in sorted({*old, *new}):
            before, after = old.get(module, ""), new.get(module, "")
            usual = [f"{spec.package}/{module}.py" for spec in (self.old, self.new)]
            if before != after and [before, after] != usual:  # It went with the package.
                self.tell("package-moved", f"outputs.support.{module}", became(before, after))

    # -- frame, numbering ----------------------------------------------------------------------------------------

    def _frame(self, old: Frame, new: Frame) -> None:
        judges: dict[str, Judge] = {
            "fields": self.header,
            "critical_flags": lambda a, b: self.tell("critical-flags-changed", "header", f"{a:#x} became {b:#x}"),
            "extension": self._extension,
        }
        self.attributes(old, new, "header", judges)

    def _extension(self, old: Extension | None, new: Extension | None) -> None:
        if old is None or new is None:
            text = "records may follow the fields" if new else "no records follow the fields any more"
            self.tell("extension-changed", "extension", text)
            return
        users = Users(("every extension",), frozenset({"either"}))
        judges: dict[str, Judge] = {
            "tag": self.put("extension-changed", "extension.tag"),
            "value": lambda a, b: self.another(a, b, "extension.value", users),
        }
        self.attributes(old, new, "extension", judges)

    def _numbering(self, old: tuple[NumberRange, ...], new: tuple[NumberRange, ...]) -> None:
        def place(numbers: NumberRange) -> str:
            return f"numbers {numbers.first:#04x} to {numbers.last:#04x}"

        pairs, gone, come = self.match(old, new, lambda numbers: (numbers.first, numbers.last), "numbering")
        for numbers in gone:
            self.tell("numbering-changed", place(numbers), "no longer a range of its own")
        for numbers in come:
            self.tell("numbering-changed", place(numbers), f"now a range of its own, sent by {numbers.sender}")
        for before, after in pairs:
            where = place(after)
            self.attributes(
                before, after, where, {key: self.put("numbering-changed", where) for key in ("kind", "sender")}
            )

    # -- limits, constants, states -------------------------------------------------------------------------------

    def _limits_and_timers(self, old: tuple[Limit, ...], new: tuple[Limit, ...]) -> None:
        def place(limit: Limit) -> str:
            return f"{'timer' if limit.timer else 'limit'} {limit.name}"

        pairs, gone, come = self.match(old, new, lambda limit: (limit.timer, limit.name), "limits and timers")
        for limit in gone:
            self.tell("limit-removed", place(limit), "is gone")
        for limit in come:
            self.tell("limit-added", place(limit), f"is new, {limit.default} by default")
        for before, after in pairs:
            self._limit(before, after, place(after))

    def _limit(self, old: Limit, new: Limit, place: str) -> None:
        if (old.minimum, old.maximum) != (new.minimum, new.maximum):
            text = became(f"{old.minimum} to {old.maximum}", f"{new.minimum} to {new.maximum}")
            self.tell("limit-range-changed", place, text)
        if old.type.name != new.type.name:
            self.tell("limit-range-changed", place, f"type {became(old.type.name, new.type.name)}")
        judges: dict[str, Judge] = {
            "default": self.put("limit-default-changed", place),
            "unit": self.put("unit-changed", place),
            "type": nothing,  # Above, and what changed within it at the type.
            "minimum": nothing,  # Above.
            "maximum": nothing,  # Above.
        }
        if old.type.name == new.type.name and (old.unit, new.unit) == (old.type.unit, new.type.unit):
            judges["unit"] = nothing  # It is the type's, and told there.
        self.attributes(old, new, place, judges)

    def _constants(self, old: Any, new: Any) -> None:
        pairs, gone, come = self.match(old, new, lambda constant: str(constant.name), "constants")
        for constant in gone:
            self.tell("constant-removed", f"constant {constant.name}", "is gone")
        for constant in come:
            self.tell("constant-added", f"constant {constant.name}", f"is new, {constant.value}")
        for before, after in pairs:
            place = f"constant {after.name}"
            texts = [became(before.value, after.value)] if before.value != after.value else []
            texts += [f"unit {became(before.unit, after.unit)}"] if before.unit != after.unit else []
            for text in texts:
                self.tell("constant-changed", place, text)
            self.attributes(before, after, place, {"value": nothing, "unit": nothing})  # Above.

    def _states(self, old: tuple[State, ...], new: tuple[State, ...]) -> None:
        pairs, gone, come = self.match(old, new, lambda state: state.name, "states")
        for state in gone:
            self.tell("state-removed", f"state {state.name}", "is gone")
        for state in come:
            may = [m.name for m in self.new.messages if any(state.name in allowed for allowed in m.states.values())]
            self.tell("state-added", f"state {state.name}", f"is new; allowed there: {', '.join(may) or 'nothing'}")
        for before, after in pairs:
            place = f"state {after.name}"
            text = "now ends the connection" if after.final else "no longer ends the connection"
            self.attributes(before, after, place, {"final": self.say("state-final-changed", place, text)})

    def _transitions(self, old: tuple[Transition, ...], new: tuple[Transition, ...]) -> None:
        before, after = _moves(old), _moves(new)
        if before == after:
            self.tell("order-changed", "transitions", "in another order")
        # What a message or a state does that only one of the versions has is part of its coming or going.
        known = {m.name for m in self.old.messages} & {m.name for m in self.new.messages}
        states = {state.name for state in self.old.states} & {state.name for state in self.new.states}
        for message, state in sorted({*before, *after}, key=[*before, *after].index):
            a, b = before.get((message, state)), after.get((message, state))
            if a == b or message not in known or state not in states:
                continue
            place = f"{message} in {state}"
            if (a or state) == (b or state):
                self.tell("prose-changed", place, "that it leads to no other state is written otherwise")
            else:
                self.tell("transition-changed", place, f"to {a or state} became to {b or state}")

    # -- failures ------------------------------------------------------------------------------------------------

    def _failures(self, old: Failures, new: Failures) -> None:
        keys = ("malformed", "too_large", "unexpected", "unknown_type", "unsupported_critical")
        judges = {key: self.put("failure-code-changed", f"failures.{key}") for key in keys}
        judges |= {
            "refusal": lambda a, b: self._answer(a, b, "failures.refusal"),
            "ending": lambda a, b: self._answer(a, b, "failures.ending"),
        }
        self.attributes(old, new, "failures", judges)

    def _answer(self, old: Outcome | None, new: Outcome | None, place: str) -> None:
        before, after = (
            outcome and f"{outcome.message}.{outcome.field} of type {outcome.type.name}" for outcome in (old, new)
        )
        if before != after:  # What changed in the enumeration is told at the type.
            self.tell("failure-answer-changed", place, became(before, after))

    # -- messages ------------------------------------------------------------------------------------------------

    def _messages(self, old: tuple[Message, ...], new: tuple[Message, ...]) -> None:
        pairs, gone, come = self.match(old, new, lambda message: message.name, "messages")
        for message in gone:
            self.tell("message-removed", message.name, f"is gone, {message.kind} {message.number:#04x}")
        for message in come:
            sender = "either side" if message.sender == "either" else f"the {message.sender}"
            self.tell("message-added", message.name, f"is new, {message.kind} {message.number:#04x} of {sender}")
        for before, after in pairs:
            self._message(before, after)

    def _message(self, old: Message, new: Message) -> None:
        place, users = new.name, Users((new.name,), frozenset({new.sender}))
        judges: dict[str, Judge] = {
            "number": lambda a, b: self.tell("message-renumbered", place, f"{a:#04x} became {b:#04x}"),
            "kind": self.put("message-kind-changed", place),
            "sender": self.put("message-sender-changed", place),
            "states": lambda a, b: self._allowed(a, b, place),
            "fields": lambda a, b: self.fields(a, b, place, users),
            "optional": lambda a, b: self._optional(a, b, place, users),
            "replies": lambda a, b: self._replies(a, b, place),
            "errors": lambda a, b: self.tell("errors-changed", place, _gains(a, b)),
            "rules": lambda a, b: self.blocks(a, b, place),
        }
        self.attributes(old, new, place, judges)

    def _allowed(self, old: dict[str, tuple[str, ...]], new: dict[str, tuple[str, ...]], place: str) -> None:
        # A state that only the new version has is told as such: no old peer gets there.
        states = [state.name for state in self.old.states]
        for side in sorted({*old} & {*new}):  # Another sender is told as such.
            before, after = old[side], new[side]
            narrowed = [state for state in before if state not in after]
            widened = [state for state in after if state not in before and state in states]
            if narrowed:
                self.tell("states-narrowed", place, f"the {side} may no longer send it in {', '.join(narrowed)}")
            if widened:
                self.tell("states-widened", place, f"the {side} may now send it in {', '.join(widened)}")
            if before != after and {*before} == {*after}:
                self.tell("order-changed", place, "its states in another order")

    def _optional(
        self, old: tuple[OptionalField, ...], new: tuple[OptionalField, ...], message: str, users: Users
    ) -> None:
        pairs, gone, come = self.match(old, new, lambda field: field.name, f"{message}, optional fields")
        for field in gone:
            rule = "critical-field-removed" if field.tag % 2 else "optional-field-removed"
            self.tell(rule, f"{message}.{field.name}", f"is gone, tag {field.tag}")
        for field in come:
            rule = "critical-field-added" if field.tag % 2 else "optional-field-added"
            self.tell(rule, f"{message}.{field.name}", f"is new, {field.type.name} with tag {field.tag}")
        for before, after in pairs:
            self.optional(before, after, f"{message}.{after.name}", users)

    def _replies(self, old: tuple[str, ...], new: tuple[str, ...], place: str) -> None:
        known = {message.name for message in self.new.messages}
        for reply in old:
            if reply not in new and reply in known:  # A message that is gone is told as such.
                self.tell("reply-removed", place, f"{reply} no longer answers it")
        for reply in new:
            if reply not in old:
                self.tell("reply-added", place, f"{reply} may answer it")
        if {*old} == {*new}:
            self.tell("order-changed", place, "its replies in another order")


def _moves(transitions: tuple[Transition, ...]) -> dict[tuple[str, str], str]:
    return {(t.message, source): t.target for t in transitions for source in t.sources}


def _gains(old: tuple[str, ...], new: tuple[str, ...]) -> str:
    gone, come = [word for word in old if word not in new], [word for word in new if word not in old]
    parts = [f"{', '.join(come)} came" if come else "", f"{', '.join(gone)} went" if gone else ""]
    return "; ".join(part for part in parts if part) or "in another order"
