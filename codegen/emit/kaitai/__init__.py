"""The grammar of the wire for Kaitai Struct (https://kaitai.io): parsers in a dozen languages can be made from it.

The top type is a stream: frames until the end. A body is read in a stream of its own, which ends where the length says, so
no field reads beyond its frame. What the spec demands of values stands in `valid` keys.

`grammar` makes it as a tree of plain dicts and lists, in the order in which people read it; `text` writes it down.
"""

from __future__ import annotations

from ...model import Spec
from ..python_syntax import banner
from .grammar import Grammar
from .text import written


def kaitai(spec: Spec) -> str:
    """The text of the .ksy file."""
    return banner(spec) + written(Grammar(spec).tree())
