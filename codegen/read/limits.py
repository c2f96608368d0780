"""The sections `limits`, `timers` and `constants` of a spec: its numbers, those that can be set and those that cannot."""

from __future__ import annotations

from ..model import Constant, IntegerType, Limit
from .names import check_attribute, check_constant
from .source import Source
from .types import TypeReader


def read_limits(source: Source, types: TypeReader) -> tuple[Limit, ...]:
    """The limits, then the timers."""
    limits: list[Limit] = []
    for section in ("limits", "timers"):
        for name, place, node in source.section(section, {}).entries():
            check_attribute(place, name)
            if any(limit.name == name for limit in limits):
                place.problem(f"'{name}' is a limit already", "duplicate-name")
            entry = node.mapping(("type", "default", "min", "max", "doc"), ("unit",))
            type_ = types.at(entry.at("type"), f"'{name}'")
            if not isinstance(type_, IntegerType):
                entry.at("type").problem(f"'{name}' needs an integer type", "unfit-type")
                continue
            low, default, high = entry.integer("min"), entry.integer("default"), entry.integer("max")
            if not type_.minimum <= low <= default <= high <= type_.maximum:
                node.problem(f"'{name}': min <= default <= max does not hold within {type_.name}", "out-of-range")
            unit = entry.string("unit") or type_.unit
            limits.append(Limit(name, type_, default, low, high, unit, entry.string("doc"), section == "timers"))
    return tuple(limits)


def read_constants(source: Source) -> tuple[Constant, ...]:
    """The values that do not vary."""
    constants = []
    for name, place, node in source.section("constants", {}).entries():
        check_constant(place, name)
        entry = node.mapping(("value", "doc"), ("unit",))
        constants.append(Constant(name, entry.at("value").plain(), entry.string("unit"), entry.string("doc")))
    return tuple(constants)
