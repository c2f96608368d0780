"""The spec language as JSON Schema (draft 2020-12), with which editors complete and check the YAML.

It knows every key, what each is for, and the form of each value: what one value alone, or values that stand together, can
show. It does not know the rest of the spec: that a name is declared, that a number is not taken, that bytes are what fields
say. These are for the loader and for lint. Names that the spec has are offered, and others are no mistake for that.

One schema serves the spec and its parts: a file that names parts, or that is one, may lack any section.
"""

from __future__ import annotations

import json

from ..model import Spec
from .schema import messages, tables, types
from .schema.words import Schema, items, mapping, one_of, prose, text, version

#: The sections that a spec needs, in one of its files.
NEEDED = ("protocol", "outputs", "frame", "numbering", "types", "states", "messages")
_PACKAGE = r"^(\./)?[^\W\d]\w*(/[^\W\d]\w*)*$"
_FILE = r"^(?!/)(?!(.*/)?\.\.(/|$))[^\\:]*[^\\:/]$"


def spec_schema(spec: Spec) -> str:
    """The schema, which says near its beginning what made it."""
    schema: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"Generated from {spec.sources[0]} by `python -m codegen`; change the spec, not this file.",
        "title": f"A spec of the {spec.name}, or a part of one",
        **mapping("What a protocol is, for codegen to make code and documents of.", {}, _sections(spec)),
        "minProperties": 1,
        # A file that names the protocol and no parts has to say everything.
        "if": {"required": ["protocol"], "not": {"required": ["parts"]}},
        "then": {"required": list(NEEDED)},
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _sections(spec: Spec) -> dict[str, Schema]:
    return {
        "protocol": _protocol(),
        "parts": items("More files of the spec, from the folder of this one.", text("A file.", r"\S")),
        "outputs": _outputs(),
        "frame": messages.frame(spec),
        "numbering": messages.numbering(spec),
        "types": types.types(spec),
        "failures": tables.failures(spec),
        "limits": tables.limits(spec),
        "timers": tables.limits(spec) | {"description": "The timers by name."},
        "constants": tables.constants(spec),
        "states": messages.states(spec),
        "transitions": messages.transitions(spec),
        "messages": messages.messages(spec),
        "chapters": messages.chapters(spec),
        "commands": tables.commands(spec),
        "display": tables.display(spec),
        "vectors": tables.vectors(spec),
        "sessions": tables.sessions(spec),
    }


def _protocol() -> Schema:
    return mapping(
        "What the protocol is called.",
        {
            "name": prose("Its name."),
            "short": prose("A short name."),
            "version": version("Its version, in quotes: '1.0'."),
            "byte_order": one_of(
                "Which byte of a number comes first: the most significant one, or the least.", ("big", "little")
            ),
            "abstract": prose("What it is for, in a few sentences."),
        },
    )


def _outputs() -> Schema:
    support = {"strict_yaml": text("Where a copy of the strict reader of YAML goes.", _FILE)}
    return mapping(
        "What is generated, as paths below the root of the project.",
        {"package": text("The folder of the Python package.", _PACKAGE)},
        {
            "document": text("The document for people.", _FILE),
            "exports": text("The folder of what other tools read.", _FILE),
            "support": mapping("Copies of modules that the project needs elsewhere.", {}, support),
        },
    )
