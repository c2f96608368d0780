"""Values: what strings may hold and how long they may be, and the ends of every number.

The rules come from the constructs: which characters a string may have, and where. Ill-formed UTF-8 comes in the classes
of RFC 3629.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from impwire import constructs as k
from impwire.codecs import CODECS
from impwire.tables import RESERVED_NAMES, State

from ..language import Case
from .samples import client_messages, home
from .script import Script, called

#: Ill-formed UTF-8 (TEXT-1): its class, and an example of it.
ILL_FORMED: dict[str, tuple[str, bytes]] = {
    "lone-80": ("a continuation byte alone", b"a\x80b"),
    "lone-bf": ("the last continuation byte alone", b"\xbf"),
    "two-lone": ("two continuation bytes behind a whole character", b"\xc3\xa9\xa9\xa9"),
    "overlong-2-nul": ("NUL in two bytes", b"\xc0\x80"),
    "overlong-2-slash": ("'/' in two bytes", b"\xc0\xaf"),
    "overlong-2-last": ("U+007F in two bytes", b"\xc1\xbf"),
    "overlong-3-slash": ("'/' in three bytes", b"\xe0\x80\xaf"),
    "overlong-3-last": ("U+07FF in three bytes", b"\xe0\x9f\xbf"),
    "overlong-4-slash": ("'/' in four bytes", b"\xf0\x80\x80\xaf"),
    "overlong-4-last": ("U+FFFF in four bytes", b"\xf0\x8f\xbf\xbf"),
    "surrogate-first": ("the first high surrogate", b"\xed\xa0\x80"),
    "surrogate-high-last": ("the last high surrogate", b"\xed\xaf\xbf"),
    "surrogate-low-first": ("the first low surrogate", b"\xed\xb0\x80"),
    "surrogate-last": ("the last low surrogate", b"\xed\xbf\xbf"),
    "surrogate-pair": ("U+1F642 as two surrogates", b"\xed\xa0\xbd\xed\xb9\x82"),
    "above-10ffff": ("U+110000", b"\xf4\x90\x80\x80"),
    "above-f4": ("a sequence that begins with F5", b"\xf5\x80\x80\x80"),
    "five-bytes": ("a sequence of five bytes", b"\xf8\x88\x80\x80\x80"),
    "six-bytes": ("a sequence of six bytes", b"\xfc\x84\x80\x80\x80\x80"),
    "byte-fe": ("the byte FE", b"\xfe"),
    "byte-ff": ("the byte FF", b"\xff"),
    "cut-2": ("a sequence of two bytes that is cut at the end", b"ab\xc3"),
    "cut-3-first": ("one byte of three at the end", b"ab\xe2"),
    "cut-3-second": ("two bytes of three at the end", b"ab\xe2\x82"),
    "cut-4": ("three bytes of four at the end", b"ab\xf0\x9f\x99"),
    "cut-inside": ("two bytes of three, and then a letter", b"\xe2\x82a"),
    "latin-1": ("'é' in Latin-1", b"caf\xe9"),
    "utf-16": ("UTF-16 with its mark", b"\xff\xfeh\x00i\x00"),
}

#: Characters at the edges of what is allowed in a text, and such as some would mend or drop (TEXT-1, TEXT-4).
_ODD_BUT_GOOD = "\t\n ~\xa0\xad\u07ff\u0800\u2028\ud7ff\ue000\ufdd0\ufeff\ufffd\uffff\U00010000\U0001f642\U0010ffff"

#: For names: every character of ASCII that is forbidden, in the message that can be tried at will; in all, the characters
#: next to what is allowed, and those that a careless pattern lets pass.
_THOROUGH = ("RENAME", "name")
_EDGES = "\x00\n -./09:@AZ[_`az{\x7f"


class _String(NamedTuple):
    """A string field of a message."""

    message: str
    field: str
    construct: k.Text

    @property
    def id(self) -> str:
        return f"values/{self.message.lower()}/{self.field.replace('_', '-')}"

    @property
    def names(self) -> bool:
        """Whether it holds a name: not every character that a text may have is allowed."""
        return not self.construct.rule.fullmatch("two words")

    def case(self, what: str, words: str, value: Any, *proves: str, watched: bool = False) -> Case:
        if isinstance(value, str) and "$" in value:
            value = {"hex": value.encode().hex()}  # It is no variable.
        script = Script(home(self.message), watched=watched).sends(self.message, **{self.field: value})
        return script.case(f"{self.id}-{what}", f"{self.message} whose {called(self.field)} {words}", *proves)


def cases() -> Iterator[Case]:
    for message in client_messages():
        for member in CODECS.by_name[message].fields:
            if isinstance(member.subcon, k.Text):
                string = _String(message, member.name, member.subcon)
                yield from _ill_formed(string)
                yield from _lengths(string)
                yield from _name_characters(string) if string.names else _text_characters(string)
                yield from _reserved(string) if string.names else ()
            elif isinstance(member.subcon, k.Integer):
                yield from _numbers(message, member.name, member.subcon)


def _ill_formed(string: _String) -> Iterator[Case]:
    """In a text each class; in a name, where it is one of many things that are no name, one of each kind."""
    chosen = ("lone-80", "overlong-2-slash", "surrogate-first", "byte-ff", "cut-2") if string.names else ILL_FORMED
    proves = () if string.names else ("TEXT-1",)
    for name in chosen:
        words, data = ILL_FORMED[name]
        # The watcher looks on once; what is refused is refused alike.
        watched = name == "latin-1"
        yield string.case(f"ill-formed-{name}", f"holds {words}", {"hex": data.hex()}, *proves, watched=watched)


def _text_characters(string: _String) -> Iterator[Case]:
    """Every control character, first, in the middle or last; and characters that are allowed, however odd."""
    controls = [*range(0x20), *range(0x7F, 0xA0)]
    for number in controls:
        if string.construct.rule.fullmatch(chr(number)):
            continue
        text = ("{}b", "a{}b", "a{}")[number % 3].format(chr(number))
        yield string.case(f"control-{number:02x}", f"has the control character U+{number:04X}", text, "TEXT-2")
    for number in map(ord, _ODD_BUT_GOOD):
        rules = ("ORD-8", "TEXT-2" if number in controls else "TEXT-1")
        yield string.case(f"character-{number:04x}", f"has U+{number:04X}", f"a{chr(number)}b", *rules, watched=True)
    yield string.case("blank", "is nothing but blanks", " \t ", "ORD-8", watched=True)
    yield string.case("not-normal", "is not normalised", "e\u0301\u00e9", "TEXT-4", "ORD-8", watched=True)


def _name_characters(string: _String) -> Iterator[Case]:
    thorough = (string.message, string.field) == _THOROUGH
    for character in map(chr, range(128)):
        for what, words, text in (
            ("begins-with", f"begins with {_called(character)}", f"{character}nn"),
            ("holds", f"has {_called(character)} behind its beginning", f"b{character}n"),
        ):
            if character in _EDGES or (thorough and not string.construct.rule.fullmatch(text)):
                yield string.case(f"{what}-{ord(character):02x}", words, text)
    for name, text, words in (
        ("ends-with-line-feed", "annie\n", "ends with a line feed"),
        ("ends-with-nul", "annie\x00", "ends with NUL"),
        ("letter-outside-ascii", "ann\u00e9", "has a letter that is not of ASCII"),
        ("digit-outside-ascii", "a\u0663", "has a digit that is not of ASCII"),
        ("kelvin-sign", "\u212aelvin", "begins with the Kelvin sign, whose small letter is k"),
        ("full-width", "\uff41nn", "begins with a full-width letter"),
    ):
        yield string.case(name, words, text)


def _called(character: str) -> str:
    return f"'{character}'" if character.isprintable() and character != " " else f"U+{ord(character):04X}"


def _lengths(string: _String) -> Iterator[Case]:
    """The length at 0, 1, one less than the limit, the limit, and beyond it (REQ-6)."""
    limit, far = ("max_name", 255) if string.names else ("max_text", "max_text * 3")
    bounds = ("NAME-1",) if string.names else ("TEXT-3",)
    watched = not string.names
    yield string.case("empty", "is empty", "", *bounds, watched=watched)
    yield string.case("one-byte", "has one byte", "z", *bounds)
    # Before its WELCOME a client knows the limits from nobody but another user.
    known = watched or home(string.message) is State.CONNECTED
    for what, more in (("just-below-limit", " - 1"), ("at-limit", ""), ("just-above-limit", " + 1")):
        value = {"bytes": limit + more}
        yield string.case(what, f"has {limit}{more} bytes", value, *bounds, "REQ-6", watched=known)
    yield string.case("far-above-limit", f"has {far} bytes", {"bytes": far}, *bounds)
    if string.names:
        yield string.case("long-and-not-utf-8", "has 64 bytes, none of them UTF-8", {"hex": "ff" * 64}, *bounds)
        return
    # Who counts characters lets this pass.
    two = {"repeat": "\u00e9", "times": "max_text"}
    yield string.case("limit-is-of-bytes", "has max_text characters of two bytes", two, *bounds, watched=True)
    # Within a string first the length, then the encoding, then the characters: all three break here, one answer is due.
    yield string.case(
        "long-and-a-control", "is too long and has control characters", {"repeat": "\x07", "times": "max_text + 1"}
    )
    yield string.case("ill-formed-and-a-control", "is not UTF-8 and has a control character", {"hex": "07ff"}, "REQ-5")


def _reserved(string: _String) -> Iterator[Case]:
    """Each reserved name in small and in mixed letters (NAME-4, NAME-2); and a name that only begins like it."""
    for name in RESERVED_NAMES:
        for what, text in (("small", name), ("mixed", name.title().swapcase())):
            yield string.case(f"reserved-{name}-{what}", f"is {text}", text)
        yield string.case(f"not-reserved-{name}", f"is {name}s, which is not reserved,", f"{name}s")


def _numbers(message: str, field: str, construct: k.Integer) -> Iterator[Case]:
    """The least and the greatest value of a number, and one in between that shows the order of its bytes (FRAME-1)."""
    width = construct.sizeof()
    telling = int.from_bytes(bytes(range(1, width + 1)), "big")
    for number in dict.fromkeys((construct.minimum, telling, construct.maximum)):
        script = Script(home(message)).sends(message, **{field: number})
        yield script.case(
            f"values/{message.lower()}/{field.replace('_', '-')}-{number}",
            f"{message} whose {field} is {number}",
            "FRAME-1",
        )
