"""The document that people read, made from a spec: a tree of blocks, written as text."""

from __future__ import annotations

from ...model import Spec
from . import text
from .build import build


def protocol_txt(spec: Spec) -> str:
    """The whole document as text of at most 72 columns, in the manner of an RFC."""
    return text.render(build(spec))
