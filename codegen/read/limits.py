"""The sections `limits`, `timers` and `constants` of a spec: its numbers, those that can be set and those that cannot."""

from __future__ import annotations

from ..model import Constant, IntegerType, Limit
from ..support.strict_yaml import Mapping
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
                source.spoil("limits", name)
                continue
            low, default, high = _range(entry, type_)
            unit = entry.string("unit") or type_.unit
            limits.append(Limit(name, type_, default, low, high, unit, entry.string("doc"), section == "timers"))
    return tuple(limits)


def _range(entry: Mapping, type_: IntegerType) -> tuple[int, int, int]:
    """The least value of a limit, its default and its greatest value."""
    low = entry.integer("min", type_.minimum)
    high = entry.integer("max", type_.maximum)
    default = entry.integer("default", low)
    within = f"{type_.name}, {type_.minimum} to {type_.maximum}"
    for key, number in (("min", low), ("max", high)):
        if not type_.minimum <= number <= type_.maximum:
            entry.at(key).problem(f"{number} does not lie within {within}", "out-of-range")
    if low > high:
        entry.at("min").problem(f"min {low} is more than max {high}", "out-of-range")
    elif not low <= default <= high:
        entry.at("default").problem(f"the default {default} does not lie between {low} and {high}", "out-of-range")
    return low, default, high


def read_constants(source: Source) -> tuple[Constant, ...]:
    """The values that do not vary."""
    constants = []
    for name, place, node in source.section("constants", {}).entries():
        check_constant(place, name)
        entry = node.mapping(("value", "doc"), ("unit",))
        constants.append(Constant(name, entry.at("value").plain(), entry.string("unit"), entry.string("doc")))
    return tuple(constants)
