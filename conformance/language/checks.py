"""What can be wrong with steps that are right one by one: who is there, who can do what, what is known when.

Each check takes the steps of a case with their places and reports at them. Presence does not depend on the role in which
a case is played; what a role can play, and which variables have a value by then, does.
"""

from __future__ import annotations

from impwire.constructs import Text
from impwire.tables import CLIENT_COMMANDS, PLAIN, Role

from .case import Part, Step, typed_line
from .steps import HEADER_FIELDS, Placed
from .strict_yaml import suggestion
from .values import field_constructs, is_variable, variables_in
from .verbs import CONSOLE, SERVER, verbs_of

_COMES = ("connects", "joins")
_GOES = ("leaves", "drops", "resets", "is closed", "is reset")
#: What can still be asked of a client whose connection is gone, and of a server that has ended.
_OF_PROGRAMS = ("exits", "shows", "shows line with", "complains", "warns")
#: The fields that the suite fills in: of what it sends as a client, and as a server all but these.
_FILLED_IN = {
    "HELLO": {"min_version", "max_version", "capabilities", "name"},
    "WHO": {"after", "limit"},
    "PING": {"nonce"},
    "PONG": {"nonce"},
}
_NOT_FILLED_IN = {"text", "code", "reason", "new_name"}
_AFTERWARDS = ("logs", "never logs", "answers", "is killed and restarted")


def check_presence(placed: list[Placed]) -> None:
    """Report steps of actors who are not there, and of those who come though they are; and what comes after the end."""
    present: set[str] = set()
    strangers: set[str] = set()
    exited: set[str] = set()
    for item in placed:
        actor, verb = item.step.actor, item.step.verb
        if SERVER in exited and not (actor in (CONSOLE, SERVER) and verb in _AFTERWARDS):
            item.actor_place.problem("the server has ended before this step")
        elif actor in exited and actor != SERVER:
            item.actor_place.problem(f"'{actor}' has ended before this step")
        elif actor not in (CONSOLE, SERVER):
            for name in item.step.group or (actor,):
                _check_actor(item, name, present, strangers)
        if verb == "is killed and restarted":
            present.clear()
            exited.clear()
        elif verb == "exits":
            exited.add(actor)


def _check_actor(item: Placed, actor: str, present: set[str], strangers: set[str]) -> None:
    """`strangers` are those who act though they have never come, which is told once."""
    verb = item.step.verb
    if verb == "connects" and actor in present:
        item.actor_place.problem(f"'{actor}' has connected already")
    elif verb not in (*_COMES, *_OF_PROGRAMS) and actor not in present | strangers:
        item.actor_place.problem(f"'{actor}' has not connected{suggestion(actor, present)}")
        strangers.add(actor)
    if verb in _GOES:
        present.discard(actor)
    elif verb in _COMES:
        present.add(actor)


def check_role(placed: list[Placed], role: Role, actor: str) -> bool:
    """Report what cannot be played in a role: every step to a server, those of the actor under test to a client.

    Returns whether all can.
    """
    good, input_ended = True, False
    for item in placed:
        step = item.step
        if role is Role.CLIENT and actor not in (step.group or (step.actor,)):
            continue
        input_ended |= step.verb == "ends input"
        if role not in verbs_of(step.actor)[step.verb].roles:
            way_out = "add 'server: false'" if role is Role.SERVER else f"'{actor}' cannot be a client under test here"
            item.verb_place.problem(f"'{step.verb}' cannot be played to a {role}; {way_out}")
            good = False
        elif item.sound and (fault := _unplayable(step, role, input_ended=input_ended)):
            item.verb_place.problem(fault)
            good = False
    return good


def _unplayable(step: Step, role: Role, *, input_ended: bool) -> str:
    """Why the messages of a step cannot be sent, or be made to be sent; empty if they can."""
    faults: list[str] = []
    if role is Role.SERVER and step.verb.startswith(("sends", "floods")):
        faults = [_unsendable(part) for part in step.parts[: 1 if step.verb == "floods" else None]]
    elif role is Role.CLIENT and step.verb in ("sends", "sends together"):
        faults = [_untypable(part, ended=input_ended) for part in step.parts]
    elif role is Role.CLIENT and step.verb in ("receives", "receives unshown"):
        faults = [_incomplete(part, set(field_constructs(part.message)) - _NOT_FILLED_IN) for part in step.parts]
    return next(filter(None, faults), "")


def _unsendable(part: Part) -> str:
    """Why the suite cannot send this to a server; empty if it can."""
    if any(isinstance(part.fields.get(name), dict) for name in HEADER_FIELDS):
        return "a condition can be expected, and not sent to a server"
    return _incomplete(part, _FILLED_IN.get(part.message, set()))


def _incomplete(part: Part, filled_in: set[str]) -> str:
    """Which fields a message lacks, beside those that the suite fills in."""
    if not part.message:
        return ""
    if missing := [
        name for name in field_constructs(part.message) if name not in filled_in and name not in part.fields
    ]:
        return f"{part.message} needs {' and '.join(missing)}"
    return ""


def _untypable(part: Part, *, ended: bool) -> str:
    """Why nothing that a person types makes a client send this; empty if something does."""
    if not part.message or part.message in ("HELLO", "PONG") or ended:
        return ""
    if set(part.fields) & (set(HEADER_FIELDS) - {"request_id"}):
        return "a client cannot be made to send flags or extensions"
    needed = _typed_fields(part.message)
    if needed is None:
        return f"no line that is typed makes a client send {part.message}"
    if missing := needed - set(part.fields):
        return f"what is typed is not complete: {part.message} needs {' and '.join(sorted(missing))}"
    for value in part.fields.values():
        if isinstance(value, dict) and "hex" in value:
            return "a client cannot be made to send bytes; type text"
    plain = {name: value for name, value in part.fields.items() if isinstance(value, str)}
    if len(plain) == len(part.fields) and "\n" in (typed_line(part.message, plain) or ""):
        return "a line feed cannot be typed within a line"
    return ""


def _typed_fields(message: str) -> set[str] | None:
    """The fields of a message that stand in the line typed for it; None if there is no such line."""
    if PLAIN is not None and PLAIN[0] == message:
        return {name for name, value in PLAIN[1].items() if str(value).startswith("{")}
    for command in CLIENT_COMMANDS.values():
        if command.sends is not None and command.sends[0] == message:
            return {name for name, value in command.sends[1].items() if str(value).startswith("{")}
    return None


def check_variables(placed: list[Placed], role: Role, actor: str) -> None:
    """Report variables that are used before they have a value, seen from one role."""
    known: set[str] = set()
    for item in placed:
        step = item.step
        if role is Role.CLIENT and step.actor != actor:
            if step.verb == "joins" or (step.verb == "receives" and step.message == "WELCOME"):
                known.add(step.actor)
            continue
        binds, needs = _variables(item, role)
        for name in sorted(needs - known):
            hint = suggestion(f"${name}", {f"${other}" for other in known})
            item.node.problem(f"${name} has no value yet when this is played to a {role}{hint}")
            known.add(name)
        known |= binds
        if step.verb == "joins" or "WELCOME" in [part.message for part in step.parts]:
            known |= set(step.group or (step.actor,))
        if step.verb.startswith(("sends", "floods")):
            known.add("request")


def _variables(item: Placed, role: Role) -> tuple[set[str], set[str]]:
    """The variables that a step binds, and those that must have a value before it."""
    binds: set[str] = set()
    needs: set[str] = set()
    step = item.step
    sending = 0
    if step.verb.startswith(("sends", "floods")) and not (role is Role.CLIENT and step.verb == "sends typed"):
        sending = 1 if step.verb == "floods" else len(step.parts)
    for index, part in enumerate((*step.parts, *step.others)):
        constructs = field_constructs(part.message) if part.message else {}
        for name, value in part.fields.items():
            if isinstance(constructs.get(name), Text) and isinstance(value, str) and not is_variable(value):
                continue
            bound, needed = variables_in(value)
            # A header field is compared with a number; only what a client sends is looked at there.
            looked_at = role is Role.CLIENT and name not in constructs
            if not looked_at and (index < sending or name in HEADER_FIELDS):
                bound, needed = set(), bound | needed
            needs |= needed - binds
            binds |= bound
    for value in (step.within, step.after, *(entry["times"] for entry in step.raw if isinstance(entry, dict))):
        if isinstance(value, str):
            bound, needed = variables_in(value)
            needs |= bound | needed
    return binds, needs
