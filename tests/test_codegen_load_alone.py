"""Mistakes that would cause others if they were not taken for what they are: each is told in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.spoiling import Mistake, assert_told_alone, named, report, spoil

ALONE: dict[str, Mistake] = {
    "misspelt messages": ("\nmessages:\n", "\n«mesages:\n", "unknown key 'mesages'; did you mean 'messages'?"),
    "misspelt states": ("\nstates:\n", "\n«staets:\n", "unknown key 'staets'; did you mean 'states'?"),
    "misspelt numbering": ("\nnumbering:\n", "\n«numberin:\n", "unknown key 'numberin'; did you mean 'numbering'?"),
    "misspelt limits": ("\nlimits:\n", "\n«limts:\n", "unknown key 'limts'; did you mean 'limits'?"),
    "number with zeros in front": (
        "number: 0x02",
        "number: «0002",
        "0002 is ambiguous in YAML; write 2 for the number",
    ),
    "number that is none": ("number: 0x02", "number: «two", "expected a whole number, found a string"),
    "number missing": ("    number: 0x02\n    ", "    «", "key 'number' is missing"),
    "truth that is ambiguous": (
        "open: true\n    doc: How",
        "open: «yes\n    doc: How",
        "yes is ambiguous in YAML; write true or false",
    ),
    "kind that is ambiguous": (
        "number: 0x02\n    kind: request",
        "number: 0x02\n    kind: «no",
        "no is ambiguous in YAML; write 'no' for the string, or true, false or a plain number",
    ),
    "misspelt sender of either side": (
        "    sender: either\n    states: {client: [WAITING, INSIDE]",
        "    sender: «eiter\n    states: {client: [WAITING, INSIDE]",
        "unknown sender 'eiter'; did you mean 'either'?",
    ),
    "misspelt sender of the server": (
        "number: 0x82\n    kind: reply\n    sender: server",
        "number: 0x82\n    kind: reply\n    sender: «sever",
        "unknown sender 'sever'; did you mean 'server'?",
    ),
    "misspelt sender of a range": (
        "kind: request, sender: client, doc",
        "kind: request, sender: «clinet, doc",
        "unknown sender 'clinet'; did you mean 'client'?",
    ),
    "misspelt kind of a range": (
        "kind: request, sender: client, doc",
        "kind: «reqest, sender: client, doc",
        "unknown kind of message 'reqest'; did you mean 'request'?",
    ),
    "misspelt kind of a reply": (
        "number: 0x82\n    kind: reply",
        "number: 0x82\n    kind: «repyl",
        "unknown kind of message 'repyl'; did you mean 'reply'?",
    ),
    "message of another sender and kind": (
        "number: 0x02",
        "number: «0xC5",
        "WRITE is a request of the client; the numbers 0xC0 to 0xFF are for events of the server; its number is one of "
        "0x01 to 0x3F",
    ),
    "request without replies": (
        "    replies: [PAGE, REFUSED, SHUT]\n",
        "",
        "the request WRITE has no 'replies', and no request has the reply PAGE",
        "WRITE:\n",
    ),
    "misspelt replies": (
        "    replies: [KNOCKED]\n",
        "    «repleis: [KNOCKED]\n",
        "unknown key 'repleis'; did you mean 'replies'?",
    ),
    "misspelt reply": (
        "replies: [PAGE, REFUSED",
        "replies: [«PAEG, REFUSED",
        "unknown message 'PAEG'; did you mean 'PAGE'?",
    ),
    "unknown base of an integer with bounds": (
        "    base: u16\n    min: 1",
        "    base: «u24\n    min: 1",
        "unknown base type 'u24'; did you mean 'u64'?",
    ),
    "unknown base of bits": (
        "base: u16\n    bits",
        "base: «u24\n    bits",
        "unknown base type 'u24'; did you mean 'u64'?",
    ),
    "unknown count of a string": (
        "    kind: string\n    count: u16\n",
        "    kind: string\n    count: «u24\n",
        "unknown base type 'u24'; did you mean 'u64'?",
    ),
    "greatest length that is a number": (
        "max: {bytes: 20, else: BAD_NAME}",
        "max: «20",
        "expected a mapping, found a number; write {bytes: 20}",
    ),
    "greatest length missing": (
        "    kind: string\n    count: u8\n    min: {bytes: 1, else: BAD_NAME}\n    max: {bytes: 20, else: BAD_NAME}\n",
        "    «kind: string\n    count: u8\n    min: {bytes: 1, else: BAD_NAME}\n",
        "key 'max' is missing",
    ),
    "field that is a word of Python": (
        "{name: name, type: guest,",
        "{name: «class, type: guest,",
        "'class' is a name that the generated code needs for itself",
    ),
    "field in capitals": (
        "{name: page, type: page, doc",
        "{name: «Page, type: page, doc",
        "'Page' is no name of the form name_2",
    ),
    "field that is a boolean": (
        "{name: name, type: guest,",
        "{name: «true, type: guest,",
        "expected a string, found a boolean: true; put it in quotes or choose another word",
    ),
    "field that vectors call otherwise": (
        "{name: name, type: guest,",
        "{name: naem, type: guest,",
        "OPEN has no field 'name'; did you mean 'naem'?",
        "name: ann, abilities",
    ),
    "value of an enumeration that is used": (
        "GLAD: {number: 1",
        "«Glad: {number: 1",
        "'Glad' is no name of the form NAME_2",
    ),
    "misspelt role of the length": (
        "role: length",
        "role: «lenght",
        "unknown role 'lenght'; did you mean 'length'?",
    ),
    "misspelt role of the flags": ("role: flags", "role: «flag", "unknown role 'flag'; did you mean 'flags'?"),
    "misspelt role of the correlation": (
        "role: correlation",
        "role: «corelation",
        "unknown role 'corelation'; did you mean 'correlation'?",
    ),
    "misspelt limit": (
        "announces: max_line",
        "announces: «max_lien",
        "unknown limit or timer 'max_lien'; did you mean 'max_line'?",
    ),
    "limit of another type": (
        "max_line: {type: u16",
        "max_line: {type: «line",
        "'max_line' needs an integer type",
    ),
    "misspelt message of a transition": (
        "{message: OPENED, from: [WAITING]",
        "{message: «OPEND, from: [WAITING]",
        "unknown message 'OPEND'; did you mean 'OPENED'?",
    ),
    "code where none can be": (
        "    max: 500\n",
        "    max: 500\n    «else: BAD_NAME\n",
        "unknown key 'else'; known are kind, doc, base, min, max, unit",
    ),
    "misspelt code of a bound": (
        "max: {bytes: 900, else: TOO_LONG}",
        "max: {bytes: 900, «esle: TOO_LONG}",
        "unknown key 'esle'; did you mean 'else'?",
    ),
    "message in small letters": ("\n  WRITE:\n", "\n  «Write:\n", "'Write' is no name of the form NAME_2"),
    "reply in small letters": ("\n  PAGE:\n", "\n  «page:\n", "'page' is no name of the form NAME_2"),
    "state in small letters": ("  INSIDE: {doc", "  «Inside: {doc", "'Inside' is no name of the form NAME_2"),
    "flags twice": (
        "    flags: 0x80\n    fields: {ticket: 2}",
        "    flags: «0x80\n    fields: {ticket: 2, flags: 1}",
        "'fields' gives the flags already, as 'flags'",
    ),
}


@pytest.mark.parametrize("mistake", named(ALONE))
def test_mistake_is_told_once_and_nothing_that_only_follows_from_it(guestbook: Path, mistake: Mistake) -> None:
    assert_told_alone(guestbook, mistake)


@pytest.mark.parametrize("section", ["frame", "numbering", "types", "states", "messages", "outputs"])
def test_what_refers_to_a_missing_section_is_not_told(guestbook: Path, section: str) -> None:
    place = spoil(guestbook, f"\n{section}:\n", "\n«something_else:\n")
    lines = report(guestbook).splitlines()
    assert lines[0] == f"spec/guestbook.yaml:4:1: section '{section}' is missing"
    assert lines[1].startswith(f"{place}: unknown key 'something_else'; known are ")
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("section", "value", "found"),
    [
        ("states", "[WAITING, INSIDE, GONE]", "expected a mapping, found a list"),
        ("messages", "5", "expected a mapping, found a number"),
        ("numbering", "{first: 1}", "expected a list, found a mapping"),
        ("types", "~", "expected a mapping, found nothing"),
    ],
)
def test_what_refers_to_a_section_of_the_wrong_shape_is_not_told(
    guestbook: Path, section: str, value: str, found: str
) -> None:
    text = guestbook.read_text(encoding="utf-8")
    parts = [part for part in text.split("\n\n") if not part.startswith(f"{section}:")]
    guestbook.write_text("\n\n".join([*parts, f"{section}: {value}\n"]), encoding="utf-8")
    place = spoil(guestbook, f"\n{section}: {value}", f"\n{section}: «{value}")
    assert report(guestbook) == f"{place}: {found}"
