"""Mistakes in the tables of a spec: limits, states, codes, commands, lines to be shown, examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.load import load
from tests.fixtures.spoiling import GUESTBOOK, Mistake, assert_reported_at_its_place, find, named, report, spoil
from tests.support import ROOT

TABLES: dict[str, Mistake] = {
    "limit of a type that is no integer": (
        "max_line: {type: u16",
        "max_line: {type: «line",
        "'max_line' needs an integer type",
    ),
    "limit outside its range": (
        "max_line: {type: u16, default: 200",
        "max_line: {type: u16, default: «901",
        "the default 901 does not lie between 10 and 900",
    ),
    "limit beyond its type": (
        "max: 900, unit",
        "max: «65536, unit",
        "65536 does not lie within u16, 0 to 65535",
    ),
    "timer announced by no field": (
        "{name: patience, type: span, announces: patience}",
        "{name: patience, type: span, doc: No}",
        "'patience' is announced by no field",
        "patience: {type",
    ),
    "unknown limit announced": (
        "announces: max_line",
        "announces: «max_lien",
        "unknown limit or timer 'max_lien'; did you mean 'max_line'?",
    ),
    "limit announced by a field of another type": (
        "{name: max_line, type: u16,",
        "{name: max_line, type: «u32,",
        "'max_line' has type u16, not u32",
    ),
    "constant whose name is no name": ("  port: {", "  «Port: {", "'Port' is no name of the form name_2"),
    "state whose name is no name": ("  GONE: {doc", "  «Gone: {doc", "'Gone' is no name of the form NAME_2"),
    "unknown state of a transition": (
        "from: [WAITING], to: INSIDE",
        "from: [WAITING], to: «INSDIE",
        "unknown state 'INSDIE'; did you mean 'INSIDE'?",
    ),
    "unknown source of a transition": (
        "from: [WAITING, INSIDE], to",
        "from: [WAITING, «INSIDER], to",
        "unknown state 'INSIDER'; did you mean 'INSIDE'?",
    ),
    "unknown message of a transition": (
        "{message: OPENED, from",
        "{message: «OPEND, from",
        "unknown message 'OPEND'; did you mean 'OPENED'?",
    ),
    "transition by what is not allowed there": (
        "OPENED, from: [WAITING]",
        "OPENED, from: [«INSIDE]",
        "OPENED is not allowed in state INSIDE",
    ),
    "two transitions of one message": (
        "  - {message: SHUT, from",
        "  - {message: OPENED, from: [«WAITING], to: GONE}\n  - {message: SHUT, from",
        "what OPENED does in state WAITING is told above",
    ),
    "unknown code of a type": (
        "{bytes: 1, else: BAD_NAME}",
        "{bytes: 1, else: «BAD_NAEM}",
        "unknown code 'BAD_NAEM'; did you mean 'BAD_NAME'?",
    ),
    "unknown code of a message": (
        "errors: [BAD_NAME]",
        "errors: [«BAD_MOOD]",
        "unknown code 'BAD_MOOD'; did you mean 'BAD_NAME'?",
    ),
    "unknown code of a failure": (
        "malformed: GARBAGE",
        "malformed: «GARBAG",
        "unknown code 'GARBAG'; did you mean 'GARBAGE'?",
    ),
    "unknown code of a vector": ("code: GARBAGE", "code: «GARBAG", "unknown code 'GARBAG'; did you mean 'GARBAGE'?"),
    "failure told by an unknown message": (
        "{message: REFUSED, field: code",
        "{message: «REFUSE, field: code",
        "unknown message 'REFUSE'; did you mean 'REFUSED'?",
    ),
    "failure told by an unknown field": (
        "refusal: {message: REFUSED, field: code",
        "refusal: {message: REFUSED, field: «cod",
        "REFUSED has no field 'cod' of type refusal_code; did you mean 'code'?",
    ),
    "refusals and endings with the same codes": (
        "ending: {message: SHUT, field: code, type: ending_code}",
        "ending: {message: REFUSED, field: code, type: «refusal_code}",
        "refusal_code has the codes of refusals already; an ending needs codes of its own",
    ),
    "failure told by a field of another type": (
        "refusal: {message: REFUSED, field: code, type: refusal_code",
        "refusal: {message: REFUSED, field: code, type: «page",
        "'refusal' needs an enumeration",
    ),
}

USES: dict[str, Mistake] = {
    "unknown message of a command": (
        "sends: {message: KNOCK,",
        "sends: {message: «KNOC,",
        "unknown message 'KNOC'; did you mean 'KNOCK'?",
    ),
    "unknown field of a command": (
        "{page: '{page}', line",
        "{«pgae: '{page}', line",
        "WRITE has no field 'pgae'; did you mean 'page'?",
    ),
    "unknown type of an argument": (
        "{name: page, type: page}",
        "{name: page, type: «pge}",
        "argument 'page' has unknown type 'pge'; did you mean 'page'?",
    ),
    "unknown field of a plain line": (
        "plain: {message: WRITE, fields: {page",
        "plain: {message: WRITE, fields: {«pag",
        "WRITE has no field 'pag'; did you mean 'page'?",
    ),
    "unknown message of a display line": (
        "{message: PAGE, answers",
        "{message: «PAEG, answers",
        "unknown message 'PAEG'; did you mean 'PAGE'?",
    ),
    "unknown request of a display line": (
        "answers: WRITE",
        "answers: «WRIT",
        "unknown message 'WRIT'; did you mean 'WRITE'?",
    ),
    "unknown field of a display line": (
        "when: {code: RUDE}",
        "when: {«cod: RUDE}",
        "SHUT has no field 'cod'; did you mean 'code'?",
    ),
    "unknown stream": ("stream: error", "stream: «eror", "unknown stream 'eror'; did you mean 'error'?"),
    "unknown message of a vector": (
        "message: KNOCK\n",
        "message: «KNOK\n",
        "unknown message 'KNOK'; did you mean 'KNOCK'?",
    ),
    "unknown field of a vector": (
        "fields: {ticket: 2}",
        "fields: {«tiket: 2}",
        "KNOCK has no field 'tiket'; did you mean 'ticket'?",
    ),
    "vector that has not followed its message": (
        "fields: {ticket: 1, name: ann, abilities: 1}",
        "fields: «{ticket: 1, name: ann}",
        "vector 'open/ann' gives no 'abilities'; its hex, too, has to follow OPEN",
    ),
    "vector that is both well- and ill-formed": (
        "  - name: write/cut\n",
        "  - «name: write/cut\n    message: WRITE\n",
        "a vector has either 'message' with 'fields', or 'code'",
    ),
    "vector twice": ("- name: write/cut", "- name: «open/ann", "vector 'open/ann' stands here a second time"),
    "vector in odd digits": (
        "hex: 00000005 02 00 0003 00",
        "hex: «00000005 02 00 0003 0",
        "expected pairs of lower-case hexadecimal digits",
    ),
    "vector in capital letters": (
        "0002 02 0001 ff",
        "0002 02 0001 FF",
        "expected pairs of lower-case hexadecimal digits",
        "00000008 40",
    ),
}


@pytest.mark.parametrize("mistake", named(TABLES | USES))
def test_mistake_is_reported_at_its_place(guestbook: Path, mistake: Mistake) -> None:
    assert_reported_at_its_place(guestbook, mistake)


def test_flags_of_a_vector_can_stand_among_its_fields(guestbook: Path) -> None:
    spoil(guestbook, "    flags: 0x80\n    fields: {ticket: 2}\n", "    fields: {ticket: 2, flags: 0x80}\n")
    assert load(guestbook).vectors[1] == load(GUESTBOOK / "guestbook.yaml").vectors[1]


def test_flags_of_a_vector_are_called_as_in_the_header(guestbook: Path) -> None:
    spoil(guestbook, "{name: flags, type: u8, role: flags", "{name: marks, type: u8, role: flags")
    assert load(guestbook).vectors[1].fields == {"ticket": 2, "marks": 0x80, "extensions": [[2, "ff"]]}


def test_vector_has_no_flags_and_no_extensions_if_the_frame_has_none(tmp_path: Path) -> None:
    copy = tmp_path / "spec" / "toy.yaml"
    copy.parent.mkdir()
    copy.write_text((ROOT / "tests" / "fixtures" / "toy" / "toy.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    spoil(copy, "    message: BEAT\n", "    message: BEAT\n    flags: 1\n    extensions: []\n")
    places = [find(copy, "1\n    extensions"), find(copy, "[]\n    fields: {}\n    hex")]
    assert report(copy).splitlines() == [
        f"{places[0]}: the frame has no field with role flags",
        f"{places[1]}: the frame has no extensions",
    ]
