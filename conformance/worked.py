"""`sessions`: the command that writes the worked sessions of protocol.txt, made of the cases that are such.

Each is played on paper (`play.paper`), so its frames are those that the codecs build, and what the case says of them holds.
The file is a part of the spec: whoever reads it knows the messages and fields, and needs no case.

Exit codes: 0 written, or up to date; 1 `--check` has found it stale; 2 the command line or a case is wrong.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import fields
from enum import IntEnum
from pathlib import Path
from typing import Any

from impwire.codecs import FRAME, decode
from impwire.messages import User
from impwire.tables import Settings
from impwire.wire import DecodeError, Message, amount

from .files import write_whole
from .language import SERVER, Case, InvalidFile, load_cases
from .options import PROGRAM
from .plan import BUILT_IN
from .play.layout import field_ranges
from .play.paper import Joined, play_on_paper
from .play.transcript import Event, Kind
from .verdicts import CaseFailed

_OUT = Path("spec") / "sessions.yaml"
_HEAD = """\
# yaml-language-server: $schema=exports/imp.schema.json
# Generated from conformance/cases by `python -m conformance sessions`; change the cases.
# The cases with the key `worked`, played on paper. What a server chooses (session_id, seq, time, nonce, words for
# people) is an example.
"""
_WIDTH = 120
#: What a chart does not tell: it is alike everywhere, or tells nothing without the rest of the frame.
_UNTOLD = (
    "time",
    "version",
    "min_version",
    "max_version",
    "server_name",
    "request_type",
    *Settings.__slots__,
)
#: Fields whose values need no name in front.
_SPEAKING = ("code", "reason", "scope", "text", "detail", "entries")
_TO_SERVER = (Kind.OPENED, Kind.SENT, Kind.SENT_END, Kind.SENT_RESET)
_EVENTS = {
    Kind.OPENED: "opens",
    Kind.SENT_END: "ends",
    Kind.RECEIVED_END: "ends",
    Kind.SENT_RESET: "resets",
    Kind.RECEIVED_RESET: "resets",
}
_JOINED_FRAMES = re.compile(r"\(1 of (\d+) in one segment\)$")

Entry = dict[str, Any]


def main(argv: list[str]) -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args(argv)
    if not options.out.parent.is_dir():
        print(f"{options.out.parent}: there is no such folder; --out names the file", file=sys.stderr)
        return 2
    try:
        written = sessions_text(load_cases([options.cases or BUILT_IN]))
    except InvalidFile as invalid:
        print(f"{invalid}\n{amount(len(invalid.problems), 'mistake')}; nothing was written", file=sys.stderr)
        return 2
    except CaseFailed as failed:
        print(f"{failed}\nnothing was written", file=sys.stderr)
        return 2
    found = options.out.read_text(encoding="utf-8") if options.out.exists() else ""
    if found == written:
        print(f"{options.out} is up to date")
        return 0
    if options.check:
        old, new = found.splitlines(keepends=True), written.splitlines(keepends=True)
        names = f"{options.out} (on disk)", f"{options.out} (of the cases)"
        print("".join(difflib.unified_diff(old, new, *names)), end="")
        print(f"{options.out} is stale; run `{PROGRAM} sessions`", file=sys.stderr)
        return 1
    if not write_whole(options.out, written):
        return 2
    print(f"wrote {options.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog=f"{PROGRAM} sessions",
        description="Write the worked sessions of protocol.txt: the cases that have the key 'worked', played on paper.",
        epilog="Exit codes: 0 written or up to date, 1 stale (--check), 2 wrong command line or case.",
    )
    made.add_argument("--check", action="store_true", help="write nothing; exit 1 with a diff if the file is stale")
    made.add_argument("--out", metavar="FILE", type=Path, default=_OUT, help=f"the file (default: {_OUT})")
    made.add_argument("--cases", metavar="DIR", type=Path, help="cases of your own instead of the built-in ones")
    return made


# -- a session ---------------------------------------------------------------------------------------------------------


def sessions_text(cases: Iterable[Case]) -> str:
    """The file of the worked sessions among the cases, in the order of their places. Raises `CaseFailed`."""
    worked = sorted((case.worked.place, case) for case in cases if case.worked)  # No two have the same place.
    sessions = [_session_lines(session_of(case)) for _, case in worked]
    return "\n".join([f"{_HEAD}\nsessions:", *sessions]) + "\n"


def session_of(case: Case) -> Entry:
    """A worked session as plain values, as it stands in the file. Raises `CaseFailed` if it cannot be played on paper."""
    assert case.worked
    try:
        told = play_on_paper(case)
    except CaseFailed as failed:
        raise CaseFailed(failed.verdict, f"{case.id} cannot be a worked session: {failed}") from None
    given = [*_settings(case)]
    first = [isinstance(event, Joined) for event in told].index(False)
    arrivals = [joined for joined in told[:first] if isinstance(joined, Joined)]
    given += [_arrived(arrivals)] if arrivals else []
    steps = _steps(told[first:])
    acting = {step[key] for step in steps for key in ("from", "to", "at") if key in step}
    leftmost, *others = dict.fromkeys(step.actor for step in case.steps if step.actor in acting - {SERVER})
    return {
        "name": case.id,
        "title": case.worked.title,
        "doc": " ".join(case.worked.shows.split()),
        "given": " ".join(given),
        "actors": [leftmost, SERVER, *others],
        "steps": steps,
    }


def _settings(case: Case) -> Iterator[str]:
    if case.settings:
        yield f"The server is set to {_listed(f'{name} {value}' for name, value in case.settings.items())}."


def _steps(told: list[Event | Joined]) -> list[Entry]:
    found: list[Entry] = []
    for event in told:
        if isinstance(event, Joined):
            found.append({"note": _arrived([event])})
            continue
        for step in _step(event):
            # END-2: the server ends its side behind GOODBYE, whenever the case looks at it.
            place = len(found)
            if step.get("event") == "ends" and step["from"] == SERVER:
                said = (i for i, step_ in enumerate(found, 1) if _is_goodbye(step_, step["to"]))
                place = max(said, default=place)
            found.insert(place, step)
    return found


def _is_goodbye(step: Entry, actor: str) -> bool:
    return step.get("message") == "GOODBYE" and step["to"] == actor


def _arrived(arrivals: list[Joined]) -> str:
    names = _listed(f"{joined.user.name} (session_id {joined.user.session_id})" for joined in arrivals)
    have = "has" if len(arrivals) == 1 else "have"
    return f"{names} {have} joined; the latest seq is {arrivals[-1].seq}."


def _step(event: Event) -> Iterator[Entry]:
    source, target = (event.actor, SERVER) if event.kind in _TO_SERVER else (SERVER, event.actor)
    if event.kind is Kind.TYPED:
        yield {"at": SERVER, "note": f"operator: {event.text}"}
    elif event.kind is Kind.NOTE:
        note = event.text.replace("exits 0", "the program ends with 0")
        yield {"at": event.actor, "note": note} if event.actor else {"note": note}
    elif event.kind in _EVENTS:
        yield {"from": source, "to": target, "event": _EVENTS[event.kind]}
    else:
        if several := _JOINED_FRAMES.search(event.text):
            yield {"at": event.actor, "note": f"{several[1]} messages in one segment"}
        yield {"from": source, "to": target, **_message(event.data)}


def _message(data: bytes) -> Entry:
    try:
        message = decode(data)
    except DecodeError:
        return {"bytes": data.hex(), "text": _bytes_in_words(data)}
    return {"message": message.NAME, "text": label(message), "fields": plain(message), "hex": grouped(data, message)}


def _bytes_in_words(data: bytes) -> str:
    if len(data) == FRAME.prefix_size:
        return f"a length of {int.from_bytes(data, 'big')}"
    return amount(len(data), "byte")


def _listed(words: Iterable[str]) -> str:
    """`a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


# -- a message ---------------------------------------------------------------------------------------------------------


def label(message: Message) -> str:
    """A message in a few words: `CHAT seq 3, who ann, "hi"`; requests and replies with their request_id as `#1`."""
    values = {item.name: getattr(message, item.name) for item in fields(message)}  # type: ignore[arg-type]
    number = values.pop("request_id", 0)
    words = [_field_in_words(name, value) for name, value in values.items() if _is_told(name, value)]
    return " ".join([message.NAME, *([f"#{number}"] if number else []), *([", ".join(words)] if words else [])])


def _is_told(name: str, value: Any) -> bool:
    return name not in _UNTOLD and (bool(value) or name in ("seq", "more", "entries"))


def _field_in_words(name: str, value: Any) -> str:
    if isinstance(value, tuple):
        shown = f"[{', '.join(map(_value_in_words, value))}]"
    else:
        shown = json.dumps(value, ensure_ascii=True) if name in ("text", "detail") else _value_in_words(value)
    return shown if name in _SPEAKING else f"{name} {shown}"


def _value_in_words(value: Any) -> str:
    if isinstance(value, User):
        return value.name
    if isinstance(value, IntEnum):
        return value.name
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def plain(value: Any) -> Any:
    """A value of a message, or all of them, in the notation of the vectors; flags and extensions only if there are some."""
    if isinstance(value, (Message, User)):
        values = {item.name: plain(getattr(value, item.name)) for item in fields(value)}  # type: ignore[arg-type]
        values = {key: item for key, item in values.items() if item or key not in ("flags", "extensions")}
        return {key: values[key] for key in sorted(values, key=lambda key: key != "request_id")}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, IntEnum):
        return value.name
    return value.hex() if isinstance(value, bytes) else value


def grouped(data: bytes, message: Message) -> str:
    """A frame in hex, a group for each field; a string apart from its count."""
    ends = {len(data)}
    for path, (start, end) in field_ranges(data).items():
        ends |= {start, end}
        if isinstance(text := _at(message, path), str):
            ends.add(end - len(text.encode()))
    places = sorted(ends - {0})
    return " ".join(data[a:b].hex() for a, b in zip([0, *places], places, strict=False) if a < b)


def _at(message: Message, path: str) -> Any:
    """The value of a field, named as in `field_ranges`; None for what is no attribute."""
    value: Any = message
    for step in re.findall(r"\w+", path):
        value = value[int(step)] if isinstance(value, tuple) else getattr(value, step, None)
    return value


# -- the file ----------------------------------------------------------------------------------------------------------


def _session_lines(session: Entry) -> str:
    lines = [f"  - name: {_yaml(session['name'])}", f"    title: {_yaml(session['title'])}", "    doc: >-"]
    lines += textwrap.wrap(session["doc"], _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)
    lines += [f"    given: {_yaml(session['given'])}"] if session["given"] else []
    lines += [f"    actors: [{', '.join(map(_yaml, session['actors']))}]", "    steps:"]
    for step in session["steps"]:
        lines += _step_lines(step)
    return "\n".join(lines)


def _step_lines(step: Entry) -> list[str]:
    if "message" not in step:
        return [f"      - {{{', '.join(f'{key}: {_yaml(value)}' for key, value in step.items())}}}"]
    lines = [f"{key}: {_yaml(value)}" for key, value in step.items() if key not in ("fields", "hex")]
    values = ", ".join(f"{key}: {_yaml(value)}" for key, value in step["fields"].items())
    lines = [", ".join(lines), f"fields: {{{values}}}", f"hex: {_yaml(step['hex'])}"]
    return [f"      - {{{lines[0]},", f"         {lines[1]},", f"         {lines[2]}}}"]


def _yaml(value: Any) -> str:
    """A value on one line: JSON, which is YAML too, but for words that need no quotes."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_/-]+", value) and value.lower() not in _WORDS:
        return value
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_yaml(item)}' for key, item in value.items())}}}"
    return f"[{', '.join(map(_yaml, value))}]" if isinstance(value, list) else json.dumps(value, ensure_ascii=False)


#: Words that YAML, or some reader of it, takes for something else.
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null"})
