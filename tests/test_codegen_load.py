"""The loader: each mistake in a spec is told at its place, with the way out where there is one.

The tests spoil a small valid spec in one place each. In what they put there, « marks the place that the report must name; where that is another, the text there is given.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.generate import emit
from codegen.lint.rules import ERRORS
from codegen.load import load
from codegen.model import BitsType, EnumType, IntegerType, StringType, StructType
from codegen.read.outputs import MODULES
from codegen.support.strict_yaml import InvalidFile
from tests.fixtures.spoiling import GUESTBOOK, copy_of_guestbook, find, spoil
from tests.support import ROOT


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A copy of the small spec, in a folder called `spec`."""
    return copy_of_guestbook(tmp_path)


def full_report(path: Path) -> str:
    """What the loader says about a spec that is not valid."""
    with pytest.raises(InvalidFile) as raised:
        load(path)
    return str(raised.value)


def report(path: Path) -> str:
    """What the loader says, without the rules at the ends of the lines; each is one that keeps a spec from being loaded."""
    lines = []
    for line in full_report(path).splitlines():
        said, _, rule = line.rpartition(" [")
        assert rule.removesuffix("]") in ERRORS, line
        lines.append(said)
    return "\n".join(lines)


# -- one mistake each ----------------------------------------------------------------------------------------------------

TYPES: dict[str, tuple[str, ...]] = {
    "unknown type of a field": (
        "{name: name, type: guest,",
        "{name: name, type: «geust,",
        "field 'name' of OPEN has unknown type 'geust'; did you mean 'guest'?",
    ),
    "unknown type of a struct's field": (
        "type: line, doc: What it says}",
        "type: «lien, doc: What it says}",
        "field 'line' of entry has unknown type 'lien'; did you mean 'line'?",
    ),
    "unknown item of an array": (
        "item: entry",
        "item: «entri",
        "type 'entries' has unknown type 'entri'; did you mean 'entries'?",
    ),
    "unknown type that is like none": (
        "{name: name, type: guest,",
        "{name: name, type: «wxyz,",
        "field 'name' of OPEN has unknown type 'wxyz'",
    ),
    "type that is no word": (
        "{name: name, type: guest,",
        "{name: name, type: «5,",
        "expected a string, found a number",
    ),
    "unknown kind of type": ("kind: bits", "kind: «bitz", "unknown kind of type 'bitz'; did you mean 'bits'?"),
    "kind missing": ("    kind: bits\n    ", "    «", "key 'kind' is missing"),
    "type declared under a built-in name": ("  yes_no:\n", "  «u8:\n", "'u8' is a type already"),
    "name that is no name": (
        "  abilities:\n    kind",
        "  «Abilities:\n    kind",
        "'Abilities' is no name of the form name_2",
    ),
    "name that the code needs": (
        "  mood:\n",
        "  «class:\n",
        "'class' is a name that the generated code needs for itself",
    ),
    "struct that contains itself": (
        "type: guest, doc: Who wrote it",
        "type: «entry, doc: Who",
        "type 'entry' would contain itself",
    ),
    "struct that contains an array of itself": (
        "type: guest, doc: Who wrote it",
        "type: entries, doc: Who",
        "type 'entry' would contain itself",
        "entry\n    max: 50",
    ),
    "unknown base": ("base: u32\n", "base: «u33\n", "unknown base type 'u33'; did you mean 'u32'?"),
    "integer's range upside down": (
        "    kind: integer\n    base: u16\n    min: 1",
        "    kind: integer\n    base: u16\n    min: «501",
        "min 501 is more than max 500",
    ),
    "integer's range beyond its base": (
        "    kind: integer\n    base: u16\n    min: 1\n    max: 500",
        "    kind: integer\n    base: u16\n    min: 1\n    max: «65536",
        "65536 does not lie within u16, 0 to 65535",
    ),
    "bad regular expression": (
        "'[a-z]+'",
        "«'[a-z+'",
        "not a regular expression: unterminated character set at position 0",
    ),
    "bad range of characters": ("U+007F]", "«007F]", "expected a range such as U+0000-U+001F, found '007F'"),
    "range of characters upside down": (
        "U+0000-U+001F",
        "«U+001F-U+0000",
        "expected a range such as U+0000-U+001F, found 'U+001F-U+0000'",
    ),
    "range beyond Unicode": (
        "U+0000-U+001F",
        "«U+0000-U+110000",
        "expected a range such as U+0000-U+001F, found 'U+0000-U+110000'",
    ),
    "pattern and ranges in one type": (
        "    forbid: {ranges",
        "    allow: {pattern: 'x*'}\n    forbid: «{ranges",
        "a string type has 'allow' or 'forbid', not both",
    ),
    "string that is at least more than at most": (
        "    kind: string\n    count: u8\n    min: {bytes: 1,",
        "    kind: string\n    count: u8\n    min: {bytes: «21,",
        "min 21 is more than max 20",
    ),
    "string longer than its count tells": ("max: {bytes: 20,", "max: {bytes: «256,", "a count of u8 holds no 256"),
    "bytes longer than their count tells": (
        "max: {bytes: 1000}",
        "max: {bytes: «65536}",
        "a count of u16 holds no 65536",
    ),
    "no character to forbid": (
        "forbid: {ranges: [U+0000-U+001F, U+007F]",
        "forbid: {ranges: «[]",
        "there is no range of characters to forbid",
    ),
    "array of items without bytes": (
        "    item: entry\n    max: 50\n    doc: The lines of a page.\n",
        "    item: nothing\n    max: «256\n    doc: The lines of a page.\n"
        "  nothing: {kind: struct, fields: [], doc: Nothing at all.}\n",
        "nothing has no bytes, so an array of it is held to 20; a number says as much",
    ),
    "array longer than its count tells": ("max: 50\n", "max: «70000\n", "a count of u16 holds no 70000"),
    "two values of an enumeration with one number": (
        "TIRED: {number: 2",
        "TIRED: {number: «1",
        "number 1 of 'TIRED' is taken already",
    ),
    "value beyond its enumeration's base": (
        "TIRED: {number: 2",
        "TIRED: {number: «256",
        "number 256 of 'TIRED' does not lie between 0 and 255",
    ),
    "value whose name is no name": ("TIRED:", "«Tired:", "'Tired' is no name of the form NAME_2"),
    "two bits at one place": (
        "COLOURS: {position: 15",
        "COLOURS: {position: «0",
        "bit 0 of 'COLOURS' is taken already",
    ),
    "bit beyond its base": ("COLOURS: {position: 15", "COLOURS: {position: «16", "bit 16 does not lie within 16 bits"),
    "field without a name": ("- {name: by, type: guest,", "- «{type: guest,", "key 'name' is missing"),
    "field twice": (
        "{name: line, type: line, doc: What it says}",
        "{name: «by, type: line, doc: What it says}",
        "field 'by' stands in entry already",
    ),
    "field with the name of a part of the frame": (
        "{name: name, type: guest,",
        "{name: «ticket, type: guest,",
        "field 'ticket' of OPEN has the name of a part of the frame",
    ),
    "field with the name of the extensions": (
        "{name: full, type",
        "{name: «extensions, type",
        "field 'extensions' of PAGE has the name of a part of the frame",
    ),
    "field whose name is no name": (
        "{name: full, type",
        "{name: «is-full, type",
        "'is-full' is no name of the form name_2",
    ),
    "field without a word about it": (
        "{name: name, type: guest, doc: Who asks}",
        "«{name: name, type: guest}",
        "field 'name' of OPEN has no doc",
    ),
    "fixed value beyond its type": ("const: 0x4742,", "const: «0x14742,", "83778 does not lie within u16"),
    "fixed value of a string": (
        "type: guest, doc: Who asks",
        "type: guest, const: «5, doc: Who asks",
        "only a field of an integer type can be fixed",
    ),
}

_FRAME_FIELDS = "fields:\n    - {name: length"

FRAME: dict[str, tuple[str, ...]] = {
    "two fields with one role": (
        "role: flags",
        "role: type",
        "the frame needs one field with role type, and has 2",
        _FRAME_FIELDS,
    ),
    "role unknown": ("role: flags", "role: «flag", "unknown role 'flag'; did you mean 'flags'?"),
    "neither role nor const": (
        "    - {name: flags, type: u8, role: flags,",
        "    - «{name: flags, type: u8,",
        "a field of the frame has either a role or a const",
    ),
    "no length": (
        "- {name: length, type: u32, role: length,",
        "- {name: length, type: u32, const: 0,",
        "the frame needs one field with role length, and has 0",
        _FRAME_FIELDS,
    ),
    "field of the frame without a name": ("- {name: flags, type: u8,", "- «{type: u8,", "key 'name' is missing"),
    "field of the frame twice": (
        "{name: flags, type: u8, role",
        "{name: «type, type: u8, role",
        "field 'type' stands in the frame already",
    ),
    "fixed field beyond its base": (
        "    - {name: type, type: u8, role",
        "    - {name: sync, type: u8, const: «256, doc: Where it begins}\n    - {name: type, type: u8, role",
        "256 does not lie within u8",
    ),
    "critical flags beyond the flags": (
        "critical_flags: 0x0F",
        "critical_flags: «0x100",
        "the critical flags do not lie within the field with role flags",
    ),
    "field of the frame with the name of the extensions": (
        "{name: flags, type: u8, role",
        "{name: extensions, type: u8, role",
        "'extensions' is what the extensions of a message are called",
        _FRAME_FIELDS,
    ),
    "extension of one field": (
        "      - {name: tag, type: u8, doc: What it is}\n      - ",
        "      «- ",
        "an extension has two fields, the tag and the value",
    ),
    "extension whose value is a string": (
        "{name: value, type: extra,",
        "{name: value, type: «line,",
        "the extension's value needs a type of kind bytes",
    ),
    "range of numbers upside down": (
        "- {numbers: [0x40, 0x7F]",
        "- {numbers: «[0x7F, 0x40]",
        "expected [first, last] within 0 and 255",
    ),
    "range of numbers beyond the type's field": (
        "- {numbers: [0xC0, 0xFF]",
        "- {numbers: «[0xC0, 0x100]",
        "expected [first, last] within 0 and 255",
    ),
    "ranges of numbers that overlap": (
        "- {numbers: [0x40, 0x7F]",
        "- {numbers: «[0x3F, 0x7F]",
        "numbers 0x3f to 0x7f overlap with a range above",
    ),
}

TABLES: dict[str, tuple[str, ...]] = {
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

MESSAGES: dict[str, tuple[str, ...]] = {
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

OPTIONAL: dict[str, tuple[str, ...]] = {
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

REST: dict[str, tuple[str, ...]] = {
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
    "unknown byte order": ("byte_order: big", "byte_order: «bg", "unknown byte order 'bg'; did you mean 'big'?"),
    "unknown support module": (
        "    strict_yaml: guestbook",
        "    «strict_yml: guestbook",
        "unknown support module 'strict_yml'; did you mean 'strict_yaml'?",
    ),
    "unknown section": ("display:\n", "«dislpay:\n", "unknown key 'dislpay'; did you mean 'display'?"),
    "ambiguous word": (
        "abstract: A guest book at the other end of a wire.",
        "abstract: «on",
        "on is ambiguous in YAML; write 'on' for the string, or true, false or a plain number",
    ),
    "sentence in a wrong place": (
        "- OPEN-1 MUST server:",
        "- «OPEN-1 must server:",
        "expected 'insert' or a requirement such as 'RULE-3 MUST server', found 'OPEN-1 must server'",
    ),
    "sentence without its level in a message": (
        "The host MUST open",
        "«The host should open",
        "OPEN-1 is a MUST, but its text does not say so",
    ),
    "unknown chapter in a rule": (
        "The first guest gets the pen; see section {manners}.",
        "«See section {maners}.",
        "unknown chapter 'maners'; did you mean 'manners'?",
    ),
}


OUTPUTS: dict[str, tuple[str, ...]] = {
    "package with a hyphen": (
        "package: guestbook\n",
        "package: «guest-book\n",
        "'guest-book' cannot be imported; write guest_book",
    ),
    "package with a dot": (
        "package: guestbook\n",
        "package: «gen.guestbook\n",
        "'gen.guestbook' cannot be imported; for a package within another write gen/guestbook",
    ),
    "package that is a word of Python": (
        "package: guestbook\n",
        "package: «gen/class\n",
        "'gen/class' cannot be imported; write gen/class_",
    ),
    "package that begins with a digit": (
        "package: guestbook\n",
        "package: «2nd\n",
        "'2nd' cannot be imported; write _2nd",
    ),
    "package without a name": (
        "package: guestbook\n",
        "package: «''\n",
        "'' is no folder below the root; write one such as lamp or src/lamp",
    ),
    "package that is the root": (
        "package: guestbook\n",
        "package: «.\n",
        "'.' is no folder below the root; write one such as lamp or src/lamp",
    ),
    "package above the root": (
        "package: guestbook\n",
        "package: «../up\n",
        "'../up' is no folder below the root; write one such as lamp or src/lamp",
    ),
    "package anywhere": (
        "package: guestbook\n",
        "package: «/tmp/up\n",
        "'/tmp/up' is no folder below the root; write one such as lamp or src/lamp",
    ),
    "package that hides a module of Python": (
        "package: guestbook\n",
        "package: «json\n",
        "a package 'json' would hide Python's own or one that it needs; write another name, such as my_json",
    ),
    "package below src that hides what generated code imports": (
        "package: guestbook\n",
        "package: «src/construct\n",
        "a package 'construct' would hide Python's own or one that it needs; write another name, such as my_construct",
    ),
    "document above the root": (
        "document: guestbook.txt",
        "document: «../guestbook.txt",
        "'../guestbook.txt' is no file below the root; write a path such as docs/lamp.txt",
    ),
    "document anywhere": (
        "document: guestbook.txt",
        "document: «/etc/guestbook.txt",
        "'/etc/guestbook.txt' is no file below the root; write a path such as docs/lamp.txt",
    ),
    "document without a name": (
        "document: guestbook.txt",
        "document: «''",
        "'' is no file below the root; write a path such as docs/lamp.txt",
    ),
    "document that is the spec": (
        "document: guestbook.txt",
        "document: «spec/guestbook.yaml",
        "'spec/guestbook.yaml' is a file of the spec itself, which would be overwritten; write another name",
    ),
    "document that is a part of the spec": (
        "document: guestbook.txt",
        "document: «./prose.yaml",
        "'./prose.yaml' is a file of the spec itself, which would be overwritten; write another name",
    ),
    "document that is a module": (
        "document: guestbook.txt",
        "document: «guestbook/wire.py",
        "'guestbook/wire.py' is a module of the package already; write another name",
    ),
    "support module that is the document": (
        "strict_yaml: guestbook/strict_yaml.py",
        "strict_yaml: «guestbook.txt",
        "'guestbook.txt' is the file of 'document' already; write another name",
    ),
    "support module that needs the document as a folder": (
        "strict_yaml: guestbook/strict_yaml.py",
        "strict_yaml: «guestbook.txt/strict_yaml.py",
        "'guestbook.txt/strict_yaml.py' cannot be there beside 'guestbook.txt': one is a file where the other needs a "
        "folder",
    ),
}

#: Mistakes that would cause others if they were not taken for what they are. Each is told in one line.
ALONE: dict[str, tuple[str, ...]] = {
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


@pytest.mark.parametrize("mistake", [pytest.param(mistake, id=name) for name, mistake in (ALONE | OUTPUTS).items()])
def test_mistake_is_told_once_and_nothing_that_only_follows_from_it(spec: Path, mistake: tuple[str, ...]) -> None:
    old, new, says, *at = mistake
    place = spoil(spec, old, new)
    if at:
        place = find(spec, at[0])
    assert report(spec) == f"{place}: {says}"


@pytest.mark.parametrize("section", ["frame", "numbering", "types", "states", "messages", "outputs"])
def test_what_refers_to_a_missing_section_is_not_told(spec: Path, section: str) -> None:
    place = spoil(spec, f"\n{section}:\n", "\n«something_else:\n")
    lines = report(spec).splitlines()
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
    spec: Path, section: str, value: str, found: str
) -> None:
    text = spec.read_text(encoding="utf-8")
    parts = [part for part in text.split("\n\n") if not part.startswith(f"{section}:")]
    spec.write_text("\n\n".join([*parts, f"{section}: {value}\n"]), encoding="utf-8")
    place = spoil(spec, f"\n{section}: {value}", f"\n{section}: «{value}")
    assert report(spec) == f"{place}: {found}"


@pytest.mark.parametrize("package", ["lamp", "src/lamp", "gen/json", "./lamp", "lamp_2"])
def test_package_that_can_be_imported(spec: Path, package: str) -> None:
    spoil(spec, "package: guestbook\n", f"package: {package}\n")
    spoil(spec, "strict_yaml: guestbook/strict_yaml.py", "strict_yaml: tools/strict_yaml.py")
    assert load(spec).package == package


def test_every_generated_module_is_known_as_one() -> None:
    """Else the document could take the place of a module."""
    files = emit(load(ROOT / "tests" / "fixtures" / "toy" / "toy.yaml"))
    assert {path.stem for path in files if path.suffix == ".py"} <= set(MODULES)


def test_flags_of_a_vector_can_stand_among_its_fields(spec: Path) -> None:
    spoil(spec, "    flags: 0x80\n    fields: {ticket: 2}\n", "    fields: {ticket: 2, flags: 0x80}\n")
    assert load(spec).vectors[1] == load(GUESTBOOK / "guestbook.yaml").vectors[1]


def test_flags_of_a_vector_are_called_as_in_the_header(spec: Path) -> None:
    spoil(spec, "{name: flags, type: u8, role: flags", "{name: marks, type: u8, role: flags")
    assert load(spec).vectors[1].fields == {"ticket": 2, "marks": 0x80, "extensions": [[2, "ff"]]}


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


@pytest.mark.parametrize(
    "mistake",
    [pytest.param(mistake, id=name) for name, mistake in (TYPES | FRAME | TABLES | MESSAGES | OPTIONAL | REST).items()],
)
def test_mistake_is_reported_at_its_place(spec: Path, mistake: tuple[str, ...]) -> None:
    old, new, says, *at = mistake
    place = spoil(spec, old, new)
    if at:
        place = find(spec, at[0])
    lines = report(spec).splitlines()
    assert f"{place}: {says}" in lines
    assert len(lines) <= 4, "a mistake is followed by reports of what it causes elsewhere"


def test_shape_of_a_report(spec: Path) -> None:
    """The file as one would name it, line and column from 1, what is wrong, a guess at what was meant, and the rule."""
    spoil(spec, "{name: name, type: guest,", "{name: name, type: geust,")
    assert full_report(spec) == (
        "spec/guestbook.yaml:155:28: field 'name' of OPEN has unknown type 'geust'; did you mean 'guest'? [unknown-name]"
    )


def test_all_mistakes_are_reported_at_once_in_the_order_of_their_places(spec: Path) -> None:
    places = [
        spoil(spec.parent / "prose.yaml", "- insert: limits", "- insert: «limit"),
        spoil(spec, "base: u32\n", "base: «u33\n"),
        spoil(spec, "number: 0x81", "number: «0x80"),
        spoil(spec, "code: GARBAGE", "code: «GARBAG"),
    ]
    reported = [line.split(": ")[0] for line in report(spec).splitlines()]
    assert set(places) <= set(reported)
    assert reported == sorted(reported, key=lambda place: (place.split(":")[0], *map(int, place.split(":")[1:])))


def test_optional_field_needs_a_frame_with_extensions(spec: Path) -> None:
    spoil(spec, "  extension:\n    fields:\n      - {name: tag, type: u8, doc: What it is}\n", "")
    spoil(spec, "      - {name: value, type: extra, doc: What it says}\n", "")
    place = spoil(spec, _ENTRY, _OPTIONAL + _MOOD.replace("{name", "«{name"))
    text = "an optional field travels as an extension; the frame of this spec has none"
    assert f"{place}: {text}" in report(spec).splitlines()


# -- the prose -----------------------------------------------------------------------------------------------------------


PROSE: dict[str, tuple[str, ...]] = {
    "identifier of another file": (
        "- BOOK-2 SHOULD",
        "- «OPEN-1 SHOULD",
        "requirement OPEN-1 stands in spec/guestbook.yaml:160 already",
    ),
    "identifier twice": (
        "- BOOK-2 SHOULD",
        "- «BOOK-1 SHOULD",
        "requirement BOOK-1 stands in spec/prose.yaml:11 already",
    ),
    "SHOULD that is none": (
        "A guest SHOULD write",
        "«A guest ought to write",
        "BOOK-2 is a SHOULD, but its text does not say so",
    ),
    "MAY that is none": ("A guest MAY draw", "«A guest MAYBE draws", "BOOK-3 is a MAY, but its text does not say so"),
    "side that is none": (
        "BOOK-3 MAY client",
        "«BOOK-3 MAY guest",
        "expected 'insert' or a requirement such as 'RULE-3 MUST server', found 'BOOK-3 MAY guest'",
    ),
    "insertion that is misspelt": (
        "- insert: limits",
        "- «insrt: limits",
        "expected 'insert' or a requirement such as 'RULE-3 MUST server', found 'insrt'; did you mean 'insert'?",
    ),
    "unknown insertion": ("insert: limits", "insert: «limit", "unknown insertion 'limit'; did you mean 'limits'?"),
    "unknown chapter": ("Be polite. A", "«See {mesages}. A", "unknown chapter 'mesages'; did you mean 'messages'?"),
    "chapter twice": ("id: everything", "id: «manners", "chapter 'manners' stands in spec/prose.yaml:7 already"),
    "paragraph that is a list": ("- Be polite.", "- «[Be polite.]\n      - ", "expected a mapping, found a list"),
    "unknown key of a chapter": ("title: Index", "«titel: Index", "unknown key 'titel'; did you mean 'title'?"),
}


@pytest.mark.parametrize("mistake", [pytest.param(mistake, id=name) for name, mistake in PROSE.items()])
def test_mistake_in_the_prose_is_reported_at_its_place(spec: Path, mistake: tuple[str, ...]) -> None:
    old, new, says = mistake
    place = spoil(spec.parent / "prose.yaml", old, new)
    assert f"{place}: {says}" in report(spec).splitlines()


# -- files and sections --------------------------------------------------------------------------------------------------


def test_missing_file_is_one_mistake(tmp_path: Path) -> None:
    assert report(tmp_path / "spec" / "no.yaml") == "spec/no.yaml:1:1: cannot be read: No such file or directory"


def test_missing_part_is_one_mistake(spec: Path) -> None:
    (spec.parent / "prose.yaml").unlink()
    assert report(spec) == "spec/prose.yaml:1:1: cannot be read: No such file or directory"


def test_file_that_is_not_yaml_is_one_mistake(spec: Path) -> None:
    spec.write_text("protocol: {a: b}}\n")
    assert report(spec).startswith("spec/guestbook.yaml:1:17: not YAML:")
    assert len(report(spec).splitlines()) == 1


@pytest.mark.parametrize(("text", "found"), [("word", "a string"), ("[1]", "a list"), ("5", "a number")])
def test_file_that_holds_no_sections_is_one_mistake(spec: Path, text: str, found: str) -> None:
    spec.write_text(text)
    assert report(spec) == f"spec/guestbook.yaml:1:1: expected a mapping, found {found}"


def test_part_with_a_section_twice_is_reported_at_the_second(spec: Path) -> None:
    (spec.parent / "more.yaml").write_text("\nstates: {ELSEWHERE: {doc: Not here}}\n")
    spoil(spec, "parts: [prose.yaml]", "parts: [prose.yaml, more.yaml]")
    assert report(spec) == "spec/more.yaml:2:1: section 'states' stands in spec/guestbook.yaml already"


def test_part_that_is_no_word_is_reported(spec: Path) -> None:
    place = spoil(spec, "parts: [prose.yaml]", "parts: [prose.yaml, «5]")
    assert report(spec) == f"{place}: expected a string, found a number"


def test_parts_of_a_part_are_reported(spec: Path) -> None:
    with (spec.parent / "prose.yaml").open("a") as prose:
        prose.write("parts: []\n")
    assert "section 'parts' stands in spec/guestbook.yaml already" in report(spec)


@pytest.mark.parametrize("section", ["protocol", "outputs", "frame", "numbering", "types", "states", "messages"])
def test_missing_section_is_reported(tmp_path: Path, section: str) -> None:
    sections = ["protocol", "outputs", "frame", "numbering", "types", "states", "messages"]
    sections.remove(section)
    path = tmp_path / "spec.yaml"
    path.write_text("".join(f"{name}: {'[]' if name == 'numbering' else '{}'}\n" for name in sections))
    assert f"{tmp_path.name}/spec.yaml:1:1: section '{section}' is missing" in report(path).splitlines()


@pytest.mark.parametrize(
    "section",
    [
        *("protocol", "outputs", "frame", "numbering", "types", "states", "messages", "limits", "timers", "constants"),
        *("transitions", "failures", "chapters", "commands", "display", "vectors"),
    ],
)
@pytest.mark.parametrize("value", ["5", "word", "[word, [5]]", "{a: 5, b: [c], d: {e: f}}", "~"])
def test_section_of_the_wrong_shape_is_reported_and_nothing_breaks(tmp_path: Path, section: str, value: str) -> None:
    """Whatever stands in a section, the loader reports it; it does not fall over it."""
    kept = []
    for name in ("guestbook.yaml", "prose.yaml"):
        for part in (GUESTBOOK / name).read_text(encoding="utf-8").split("\n\n"):
            if not part.startswith(("#", "parts:", f"{section}:")):
                kept.append(part)
    path = tmp_path / "guestbook.yaml"
    path.write_text("\n\n".join([*kept, f"{section}: {value}"]) + "\n", encoding="utf-8")
    line = path.read_text(encoding="utf-8").count("\n")
    assert any(f"guestbook.yaml:{line}:" in reported for reported in report(path).splitlines())


# -- what is valid -------------------------------------------------------------------------------------------------------


def test_valid_spec_is_loaded_with_all_it_says() -> None:
    spec = load(GUESTBOOK / "guestbook.yaml")
    assert (spec.short, spec.byte_order, spec.package) == ("GBP", "big", "guestbook")
    assert spec.sources == ("guestbook/guestbook.yaml", "guestbook/prose.yaml")
    assert (spec.frame.prefix_size, spec.frame.header_size, spec.frame.critical_flags) == (4, 8, 0x0F)
    assert [message.name for message in spec.messages if message.kind == "request"] == ["OPEN", "WRITE", "KNOCK"]
    assert spec.messages[2].states == {"client": ("WAITING", "INSIDE"), "server": ("INSIDE",)}
    assert [(limit.name, limit.default, limit.unit, limit.timer) for limit in spec.limits] == [
        ("max_line", 200, "bytes", False),
        ("patience", 5000, "ms", True),
    ]
    assert [state.name for state in spec.states if state.final] == ["GONE"]
    assert spec.failures.malformed == "GARBAGE"
    assert [outcome.message for outcome in spec.failures.outcomes] == ["REFUSED", "SHUT"]
    assert [(place, requirement.id, requirement.level) for place, requirement in spec.requirements()] == [
        ("manners", "BOOK-1", "MUST"),
        ("manners", "BOOK-2", "SHOULD"),
        ("manners", "BOOK-3", "MAY"),
        ("OPEN", "OPEN-1", "MUST"),
    ]
    assert spec.commands["client"][1].usage == "/write <page> <line>"
    assert spec.commands["console"][0].usage == "/shut [why]"
    assert spec.plain == ("WRITE", {"page": 1, "line": "{line}"})
    assert spec.display[1].when == {"code": "RUDE"}
    assert spec.vectors[1].fields == {"ticket": 2, "flags": 0x80, "extensions": [[2, "ff"]]}
    assert spec.vectors[2].code == "GARBAGE"


def test_types_are_loaded_with_all_they_say() -> None:
    types = load(GUESTBOOK / "guestbook.yaml").types
    page, guest, line, entry, mood, abilities = (
        types[name] for name in ("page", "guest", "line", "entry", "mood", "abilities")
    )
    assert isinstance(page, IntegerType)
    assert (page.base, page.minimum, page.maximum) == ("u16", 1, 500)
    assert isinstance(guest, StringType)
    assert (guest.minimum.bytes, guest.minimum.code, guest.maximum.bytes, guest.pattern) == (
        1,
        "BAD_NAME",
        20,
        "[a-z]+",
    )
    assert isinstance(line, StringType)
    assert (line.minimum.bytes, line.minimum.code, line.pattern_code) == (0, "GARBAGE", "BAD_TEXT")
    assert line.forbidden == ("U+0000-U+001F", "U+007F")
    assert isinstance(entry, StructType)
    assert [field.type.name for field in entry.fields] == ["guest", "line"]
    assert isinstance(mood, EnumType)
    assert mood.open
    assert isinstance(abilities, BitsType)
    assert abilities.bits[1][:2] == ("COLOURS", 15)


def test_field_that_announces_a_limit_takes_doc_and_unit_from_it() -> None:
    opened = next(m for m in load(GUESTBOOK / "guestbook.yaml").messages if m.name == "OPENED")
    assert (opened.fields[1].doc, opened.fields[1].unit) == ("The longest line", "bytes")


def test_spec_without_optional_sections_is_loaded() -> None:
    spec = load(ROOT / "tests" / "fixtures" / "toy" / "toy.yaml")
    assert spec.byte_order == "little"
    assert spec.failures.outcomes == ()
    assert spec.failures.malformed == "malformed"
    assert spec.frame.extension is None
    assert [chapter.title for chapter in spec.chapters] == ["Frames", "Data types", "States", "Messages", "Examples"]


def test_spec_of_the_project_is_loaded_and_has_its_requirements() -> None:
    spec = load(ROOT / "spec" / "imp.yaml")
    assert len(spec.requirements()) > 100
    assert {message.name for message in spec.messages} == {vector.message for vector in spec.vectors if vector.message}
