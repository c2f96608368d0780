"""Trees of dicts and lists as YAML that people like to read."""

from __future__ import annotations

from typing import Any

import yaml


def written(tree: Any) -> str:
    """The tree as YAML, in the order that it has."""
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1 << 20)


class Hexadecimal(int):
    """A number that is written in hexadecimal."""


class _Dumper(yaml.SafeDumper):
    """Writes lists indented, prose of several lines as it is, and no aliases."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


def _write_hexadecimal(dumper: yaml.SafeDumper, number: Hexadecimal) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:int", f"{number:#04x}")


_Dumper.add_representer(str, _write_text)
_Dumper.add_representer(Hexadecimal, _write_hexadecimal)
