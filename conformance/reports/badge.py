"""A badge for a README: an SVG that needs nothing else, and that a screen reader can read."""

from __future__ import annotations

from html import escape
from typing import Any

_LABEL = "IMP conformance"
#: All three with white text above 4.5 : 1 in contrast.
_GREEN, _RED, _GREY = "#1a7f37", "#c0362c", "#5f6b76"
_HEIGHT, _PADDING, _SIZE = 20, 7, 11

# Widths in units of a hundredth of the font size, of the common sans-serif fonts (Verdana, DejaVu Sans). The text is
# stretched to what was reckoned, so that another font does not run over the edge.
_NARROW, _WIDE, _OTHER = 36, 92, 61


def badge(report: dict[str, Any]) -> str:
    """The badge of a report: how much passed, or how much failed, or that nothing was played."""
    message, colour = _message(report)
    left, right = _width(_LABEL), _width(message)
    total = left + right
    title = escape(f"{_LABEL}: {message}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{_HEIGHT}" '
        f'viewBox="0 0 {total} {_HEIGHT}" role="img" aria-label="{title}">\n'
        f"  <title>{title}</title>\n"
        f'  <rect width="{total}" height="{_HEIGHT}" rx="3" fill="{colour}"/>\n'
        f'  <path d="M3 0h{left - 3}v{_HEIGHT}h-{left - 3}a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#444c56"/>\n'
        f'  <g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="{_SIZE}">\n'
        f"{_text(_PADDING, left, _LABEL)}{_text(left + _PADDING, right, message)}"
        f"  </g>\n"
        f"</svg>\n"
    )


def _message(report: dict[str, Any]) -> tuple[str, str]:
    summary = report["summary"]
    if summary["failed"]:
        return f"{summary['failed']} failed", _RED
    if report["interrupted"]:
        return "interrupted", _GREY
    if not summary["passed"] + summary["known"]:
        return "nothing played", _GREY
    known = f", {summary['known']} known to fail" if summary["known"] else ""
    return f"{summary['passed']} passed{known}", _GREEN


def _width(text: str) -> int:
    """How many pixels a half of the badge takes."""
    hundredths = sum(_NARROW if one in "ijlt.,1 fI" else _WIDE if one in "mwM" else _OTHER for one in text)
    return round(hundredths * _SIZE / 100) + 2 * _PADDING


def _text(x: int, width: int, text: str) -> str:
    return f'    <text x="{x}" y="14" textLength="{width - 2 * _PADDING}">{escape(text)}</text>\n'
