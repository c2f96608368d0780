"""The section `failures` of a spec, and the codes of failures wherever they are named."""

from __future__ import annotations

from ..model import EnumType, Failures, Message, Outcome
from ..support.strict_yaml import Mapping, suggestion
from .messages import message_at
from .source import Source
from .types import TypeReader, is_named

_CODES = ("malformed", "too_large", "unexpected", "unknown_type", "unsupported_critical")


def code_of(source: Source, key: str) -> str:
    """The word for a kind of failure: the code that the spec names for it, or else its key."""
    section = source.section("failures", {}).value
    node = section.get(key) if isinstance(section, dict) else None
    return node.value if node and isinstance(node.value, str) else key


def read_failures(source: Source, types: TypeReader, messages: dict[str, Message]) -> Failures:
    """How a fault becomes an answer."""
    codes = [code_of(source, key) for key in _CODES]
    if "failures" not in source:
        return Failures(None, None, *codes)
    entry = source.section("failures", {}).mapping(("refusal", "ending", *_CODES))
    refusal, ending = (_outcome(source, entry, key, types, messages) for key in ("refusal", "ending"))
    if refusal and ending and refusal.type == ending.type:
        text = f"{ending.type.name} has the codes of refusals already; an ending needs codes of its own"
        source.at("failures", "ending", "type").problem(text, "unfit-type")
        ending = None
    return Failures(refusal, ending, *codes)


def _outcome(
    source: Source, failures: Mapping, key: str, types: TypeReader, messages: dict[str, Message]
) -> Outcome | None:
    node = failures.get(key)
    if node is None:
        return None
    entry = node.mapping(("message", "field", "type"))
    message, known = message_at(source, entry, messages)
    field = entry.string("field")
    type_ = types.at(entry.at("type", ""), f"'{key}'")
    if not isinstance(type_, EnumType):
        if is_named(type_, entry.at("type")):
            entry.at("type").problem(f"'{key}' needs an enumeration", "unfit-type")
        return None
    if known:
        fitting = [f.name for f in known.fields if f.type == type_]
        if field not in fitting:
            text = f"{message} has no field '{field}' of type {type_.name}{suggestion(field, fitting)}"
            entry.at("field").problem(text, "unknown-name")
    return Outcome(message, field, type_)


def check_codes(source: Source, failures: Failures) -> None:
    """Every `else:`, every listed error and the code of every vector is one of the two enumerations."""
    if not (failures.refusal and failures.ending):
        return  # There are no enumerations, or it is told already that one of them cannot be read.
    codes = [value.name for outcome in failures.outcomes for value in outcome.type.values]
    for value in failures.ending.type.values:
        if codes.count(value.name) > 1:
            text = f"code '{value.name}' stands in {failures.refusal.type.name} already"
            source.key("types", failures.ending.type.name, "values", value.name).problem(text, "duplicate-name")
    section = source.section("failures", {})
    found = [section.mapping(optional=section.keys).get(key) for key in _CODES]
    for _, _, declared in source.section("types", {}).entries():
        for key in ("min", "max", "allow", "forbid"):
            bound = declared.value.get(key) if isinstance(declared.value, dict) else None
            found.append(bound.value.get("else") if bound and isinstance(bound.value, dict) else None)
    for _, _, message in source.section("messages", {}).entries():
        listed = message.value.get("errors") if isinstance(message.value, dict) else None
        found += listed.items() if listed else ()
    for vector in source.section("vectors", []).items():
        found.append(vector.value.get("code") if isinstance(vector.value, dict) else None)
    for node in found:
        if node is not None and isinstance(node.value, str) and node.value not in codes:
            node.problem(f"unknown code '{node.value}'{suggestion(node.value, codes)}", "unknown-name")
