"""The diagram of states: that it shows what it is made from, on a phone, with no line through a word."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from codegen.emit.document.state_svg import state_svg
from codegen.model import Transition
from tests.fixtures.documents import MOVES, STATES


def test_diagram_of_states_shows_every_state_and_what_leads_to_it() -> None:
    root = ElementTree.fromstring(state_svg(STATES, MOVES))
    words = [element.text for element in root.iter("text")]
    assert [words.count(state.name) for state in STATES] == [1, 1, 1]
    # A transition of many states is named at each of them.
    assert [words.count(move.message) for move in MOVES] == [1, 1, 1, 2]
    assert sum(element.tag == "rect" for element in root.iter()) == len(STATES) + 1  # A double line around the last.
    tips = [element for element in root.iter("path") if element.get("class") == "tip"]
    assert len(tips) == len(MOVES) + 1  # One for each transition, one for the beginning.
    assert "END leads from FIRST, SECOND to LAST." in root.attrib["aria-label"]


@pytest.mark.parametrize("moves", [MOVES, MOVES[:1], ()])
def test_diagram_of_states_keeps_within_its_edges_and_its_words_off_the_lines(moves: tuple[Transition, ...]) -> None:
    root = ElementTree.fromstring(state_svg(STATES, moves))
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    assert width <= 343  # What a phone has between its margins.
    texts = [
        (float(t.get("x", 0)), float(t.get("y", 0)), t.get("text-anchor"), t.text or "") for t in root.iter("text")
    ]
    boxes = [(x - len(w) * 3.95 if a else x, x + len(w) * (3.95 if a else 7.9), y - 10, y + 3) for x, y, a, w in texts]
    assert all(0 <= left and right <= width and 0 <= top and bottom <= height for left, right, top, bottom in boxes)
    for element in root.iter("path"):
        if element.get("class") == "tip":
            continue
        for x, y, end in re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", element.attrib["d"]):
            low, high = sorted((float(y), float(end)))
            assert not [b for b in boxes if b[0] < float(x) < b[1] and b[2] < high and low < b[3]]
        for x, y, end in re.findall(r"M([\d.]+) ([\d.]+)H([\d.]+)", element.attrib["d"]):
            low, high = sorted((float(x), float(end)))
            assert not [b for b in boxes if b[2] < float(y) < b[3] and b[0] < high and low < b[1]]
