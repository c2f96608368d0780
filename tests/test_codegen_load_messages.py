"""Mistakes in the messages of a spec: their numbers, senders, states and replies, and their optional fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.spoiling import Mistake, assert_reported_at_its_place, named, report, spoil

MESSAGES: dict[str, Mistake] = {
    "number taken twice": ("number: 0x02", "number: «0x01", "number 0x01 is that of OPEN already"),
    "number in the range of another direction": (
        "number: 0x02",
        "number: «0x42",
        "WRITE is sent by the client; the numbers 0x40 to 0x7F are for messages of either side; its number is one of "
        "0x01 to 0x3F",
    ),
    "number in the range of another kind": (
        "number: 0xC0",
        "number: «0x84",
        "WRITTEN is an event; the numbers 0x80 to 0xBF are for replies of the server; its number is one of 0xC0 to 0xFF",
    ),
    "number in no range": (
        "number: 0x02",
        "number: «0x100",
        "WRITE: number 0x100 lies in no range of 'numbering'; its number is one of 0x01 to 0x3F",
    ),
    "message whose name is no name": ("  WRITTEN:\n", "  «Written:\n", "'Written' is no name of the form NAME_2"),
    "message with the name of a struct": (
        "  WRITTEN:\n",
        "  «ENTRY:\n",
        "message ENTRY and type 'entry' would be classes of the same name",
    ),
    "unknown kind of message": (
        "kind: event\n",
        "kind: «evnt\n",
        "unknown kind of message 'evnt'; did you mean 'event'?",
    ),
    "unknown sender": (
        "    sender: either\n    states: {client: [WAITING, INSIDE]",
        "    sender: «eiter\n    states: {client: [WAITING, INSIDE]",
        "unknown sender 'eiter'; did you mean 'either'?",
    ),
    "unknown state of a message": (
        "{client: [WAITING, INSIDE], server: [INSIDE]}",
        "{client: [WAITING, «INSDE], server: [INSIDE]}",
        "unknown state 'INSDE'; did you mean 'INSIDE'?",
    ),
    "either side's states in one list": (
        "{client: [WAITING, INSIDE], server: [INSIDE]}",
        "«[INSIDE]",
        "expected a mapping, found a list",
    ),
    "unknown reply": (
        "replies: [KNOCKED]",
        "replies: [KNOCKED, «KNOKED]",
        "unknown message 'KNOKED'; did you mean 'KNOCKED'?",
    ),
    "reply that is none": ("replies: [KNOCKED]", "replies: [KNOCKED, «WRITTEN]", "WRITTEN is no reply"),
    "replies to what is no request": (
        "    states: [INSIDE]\n    doc: Another",
        "    states: [INSIDE]\n    replies: «[PAGE]\n    doc: Another",
        "WRITTEN is no request and has no replies",
    ),
    "reply to nothing": (
        "replies: [PAGE, REFUSED, SHUT]",
        "replies: [REFUSED, SHUT]",
        "the reply PAGE answers no request",
        "PAGE:\n",
    ),
    "unknown key of a message": (
        "errors: [BAD_NAME]",
        "«erors: [BAD_NAME]",
        "unknown key 'erors'; did you mean 'errors'?",
    ),
}

_ENTRY = "      - {name: entry, type: entry, doc: What and by whom}\n"
_OPTIONAL = _ENTRY + "    optional:\n"
_MOOD = "      - {name: mood, type: mood, tag: 2, since: '1.0', doc: How}\n"

OPTIONAL: dict[str, Mistake] = {
    "optional field with the name of another field": (
        _ENTRY,
        _OPTIONAL + _MOOD.replace("name: mood", "name: «entry"),
        "field 'entry' stands in WRITTEN already",
    ),
    "optional field twice": (
        _ENTRY,
        _OPTIONAL + _MOOD + _MOOD.replace("name: mood", "name: «mood").replace("tag: 2", "tag: 4"),
        "field 'mood' stands in WRITTEN already",
    ),
    "optional fields of one tag": (
        _ENTRY,
        _OPTIONAL + _MOOD + _MOOD.replace("name: mood", "name: sky").replace("tag: 2", "tag: «2"),
        "tag 2 of WRITTEN is taken already",
    ),
    "tag beyond its type": (
        _ENTRY,
        _OPTIONAL + _MOOD.replace("tag: 2", "tag: «256"),
        "tag 256 does not lie within u8",
    ),
    "optional field whose name is no name": (
        _ENTRY,
        _OPTIONAL + _MOOD.replace("name: mood", "name: «Mood"),
        "'Mood' is no name of the form name_2",
    ),
    "optional field of an unknown type": (
        _ENTRY,
        _OPTIONAL + _MOOD.replace("type: mood", "type: «mod"),
        "field 'mood' of WRITTEN has unknown type 'mod'; did you mean 'mood'?",
    ),
    "optional field larger than an extension": (
        _ENTRY,
        _OPTIONAL + _MOOD.replace("type: mood", "type: «entries"),
        "entries can have 46152 bytes, more than the 1000 of an extension's value",
    ),
}


@pytest.mark.parametrize("mistake", named(MESSAGES | OPTIONAL))
def test_mistake_is_reported_at_its_place(guestbook: Path, mistake: Mistake) -> None:
    assert_reported_at_its_place(guestbook, mistake)


def test_optional_field_needs_a_frame_with_extensions(guestbook: Path) -> None:
    spoil(guestbook, "  extension:\n    fields:\n      - {name: tag, type: u8, doc: What it is}\n", "")
    spoil(guestbook, "      - {name: value, type: extra, doc: What it says}\n", "")
    place = spoil(guestbook, _ENTRY, _OPTIONAL + _MOOD.replace("{name", "«{name"))
    text = "an optional field travels as an extension; the frame of this spec has none"
    assert f"{place}: {text}" in report(guestbook).splitlines()
