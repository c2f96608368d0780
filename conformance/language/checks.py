"""What can be wrong with steps that are right one by one: who is there, who can do what, what is known when.

Each check takes the steps of a case with their places and reports at them. Presence does not depend on the role in which
a case is played; what a role can play, and which variables have a value by then, does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from impwire.codecs import FRAME
from impwire.constructs import Many, Record, Text
from impwire.tables import CLIENT_COMMANDS, PLAIN, Role

from .case import Part, Step, typed_line
from .steps import HEADER_FIELDS, Placed
from .strict_yaml import suggestion
from .values import all_constructs, field_constructs, is_variable, members_of, paths_in, variables_in
from .verbs import CONSOLE, SERVER, verbs_of

_COMES = ("connects", "joins")
_GOES = ("leaves", "drops", "resets", "is closed", "is reset")
#: What can still be asked of a client whose connection is gone, and of a server that has ended.
_OF_PROGRAMS = ("exits", "shows", "shows line with", "complains", "warns")
#: What the suite cannot do once the input of a client has ended.
_AT_THE_INPUT = ("types", "types raw", "ends input", "sends nothing", "leaves")
#: The fields that the suite fills in: of what it sends as a client, and as a server all but these.
_FILLED_IN = {
    "HELLO": {"min_version", "max_version", "capabilities", "name"},
    "WHO": {"after", "limit"},
    "PING": {"nonce"},
    "PONG": {"nonce"},
}
_NOT_FILLED_IN = {"text", "code", "reason", "new_name"}
#: What a variable holds that is called like an actor: a user; and what `$request` holds.
_USER = field_constructs("JOINED")["who"]
_NUMBER = next(field.subcon for field in FRAME.fields if field.name == "request_id")
_AFTERWARDS = ("logs", "never logs", "answers", "is killed and restarted")


def check_presence(placed: list[Placed]) -> None:
    """Report steps of actors who are not there, and of those who come though they are; and what comes after the end."""
    present: set[str] = set()
    strangers: set[str] = set()
    exited: set[str] = set()
    console_ended = False
    for item in placed:
        actor, verb = item.step.actor, item.step.verb
        if console_ended and actor == CONSOLE and verb != "answers":
            item.actor_place.problem("the input of the console has ended before this step")
        console_ended |= actor == CONSOLE and verb == "ends input"
        if SERVER in exited and not (actor in (CONSOLE, SERVER) and verb in _AFTERWARDS):
            item.actor_place.problem("the server has ended before this step")
        elif actor in exited and actor != SERVER:
            item.actor_place.problem(f"'{actor}' has ended before this step")
        elif actor not in (CONSOLE, SERVER):
            for name in item.step.group or (actor,):
                _check_actor(item, name, present, strangers)
        if verb == "is killed and restarted":
            console_ended = False
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
        ended, input_ended = input_ended, input_ended or step.verb == "ends input"
        if role not in verbs_of(step.actor)[step.verb].roles:
            way_out = "add 'server: false'" if role is Role.SERVER else f"'{actor}' cannot be a client under test here"
            item.verb_place.problem(f"'{step.verb}' cannot be played to a {role}; {way_out}")
            good = False
        elif role is Role.CLIENT and ended and step.verb in _AT_THE_INPUT:
            item.verb_place.problem(f"'{step.verb}' needs the input of '{actor}', which has ended before this step")
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
    """Report variables that are used before they have a value, and parts that they do not have, seen from one role."""
    known: dict[str, Any] = {}
    for item in placed:
        step = item.step
        if role is Role.CLIENT and step.actor != actor:
            if step.verb == "joins" or (step.verb == "receives" and step.message == "WELCOME"):
                known[step.actor] = _USER
            continue
        binds, needs = _variables(item, role)
        for name in sorted(needs - known.keys()):
            hint = suggestion(f"${name}", {f"${other}" for other in known})
            item.node.problem(f"${name} has no value yet when this is played to a {role}{hint}")
            known[name] = None
        known = {**binds, **known}
        if step.verb == "joins" or "WELCOME" in [part.message for part in step.parts]:
            known |= dict.fromkeys(step.group or (step.actor,), _USER)
        if step.verb.startswith(("sends", "floods")):
            known["request"] = _NUMBER
        for path in sorted(_paths(item)):
            _check_path(item, path, known)


def _variables(item: Placed, role: Role) -> tuple[dict[str, Any], set[str]]:
    """The variables that a step binds, with the constructs of what they then hold, and those that it needs before it."""
    binds: dict[str, Any] = {}
    needs: set[str] = set()
    step = item.step
    sending = 0
    if step.verb.startswith(("sends", "floods")) and not (role is Role.CLIENT and step.verb == "sends typed"):
        sending = 1 if step.verb == "floods" else len(step.parts)
    for index, part in enumerate((*step.parts, *step.others)):
        constructs = _constructs(part)
        for name, value in part.fields.items():
            if _is_plain_text(value, constructs.get(name)):
                continue
            bound, needed = variables_in(value)
            # Of what a client under test sends, the header is looked at. The suite's own frames say what $request is.
            if index < sending and not (role is Role.CLIENT and name in HEADER_FIELDS):
                bound, needed = set(), bound | needed
            elif "request" in bound:
                bound, needed = bound - {"request"}, needed | {"request"}
            needs |= needed - binds.keys()
            binds |= {variable: kind for variable, kind in _held(value, constructs[name]) if variable in bound}
    for value in _numbers(step):
        bound, needed = variables_in(value)
        needs |= bound | needed
    return binds, needs


def _constructs(part: Part) -> dict[str, Any]:
    """The fields of a message with their constructs, and those of its header, which are numbers."""
    return {**dict.fromkeys(HEADER_FIELDS, _NUMBER), **(all_constructs(part.message) if part.message else {})}


def _is_plain_text(value: Any, construct: Any) -> bool:
    return isinstance(construct, Text) and isinstance(value, str) and not is_variable(value)


def _numbers(step: Step) -> list[Any]:
    """The numbers of a step that stand in no message."""
    return [step.within, step.after, *(entry["times"] for entry in step.raw if isinstance(entry, dict))]


def _held(value: Any, construct: Any) -> Iterator[tuple[str, Any]]:
    """Each variable that stands alone in a value, with the construct of what it stands for."""
    if isinstance(value, str) and is_variable(value):
        yield value[1:], construct
    elif isinstance(value, dict) and isinstance(construct, Record):
        for name, member in members_of(construct).items():
            yield from _held(value.get(name), member)
    elif isinstance(value, list) and isinstance(construct, Many):
        for item in value:
            yield from _held(item, construct.item)


def _paths(item: Placed) -> set[str]:
    """The parts of variables that a step names, such as `$ann.name`."""
    step = item.step
    values = [
        value
        for part in (*step.parts, *step.others)
        for name, value in part.fields.items()
        if not _is_plain_text(value, _constructs(part).get(name))
    ]
    return paths_in([*values, *_numbers(step)])


def _check_path(item: Placed, path: str, known: dict[str, Any]) -> None:
    """Report a part that what the variable holds does not have."""
    head, *rest = path.removeprefix("$").split(".")
    construct = known.get(head)
    for number, part in enumerate(rest):
        if construct is None:
            return
        parts = members_of(construct) if isinstance(construct, Record) else {}
        if part not in parts:
            whole = ".".join((head, *rest[:number]))
            hint = suggestion(part, parts) or (f"; known are {', '.join(parts)}" if parts else "; it is no struct")
            item.node.problem(f"${whole} has no part '{part}'{hint}")
            return
        construct = parts[part]
