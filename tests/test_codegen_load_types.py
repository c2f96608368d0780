"""Mistakes in the types of a spec and in its frame."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.spoiling import Mistake, assert_reported_at_its_place, named

TYPES: dict[str, Mistake] = {
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

FRAME: dict[str, Mistake] = {
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


@pytest.mark.parametrize("mistake", named(TYPES | FRAME))
def test_mistake_is_reported_at_its_place(guestbook: Path, mistake: Mistake) -> None:
    assert_reported_at_its_place(guestbook, mistake)
