"""The rules of the spec language: what each is called, and what it asks for.

The name of a rule stands behind every report of a mistake. A spec that breaks one of `ERRORS` cannot be loaded, and nothing
is generated from it. One that breaks one of `LINT` can: it is sound, and yet something in it is not what its author means.
"""

from __future__ import annotations

ERRORS: dict[str, str] = {
    "unreadable-file": "The spec and its parts are files that can be read, in UTF-8.",
    "not-yaml": "Each of them is YAML and holds something.",
    "ambiguous-yaml": "Nothing is written in a way that readers of YAML take differently, or that only YAML can do: words "
    "such as on and 0010 stand in quotes, a key is a word, there are no tags, and nothing contains itself.",
    "duplicate-key": "A key stands in its mapping once, and a section in one file.",
    "unknown-key": "Every key is one that the place knows.",
    "missing-key": "Every key that the place needs is there.",
    "wrong-type": "A value is a string, number, boolean, list or mapping where one is expected.",
    "unknown-name": "A name that refers to something is the name of something.",
    "duplicate-name": "What is found by its name has one of its own: fields, limits and timers, codes, chapters, "
    "requirements, commands, arguments, vectors, sessions.",
    "name-form": "A name is made of letters of one case, digits and _, and begins with a letter: NAME_2 for messages, states "
    "and values, name_2 for everything else.",
    "name-collision": "A name leaves Python's words, the built-in types and the generated code's own names alone, and no two "
    "names become the same name in Python.",
    "out-of-range": "A number fits its type, and a minimum is not above its maximum.",
    "number-taken": "A number stands for one message, one value, one bit or one optional field.",
    "number-range": "A message has a number from the range for its sender and kind; the ranges do not overlap.",
    "frame-shape": "A frame has one field with role length and one with role type, at most one with each other role, and a "
    "const in all others; its extensions have a tag and bytes; only a frame with extensions has room for optional fields.",
    "unfit-type": "A type suits its place: a limit and what is fixed are integers, refusals and endings have an enumeration "
    "each, a field has the type of the limit that it announces, and no type contains itself.",
    "bad-output": "The package is a folder below the root with a name that can be imported; the document and the support "
    "modules are files below it, none is a file of the spec, and no two are the same.",
    "string-rule": "A string type has a pattern that Python can read, or ranges of characters such as U+0000-U+001F, not both.",
    "illegal-transition": "A transition starts where its message is allowed, and a message does one thing in a state.",
    "stray-reply": "Only requests have replies, only messages of kind reply are such, and each of these answers a request.",
    "unannounced-limit": "Every limit and timer is announced by a field of a message.",
    "vector-form": "A vector has pairs of lower-case hexadecimal digits, and either a code or a message with every field of "
    "it.",
    "session-form": "A session has two actors at least, and each of its steps is a message, bytes in pairs of lower-case "
    "hexadecimal digits, an event or a note of these actors.",
    "requirement-form": "A requirement is written `RULE-3 MUST server: sentence`, and its sentence has that MUST in it.",
}

LINT: dict[str, str] = {
    "unreachable-state": "The transitions lead from the first state to every other.",
    "inescapable-state": "The transitions lead from every state to one that is final.",
    "active-final-state": "In a final state no message is allowed.",
    "unsendable-message": "Every side that is named as sender of a message may send it in some state.",
    "unanswerable-request": "A request has replies; each can be sent from where the request was, or a state further on, by "
    "the side that did not ask; and no side may ask what the other cannot answer.",
    "wrong-errors": "A request lists every code that the types of its fields refuse a value with, and no code that none of "
    "its replies can tell; any other message lists codes of endings alone.",
    "unused-code": "Every code of a failure is listed by a request, named by a type or in 'failures', or told of in the text "
    "of a requirement.",
    "unused-type": "Every type is part of a message, an extension or a limit, or is taken by a command.",
    "undocumented": "Everything that the document or the generated code describes has a description that is not blank; a "
    "code has words if a display line shows them.",
    "no-example": "Every message has a vector, and every optional field stands in one.",
    "unplaced-requirement": "The rules of messages are in the document: a chapter inserts 'messages'.",
    "misplaced-section": "Where there are chapters, what the spec declares is inserted by one of them, and by no second one.",
    "bad-since": "The version and every 'since' have the form MAJOR.MINOR, and no 'since' comes after the version.",
    "older-peer-refuses": "What a later version brought does not make an older peer refuse the whole message: an optional "
    "field has an even tag, and a value with 'since' stands in an open enumeration.",
    "shadowed-field": "No field has the name of a method of construct.Struct: codec.parse would be that method, and not the "
    "construct of the field.",
    "unknown-placeholder": "What stands in braces in a command is one of its arguments; in a display line it leads to "
    "something that can be shown.",
    "command-form": "A command that sends gives every field of the message and uses every argument; a line that is no "
    "command goes to one place; only the last argument takes the rest of the line, and none that must be given stands "
    "behind one that may be left out.",
    "unshown-line": "Every display line can be shown: a client gets its message, in answer to what the line says, and no "
    "line above fits whenever this one does.",
    "wrong-vector": "The bytes of a vector are what its fields say, and an ill-formed one is refused with its code, as far as "
    "the codecs have a say in it.",
    "wrong-session": "The bytes of each message in a session are what its fields say. One that is generated is made anew when "
    "the messages have changed.",
}

RULES = ERRORS | LINT
