"""The document that people read, made from a spec: a tree of blocks, written as text or as a page."""

from __future__ import annotations

from ...model import Spec
from . import html, text
from .build import build


def protocol_txt(spec: Spec) -> str:
    """The whole document as text of at most 72 columns, in the manner of an RFC."""
    return text.render(build(spec))


def protocol_html(spec: Spec) -> str:
    """The same document as one page for a browser, which needs nothing but itself."""
    return html.render(build(spec))
